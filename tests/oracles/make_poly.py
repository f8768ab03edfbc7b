"""Least squares on powers of columns, in exact rational arithmetic.

The numbers of the tables are doubles; powers, normal equations and their solution are fractions, so that the coefficients
are right to the last digit of the doubles they are rounded to. Needs no library.

    python3 make_poly.py --out poly.json
"""

import argparse
import json
import platform
import random
from fractions import Fraction

DRAWN = random.Random(11)


def drawn(low, high, digits):
    return round(DRAWN.uniform(low, high), digits)


def sets():
    """Name, options, features (column, power), rows of the columns with y last."""
    years = [[float(year), drawn(10, 30, 2)] for year in range(1990, 2021)]
    yield "years", "--poly year:5", ["year"], [("year", k) for k in range(1, 6)], True, years
    far = [[drawn(5, 6, 3), drawn(-1, 1, 4)] for _ in range(30)]
    yield "through the origin", "--poly x:5 --no-bias", ["x"], [("x", k) for k in range(1, 6)], False, far
    both = [[drawn(-2, 7, 2), drawn(100, 101, 3), drawn(0, 1, 4), drawn(-5, 5, 3)] for _ in range(40)]
    features = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("c", 1)]
    yield "two columns", "--poly a:3 --poly b:2", ["a", "b", "c"], features, True, both
    tiny = [[drawn(1, 3, 3) * 1e-9, drawn(-1, 1, 4)] for _ in range(25)]
    yield "tiny numbers", "--poly x:4", ["x"], [("x", k) for k in range(1, 5)], True, tiny


def solve(rows, y):
    """Gauss and Jordan on the normal equations of rows and y."""
    p = len(rows[0])
    table = [[sum(r[i] * r[j] for r in rows) for j in range(p)] + [sum(r[i] * t for r, t in zip(rows, y))] for i in range(p)]
    for i in range(p):
        pivot = next(k for k in range(i, p) if table[k][i] != 0)
        table[i], table[pivot] = table[pivot], table[i]
        table[i] = [entry / table[i][i] for entry in table[i]]
        for k in range(p):
            if k != i and table[k][i] != 0:
                table[k] = [a - table[k][i] * b for a, b in zip(table[k], table[i])]
    return [row[-1] for row in table]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    made = []
    for name, options, columns, features, has_bias, table in sets():
        exact = [dict(zip(columns, map(Fraction, row))) for row in table]
        ones = [Fraction(1)] if has_bias else []
        solution = solve([ones + [row[c] ** k for c, k in features] for row in exact], [Fraction(row[-1]) for row in table])
        lines = [",".join(columns + ["y"])] + [",".join(map(repr, row)) for row in table]
        weights = [float(weight) for weight in solution[len(ones):]]
        bias = float(solution[0]) if has_bias else 0.0
        made.append({"name": name, "options": options, "csv": "\n".join(lines), "weights": weights, "bias": bias})
    with open(parser.parse_args().out, "w") as file:
        json.dump({"made_with": {"python": platform.python_version()}, "sets": made}, file, indent=1)
        file.write("\n")


main()
