"""What both makers share: numbers as text, versions, and the comparison with an existing file."""

import argparse
import json
from importlib import metadata


def plain(array):
    """Nested lists of an array's numbers, each the shortest decimal that reads back as the same f32 or f64."""
    if array.ndim == 0:
        return int(array) if array.dtype.kind in "iu" else float(str(array))
    return [plain(item) for item in array]


def versions(*packages):
    """Name and version of each package that is installed (without a build's mark, as in 2.15.0+cpu)."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package).partition("+")[0]
        except metadata.PackageNotFoundError:
            pass
    return found


def numbers(value):
    """All numbers in a piece of JSON, in order."""
    if isinstance(value, dict):
        return [n for item in value.values() for n in numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def one_per_line(head, name, items):
    """JSON text: the fields of `head`, then the list `name` with one item a line."""
    top = json.dumps(head)[1:-1]
    rows = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    return '{%s,\n"%s": [\n%s\n]}\n' % (top, name, rows)


def options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", metavar="FILE", help="write what was made")
    parser.add_argument("--check", metavar="FILE", help="compare what was made with this file")
    chosen = parser.parse_args()
    if not (chosen.out or chosen.check):
        parser.error("give --out FILE, --check FILE or both")
    return chosen


def check(made, existing, group, same, within):
    """Prints, for each group of items, how many agree; returns whether all do that were made.

    `made` and `existing` map an item's name to the item; `same` asks for equality, `within` for closeness.
    """
    counts = {}
    for name, item in existing.items():
        row = counts.setdefault(group(item), [0, 0, 0, 0])
        if name not in made:
            row[3] += 1
        elif same(made[name], item):
            row[0] += 1
        else:
            close = within(made[name], item)
            row[1 if close else 2] += 1
            print("%s: %s" % (name, "not bit for bit, within tolerance" if close else "DIFFERS"))
    print("%-28s %12s %12s %8s %9s" % ("", "bit for bit", "within tol", "differ", "not made"))
    for name, row in counts.items():
        print("%-28s %12d %12d %8d %9d" % (name, *row))
    total = [sum(column) for column in zip(*counts.values())]
    print("%-28s %12d %12d %8d %9d" % ("all", *total))
    extra = len(set(made) - set(existing))
    if extra:
        print("%d made here are not in the file" % extra)
    return total[2] == 0
