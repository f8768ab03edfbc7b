"""A grid of rates and penalties in NumPy on X'X and X'y, computed once: one loop for every combination, as in a script, or with
`all` as fourth argument all of them side by side as one matrix. Called as `sweep_numpy.py FILE EPOCHS RATES PENALTIES [all]`,
the lists separated by commas; prints the mean squared error of every combination."""

import sys

from common import load

path, epochs = sys.argv[1], int(sys.argv[2])
rates, penalties = ([float(value) for value in text.split(",")] for text in sys.argv[3:5])
x, y, reader = load(path, 1)

import numpy as np

design = np.column_stack([x, np.ones(len(x))])
n = len(x)
xx, xy, yy = design.T @ design, design.T @ y, (y * y).sum()
costly = np.ones((design.shape[1], 1))
costly[-1] = 0  # the bias
grid = [(rate, penalty) for rate in rates for penalty in penalties]


def errors(lr, l2):
    """The errors after all epochs, a column of w for each column of lr and l2."""
    w = np.zeros((design.shape[1], lr.shape[1]))
    for _ in range(epochs):
        w -= lr * (2 / n * (xx @ w - xy) + 2 * l2 * costly * w)
    return ((w * (xx @ w - 2 * xy)).sum(axis=0) + yy) / n


if sys.argv[5:] == ["all"]:
    found = errors(*np.array(grid).T[:, None, :])
else:
    found = [errors(np.array([[rate]]), np.array([[penalty]]))[0] for rate, penalty in grid]
print("predicted_mse")
for value in found:
    print(repr(float(value)))
