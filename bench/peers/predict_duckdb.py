"""DuckDB: one SELECT, copied as CSV to standard output. Called as `python3 predict_duckdb.py MODEL FILE`."""

import sys

from common import linear_model

import duckdb

weights, bias = linear_model(sys.argv[1])
sum_of = " + ".join(['"%s" * %r::DOUBLE' % pair for pair in weights.items()] + ["%r::DOUBLE" % bias])
duckdb.sql("COPY (SELECT %s AS predicted_y FROM read_csv('%s')) TO '/dev/stdout' (FORMAT csv, HEADER)"
           % (sum_of, sys.argv[2]))
