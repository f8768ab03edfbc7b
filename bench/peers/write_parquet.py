"""`write_parquet.py CSV PARQUET CODEC`: the table of a CSV file as a Parquet file, written by pyarrow with its defaults but for
the codec; `plain` is no codec and no dictionaries."""

import os
import sys

import pyarrow.csv
import pyarrow.parquet

source, target, codec = sys.argv[1:]
packing = {"compression": "none", "use_dictionary": False} if codec == "plain" else {"compression": codec}
pyarrow.parquet.write_table(pyarrow.csv.read_csv(source), target + ".part", **packing)
os.replace(target + ".part", target)
