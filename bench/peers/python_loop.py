"""Gradient descent with the standard library alone."""

import csv
from operator import mul

from common import arguments, report

path, epochs, lr, targets = arguments()
with open(path, newline="") as file:
    rows = [[float(field) for field in record] for record in list(csv.reader(file))[1:]]
x, y = [row[:-targets] for row in rows], [row[-targets:] for row in rows]
w, b = [[0.0] * len(x[0]) for _ in range(targets)], [0.0] * targets
step = lr * 2 / (len(rows) * targets)
for epoch in range(epochs + 1):
    errors = [[sum(map(mul, w[t], xi)) + b[t] - yi[t] for xi, yi in zip(x, y)] for t in range(targets)]
    mse = sum(e * e for column in errors for e in column) / (len(rows) * targets)
    if epoch < epochs:
        for t, column in enumerate(errors):
            w[t] = [wj - step * sum(map(mul, column, xj)) for wj, xj in zip(w[t], zip(*x))]
            b[t] -= step * sum(column)
report(mse, w, b)
