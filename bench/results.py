"""What the runs of a case say: medians, ratios, whether the answers agree; as a table and as JSON."""

import json
from statistics import median


def answer(run):
    """What a program printed: predictions or the errors of a sweep as CSV, or its last line of JSON with `mse`, `weights` and `bias` on top; None
    if there is neither."""
    header, *lines = run.stdout.splitlines() or [""]
    if header.rpartition(",")[2].startswith("predicted_"):
        return {"predictions": [float(line.rpartition(",")[2]) for line in lines]}
    if "stop" in header.split(","):
        place = header.split(",").index("mse")
        return {"predictions": [float(line.split(",")[place]) for line in lines]}
    for line in reversed(run.stdout.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            return {**found, **found["model"]} if isinstance(found.get("model"), dict) else found
    return None


def flat(value):
    return [n for item in value for n in flat(item)] if isinstance(value, list) else [value]


def difference(one, other):
    """The largest difference: of the MSEs as a share of the MSE, of weights or predictions as a share of the largest."""
    if "predictions" in one:
        return apart(one["predictions"], other["predictions"])
    ours, theirs = (flat([a["weights"], a["bias"]]) for a in (one, other))
    return max(abs(one["mse"] - other["mse"]) / abs(other["mse"]), apart(ours, theirs))


def apart(ours, theirs):
    if len(ours) != len(theirs):
        return float("inf")
    return max(abs(a - b) for a, b in zip(ours, theirs)) / max(map(abs, theirs))


def verdict(contender, run, rows, reference):
    """(agrees, difference): agrees is None where there is nothing to compare."""
    found = answer(run)
    if contender.tolerance is None:
        return (found["rows"] == rows, 0.0) if found and "rows" in found else (None, None)
    if not found or not reference or found.keys().isdisjoint(("weights", "predictions")):
        return False, None
    largest = difference(found, reference)
    return largest <= contender.tolerance, largest


def full_time(case, contender, run):
    """Seconds for all epochs: as measured, or scaled up by the seconds of one epoch that the peer reports."""
    if contender.epochs is None:
        return run.seconds
    return run.seconds + (case.epochs - contender.epochs) * answer(run)["seconds_per_epoch"]


def summarize(case, runs, told, references, failures, skipped):
    """The case's results, one dictionary for each contender that ran; `told` holds the runs whose output counts."""
    times = {label: [full_time(case, contender, run) for run in runs[label]]
             for label, contender in by_label(case).items() if runs.get(label)}
    rows = []
    for label, contender in by_label(case).items():
        if label not in times:
            continue
        agrees, largest = verdict(contender, told[label], case.rows, references.get(label))
        rows.append({
            "name": label, "seconds": times[label], "median_seconds": median(times[label]),
            "ratio_to_linreg": paired(times, label, "linreg"), "ratio_to_baseline": paired(times, label, case.baseline),
            "peak_bytes": max((run.peak_bytes for run in runs[label] if run.peak_bytes), default=None),
            "agrees": agrees, "difference": largest, "tolerance": contender.tolerance,
            "estimated_from_epochs": contender.epochs,
        })
    return {"case": case.name, "title": case.title, "file": case.file.name, "bytes": case.file.stat().st_size,
            "rows": case.rows, "epochs": case.epochs, "baseline": case.baseline,
            "results": rows, "failed": failures, "skipped": skipped}


def by_label(case):
    return {contender.label: contender for contender in case.contenders}


def paired(times, label, base):
    """The median over rounds of the ratio within a round."""
    if base not in times:
        return None
    return median(a / b for a, b in zip(times[label], times[base]))


def table(summary):
    lines = ["", "%s: %s (%s, %s, %s rows, %d epochs)" % (
        summary["case"], summary["title"], summary["file"], size(summary["bytes"]),
        format(summary["rows"], ","), summary["epochs"]), ""]
    form = "  %-34s %10s %10s %11s %9s  %s"
    lines.append(form % ("", "seconds", "x linreg", "x " + summary["baseline"], "peak", "agrees"))
    for row in summary["results"]:
        mark = "~" if row["estimated_from_epochs"] else ""
        lines.append(form % (row["name"], mark + short(row["median_seconds"]), short(row["ratio_to_linreg"]),
                             short(row["ratio_to_baseline"]), size(row["peak_bytes"]), agreement(row)))
    lines += ["  failed   %s: %s" % pair for pair in summary["failed"].items()]
    lines += ["  skipped  %s: %s" % pair for pair in summary["skipped"].items()]
    return "\n".join(lines)


def agreement(row):
    if row["agrees"] is None:
        return "-"
    if row["tolerance"] is None:
        return "all rows" if row["agrees"] else "NO: other number of rows"
    if row["difference"] is None:
        return "NO: printed no result"
    form = "within %.0e (%.0e)" if row["agrees"] else "NO: not within %.0e (%.0e)"
    return form % (row["tolerance"], row["difference"])


def short(number):
    return "-" if number is None else "%.3g" % number if number < 1000 else "%.0f" % number


def size(count):
    if count is None:
        return "-"
    return "%.0f MB" % (count / 1e6) if count >= 1e7 else "%.1f MB" % (count / 1e6) if count >= 1e5 else "%d B" % count
