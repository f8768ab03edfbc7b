"""Polars, streaming: scan, one expression, CSV to standard output. Called as `python3 predict_polars.py MODEL FILE`."""

import sys

from common import linear_model

import polars

weights, bias = linear_model(sys.argv[1])
prediction = sum((polars.col(name) * weight for name, weight in weights.items()), polars.lit(bias))
polars.scan_csv(sys.argv[2]).select(prediction.alias("predicted_y")).sink_csv("/dev/stdout")
