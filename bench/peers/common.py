"""What the peers share. Each is called as `python3 peers/NAME.py FILE EPOCHS LR [TARGETS]`, prints one line of JSON

    {"mse": ..., "weights": [k rows of p], "bias": [k], ...}

(or {"rows": ...} if it only loads) and ends. The last TARGETS columns (1 unless given) are targets. Peers that are
not readers themselves get their rows from the fastest reader that is installed, which favours them.
"""

import json
import sys


def arguments():
    """FILE, EPOCHS, LR, TARGETS."""
    given = sys.argv[1:] + ["1"]
    return given[0], int(given[1]), float(given[2]), int(given[3])


def load(path, targets, dtype="float64"):
    """Features (n x p), targets (n x k) as NumPy arrays, and the reader's name."""
    table, reader = read(path)
    table = table.astype(dtype, copy=False)
    return table[:, :-targets], table[:, -targets:], reader


def read(path):
    try:
        import polars
        return polars.read_csv(path).to_numpy(), "polars"
    except ImportError:
        pass
    try:
        import pandas
        return pandas.read_csv(path).to_numpy(), "pandas"
    except ImportError:
        import numpy
        return numpy.loadtxt(path, delimiter=",", skiprows=1, ndmin=2), "numpy"


def one_hot(path):
    """Sparse features, the last column before the target one-hot without its first level, and the target."""
    import polars
    from scipy import sparse
    from sklearn.preprocessing import OneHotEncoder

    table = polars.read_csv(path)
    *numbers, category, target = table.columns
    levels = OneHotEncoder(drop="first").fit_transform(table[[category]].to_numpy())
    return sparse.hstack([table[numbers].to_numpy(), levels], format="csr"), table[target].to_numpy()


def linear_model(path):
    """Weights by name and the bias of a model of one target."""
    with open(path) as file:
        model = json.load(file)
    return dict(zip(model["features"], model["weights"][0])), model["bias"][0]


def report(mse, weights, bias, **more):
    print(json.dumps({"mse": float(mse), "weights": nested(weights), "bias": nested(bias), **more}))


def nested(values):
    return values.tolist() if hasattr(values, "tolist") else values


def least_squares(x, y):
    """Closed form by numpy.linalg.lstsq: mse, weights (k x p), bias (k)."""
    import numpy
    design = numpy.column_stack([x, numpy.ones(len(x))])
    solution, residual = numpy.linalg.lstsq(design, y, rcond=None)[:2]
    return residual.sum() / y.size, solution[:-1].T, solution[-1]


def from_products(columns, products):
    """Closed form from the sums of all products of two columns, the constant 1 being the last but one, y the last."""
    import numpy
    gram = numpy.zeros((columns, columns))
    gram[numpy.triu_indices(columns)] = products
    gram = gram + numpy.triu(gram, 1).T
    solution = numpy.linalg.solve(gram[:-1, :-1], gram[:-1, -1])
    full = numpy.append(-solution, 1.0)
    rows = gram[-2, -2]
    return full @ gram @ full / rows, [solution[:-1].tolist()], [solution[-1]]
