"""pyarrow: reads the file into a table, nothing else."""

import json

from common import arguments

import pyarrow.csv
import pyarrow.parquet

path = arguments()[0]
read = pyarrow.parquet.read_table if path.endswith(".parquet") else pyarrow.csv.read_csv
print(json.dumps({"rows": read(path).num_rows}))
