"""DuckDB: one query sums all products of two columns, then the normal equations."""

from common import arguments, from_products, report

import duckdb

path = arguments()[0]
read = "read_parquet" if path.endswith(".parquet") else "read_csv"
names = [row[0] for row in duckdb.execute("describe select * from %s(?)" % read, [path]).fetchall()]
columns = ['"%s"' % name for name in names[:-1]] + ["1.0::double", '"%s"' % names[-1]]
products = ["sum(%s * %s)" % (a, b) for i, a in enumerate(columns) for b in columns[i:]]
sums = duckdb.execute("select %s from %s(?)" % (", ".join(products), read), [path]).fetchone()
report(*from_products(len(columns), sums))
