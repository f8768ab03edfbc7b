"""pandas: read, multiply, write. Called as `python3 predict_pandas.py MODEL FILE`."""

import sys

from common import linear_model

import pandas

weights, bias = linear_model(sys.argv[1])
rows = pandas.read_csv(sys.argv[2])
prediction = rows[list(weights)].to_numpy() @ list(weights.values()) + bias
pandas.DataFrame({"predicted_y": prediction}).to_csv(sys.stdout, index=False)
