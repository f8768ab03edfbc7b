"""Measures `linreg` beside its peers: the same work, each as a whole process, in turn, and the answers compared.

    python3 bench/run.py                       every case
    python3 bench/run.py tall tiny --rounds 5  these
    python3 bench/run.py --scale 0.1           with a tenth of the rows

Needs Python 3.9 or newer on a Unix and nothing else; peers that are not installed are listed as skipped.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import measure
import results
from cases import CASES, Maker, processor

ROOT = Path(__file__).resolve().parent.parent


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="of %s; all by default" % ", ".join(CASES))
    parser.add_argument("--rounds", type=int, default=3, help="times that each program runs (default 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows to use (default 1)")
    parser.add_argument("--linreg", metavar="PATH", help="default: builds target/release/linreg")
    parser.add_argument("--no-linreg", action="store_true", help="measure the peers alone")
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--data-dir", metavar="DIR", default=str(Path(__file__).resolve().parent / "data"))
    parser.add_argument("--limit", type=float, default=900, metavar="SECONDS", help="stop a program after this")
    parser.add_argument("--json", metavar="FILE", help="also write the results here")
    chosen = parser.parse_args()
    unknown = set(chosen.cases) - set(CASES)
    if unknown:
        parser.error("no such case: %s (there are %s)" % (", ".join(sorted(unknown)), ", ".join(CASES)))
    if chosen.rounds < 1 or not 0 < chosen.scale <= 1:
        parser.error("--rounds must be 1 or more, --scale above 0 and at most 1")
    return chosen


def find_linreg(chosen):
    if chosen.no_linreg:
        return None
    if chosen.linreg:
        found = shutil.which(chosen.linreg)
        return os.path.abspath(found) if found else sys.exit("no program %s" % chosen.linreg)
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "linreg")


def versions(python, packages):
    """The version of each Python package, None if it is not installed."""
    code = ("import importlib.metadata as m, importlib.util as u, json, sys\n"
            "def version(p):\n"
            "    if u.find_spec(p) is None: return None\n"
            "    names = m.packages_distributions().get(p, [p]) if hasattr(m, 'packages_distributions') else [p]\n"
            "    try: return m.version(names[0])\n"
            "    except m.PackageNotFoundError: return 'unknown'\n"
            "print(json.dumps({p: version(p) for p in sys.argv[1:]}))")
    done = subprocess.run([python, "-c", code, *packages], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def missing(contender, found):
    """What this contender lacks, or None."""
    lacking = [name for name in contender.packages if found[name] is None]
    if contender.program and shutil.which(contender.program) is None:
        lacking.append(contender.program)
    if None in contender.command:
        return "left out by --no-linreg"
    if shutil.which(contender.command[0]) is None:
        lacking.append(contender.command[0])
    return "needs " + ", ".join(lacking) if lacking else None


def measure_case(case, chosen, found):
    """Runs the contenders in turn, `rounds` times, each round in another order: what ran before leaves its mark."""
    skipped = {c.label: missing(c, found) for c in case.contenders if missing(c, found)}
    running = [c for c in case.contenders if c.label not in skipped]
    runs, failures = {c.label: [] for c in running}, {}
    measure.run(["cat", str(case.file)])  # so that the file is in memory for the first contender too
    for turn in range(chosen.rounds * case.repeat):
        for contender in random.Random(turn).sample(running, len(running)):
            if contender.label in failures:
                continue
            progress("%s %d/%d: %s" % (case.name, turn + 1, chosen.rounds * case.repeat, contender.label))
            done = measure.run(contender.command, contender.env, contender.feed, chosen.limit, bool(contender.check))
            if done.code:
                failures[contender.label] = failure(done)
                runs[contender.label] = []
            else:
                runs[contender.label].append(done)
    progress("")
    told = {c.label: measure.run(c.check, limit=chosen.limit) if c.check else runs[c.label][-1]
            for c in running if runs[c.label]}
    return results.summarize(case, runs, told, references(case, told, chosen.limit), failures, skipped)


def references(case, told, limit):
    """What each contender's answer is compared with: the first answer of the case, or that of its own reference."""
    answers = (results.answer(told[c.label]) for c in case.contenders if c.tolerance and c.label in told)
    first = next((answer for answer in answers if answer and "rows" not in answer), None)
    chosen = {}
    for contender in case.contenders:
        if contender.label in told:
            own = contender.reference
            chosen[contender.label] = results.answer(measure.run(own, limit=limit)) if own else first
    return chosen


def failure(done):
    """The exit code and the line that says most: the last of a Python traceback, else the first."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()] or [""]
    told = lines[-1] if lines[0].startswith("Traceback") or "stopped after" in lines[-1] else lines[0]
    return "exit code %d: %s" % (done.code, "".join(c for c in told if c.isprintable())[:100])


def progress(text):
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def main():
    chosen = options()
    linreg = find_linreg(chosen)
    make = Maker(linreg, chosen.python, chosen.data_dir, chosen.scale)
    summaries, found = [], {}
    for name in chosen.cases or CASES:
        case = CASES[name](make)
        found.update(versions(chosen.python, sorted({p for c in case.contenders for p in c.packages} - set(found))))
        summaries.append(measure_case(case, chosen, found))
        print(results.table(summaries[-1]), flush=True)
    present = {name: version for name, version in sorted(found.items()) if version}
    print("\n%(model)s, %(cores)d cores; " % processor() + ", ".join("%s %s" % pair for pair in present.items()))
    if chosen.json:
        whole = {"machine": processor(), "versions": present, "rounds": chosen.rounds, "scale": chosen.scale,
                 "cases": summaries}
        Path(chosen.json).write_text(json.dumps(whole, indent=1) + "\n")
    wrong = any(summary["failed"] or any(row["agrees"] is False for row in summary["results"])
                for summary in summaries)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
