"""Gradient descent over the rows in NumPy, as tutorials write it."""

from common import arguments, load, report

path, epochs, lr, targets = arguments()
x, y, reader = load(path, targets)

import numpy as np

w = np.zeros((y.shape[1], x.shape[1]))
b = np.zeros(y.shape[1])
for epoch in range(epochs + 1):
    error = x @ w.T + b - y
    mse = (error * error).mean()
    if epoch < epochs:
        w -= lr * 2 / y.size * (error.T @ x)
        b -= lr * 2 / y.size * error.sum(axis=0)
report(mse, w, b, loaded_with=reader)
