"""scikit-learn's Ridge, Lasso and ElasticNet on two public data sets, with the options of linreg that ask for the same.

    python3 make_penalties.py --out penalties/penalties.json      writes them, and the data beside them
    python3 make_penalties.py --check penalties/penalties.json    makes them again and compares

With n rows and k targets, linreg's loss is Σ (P − Y)² / (n·k) + l2·Σ W² + l1·Σ |W|, so that
  Ridge(a)          Σ (P − Y)² + a·Σ W²                                   l2 = a / (n·k)
  Lasso(a)          Σ (P − Y)² / (2n) + a·Σ |W|                           l1 = 2a / k
  ElasticNet(a, r)  Σ (P − Y)² / (2n) + a·r·Σ |W| + a·(1 − r)·Σ W² / 2    l1 = 2·a·r / k, l2 = a·(1 − r) / k
and with --reduction sum each of them is n·k times as much.
"""

import json
import pathlib
import sys

import numpy as np
from sklearn import datasets, linear_model
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import check, numbers, one_per_line, options, plain, versions

HERE = pathlib.Path(__file__).parent / "penalties"
EXACT = {"tol": 1e-15, "max_iter": 10_000_000}


def tables():
    """x (n×p), y (n×k) and their names, of every data set."""
    diabetes = datasets.load_diabetes(scaled=False)
    linnerud = datasets.load_linnerud()
    return {
        "diabetes": (diabetes.data, diabetes.target[:, None], list(diabetes.feature_names), ["progression"]),
        "linnerud": (linnerud.data, linnerud.target, list(linnerud.feature_names), list(linnerud.target_names)),
    }


def weights(model, standardize):
    """w (k×p) and b (k) in the units of the data."""
    if not standardize:
        return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    scaler, model = model[0], model[-1]
    w = np.atleast_2d(model.coef_) / scaler.scale_
    return w, np.atleast_1d(model.intercept_) - w @ scaler.mean_


def run(table, kind, alpha, ratio=None, standardize=False, bias=True, reduction="mean"):
    x, y, _, targets = table
    (n, _), k = x.shape, y.shape[1]
    model, l2, l1 = {
        "ridge": lambda: (linear_model.Ridge(alpha, solver="svd", fit_intercept=bias), alpha / (n * k), 0.0),
        "lasso": lambda: (linear_model.Lasso(alpha, fit_intercept=bias, **EXACT), 0.0, 2 * alpha / k),
        "elastic": lambda: (linear_model.ElasticNet(alpha, l1_ratio=ratio, fit_intercept=bias, **EXACT),
                            alpha * (1 - ratio) / k, 2 * alpha * ratio / k),
    }[kind]()
    if standardize:
        model = make_pipeline(StandardScaler(), model)
    model.fit(x, y)
    w, b = weights(model, standardize)
    more = n * k if reduction == "sum" else 1
    words = ["--target", ",".join(targets), "--l2", repr(l2 * more), "--l1", repr(l1 * more), "--reduction", reduction]
    words += ["--standardize"] * standardize + ["--no-bias"] * (not bias)
    return {"options": words, "w": plain(w), "b": plain(b if bias else np.zeros(k))}


def main():
    chosen = options(__doc__.splitlines()[0])
    entries = []
    for name, table in tables().items():
        x, y, features, targets = table
        if chosen.out:
            rows = [",".join(features + targets)] + [",".join(map(repr, row)) for row in np.hstack([x, y]).tolist()]
            (HERE / (name + ".csv")).write_text("\n".join(rows) + "\n")
        for kind, settings in [("ridge", [(0.5, None), (100.0, None)]), ("lasso", [(0.1, None), (1.5, None)]),
                               ("elastic", [(0.3, 0.5), (1.0, 0.9)])]:
            for alpha, ratio in settings:
                for standardize in (False, True):
                    for bias in (True, False) if not standardize else (True,):
                        for reduction in ("mean", "sum"):
                            how = dict(standardize=standardize, bias=bias, reduction=reduction)
                            entry = run(table, kind, alpha, ratio, **how)
                            title = f"{name} {kind} {alpha} {ratio} {how}"
                            entries.append({"name": title, "data": name + ".csv", "kind": kind, **entry})
    made = one_per_line({"made_with": versions("scikit-learn", "numpy")}, "runs", entries)
    if chosen.out:
        pathlib.Path(chosen.out).write_text(made)
    if chosen.check:
        existing = json.loads(pathlib.Path(chosen.check).read_text())["runs"]
        by_name = lambda runs: {entry["name"]: entry for entry in runs}
        close = lambda a, b: np.allclose(numbers(a["w"]), numbers(b["w"]), rtol=1e-9, atol=1e-11)
        sys.exit(not check(by_name(entries), by_name(existing), lambda entry: entry["kind"], lambda a, b: a == b, close))


if __name__ == "__main__":
    main()
