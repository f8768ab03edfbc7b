"""DuckDB: the sum of every column of the file, so that every field is read."""

import json

from common import arguments

import duckdb

path = arguments()[0]
read = "read_parquet" if path.endswith(".parquet") else "read_csv"
sums = duckdb.execute("select count(*), sum(columns(*)) from %s(?)" % read, [path]).fetchone()
print(json.dumps({"rows": sums[0]}))
