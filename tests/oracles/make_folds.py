"""scikit-learn's cross_val_score on the folds of linreg, for least squares, ridge and lasso paths.

    python3 make_folds.py --out folds/folds.json      writes them
    python3 make_folds.py --check folds/folds.json    makes them again and compares

A row's fold is that of `linreg sweep --folds K`: a hash of the split seed, the number of the file and the byte at which the row
begins, times K, divided by 2^64.
"""

import json
import pathlib
import sys

import numpy as np
from sklearn import linear_model
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import check, numbers, one_per_line, options, versions

DATA = pathlib.Path(__file__).parent / "penalties"
MASK = (1 << 64) - 1


def mix(number):
    """splitmix64."""
    z = (number + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def read(name, targets):
    """x, y, and the byte at which every row begins."""
    text = (DATA / (name + ".csv")).read_bytes()
    lines = text.splitlines(keepends=True)
    starts = np.cumsum([0] + [len(line) for line in lines])[1:-1]
    table = np.array([[float(cell) for cell in line.split(b",")] for line in lines[1:]])
    return table[:, :-targets], table[:, -targets:], starts.tolist()


def folds(starts, count, seed):
    return [mix(mix(mix(seed) ^ 0) ^ start) * count >> 64 for start in starts]


def models(k, sizes):
    """Options of linreg, and the model; the folds have not the same number of rows, so only what needs none of it."""
    yield "--solver qr", linear_model.LinearRegression()
    for size in sizes:
        yield f"--solver qr --reduction sum --l2 {size}", linear_model.Ridge(size, solver="svd")
        scaled = make_pipeline(StandardScaler(), linear_model.Ridge(size, solver="svd"))
        yield f"--solver qr --reduction sum --l2 {size} --standardize", scaled
        lasso = make_pipeline(StandardScaler(), linear_model.Lasso(size, tol=1e-15, max_iter=10_000_000))
        yield f"--solver coordinate --l1 {2 * size / k} --standardize", lasso


def main():
    chosen = options(__doc__.splitlines()[0])
    entries = []
    for name, targets, names in [("diabetes", 1, "progression"), ("linnerud", 3, "Weight,Waist,Pulse")]:
        x, y, starts = read(name, targets)
        for count, seed in [(5, 0), (3, 7)] if name == "diabetes" else [(2, 1), (4, 3)]:
            split = PredefinedSplit(folds(starts, count, seed))
            for words, model in models(targets, [0.25, 2.0]):
                scores = -cross_val_score(model, x, y, cv=split, scoring="neg_mean_squared_error")
                arguments = f"--data {name}.csv --target {names} --folds {count} --split-seed {seed} {words}"
                error = scores.std(ddof=1) / np.sqrt(count)
                entries.append({"arguments": arguments, "mean": scores.mean(), "se": error, "folds": scores.tolist()})
    made = one_per_line({"made_with": versions("scikit-learn", "numpy")}, "runs", entries)
    if chosen.out:
        pathlib.Path(chosen.out).write_text(made)
    if chosen.check:
        existing = json.loads(pathlib.Path(chosen.check).read_text())["runs"]
        by_name = lambda runs: {entry["arguments"]: entry for entry in runs}
        close = lambda a, b: np.allclose(numbers(a), numbers(b), rtol=1e-9)
        sys.exit(not check(by_name(entries), by_name(existing), lambda entry: "folds", lambda a, b: a == b, close))


if __name__ == "__main__":
    main()
