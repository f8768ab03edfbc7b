"""Miller: one expression on named fields. Called as `python3 predict_miller.py MODEL FILE`."""

import os
import sys

from common import linear_model

weights, bias = linear_model(sys.argv[1])
products = "".join(" + %r*${%s}" % (weight, name) for name, weight in weights.items())
os.execvp("mlr", ["mlr", "--icsv", "--ocsv", "put", "-q", 'emit {"predicted_y": %r%s}' % (bias, products), sys.argv[2]])
