"""pyarrow.csv reads, numpy.linalg.lstsq solves."""

from common import arguments, least_squares, report

import numpy
import pyarrow.csv

path, _, _, targets = arguments()
table = pyarrow.csv.read_csv(path)
data = numpy.column_stack([column.to_numpy() for column in table.columns])
report(*least_squares(data[:, :-targets], data[:, -targets:]))
