"""Polars, streaming: the sums of all products of two columns in one pass, then the normal equations."""

from common import arguments, from_products, report

import polars

path = arguments()[0]
table = polars.scan_parquet(path) if path.endswith(".parquet") else polars.scan_csv(path)
names = table.collect_schema().names()
columns = [polars.col(name) for name in names[:-1]] + [polars.lit(1.0), polars.col(names[-1])]
products = [
    (polars.len().cast(float) if i == j == len(names) - 1 else (a * columns[j]).sum()).alias("%d_%d" % (i, j))
    for i, a in enumerate(columns) for j in range(i, len(columns))
]
sums = table.select(products).collect(engine="streaming").row(0)
report(*from_products(len(columns), sums))
