"""Writes the Parquet files of README.md (data/farms.parquet) and of tests/cases/parquet.md (next to this file). pyarrow 26.0.1."""

import datetime
import decimal
import pathlib

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent

farms = pyarrow.table({
    "region": ["Johto", "Hoenn", "Johto", "Hoenn", "Kanto", "Kanto"],
    "rain": pyarrow.array([67, 88, None, 58, 102, None], pyarrow.int16()),
    "yield": [1.1, 1.5, 1.2, 1.0, 2.1, 1.9],
})
pyarrow.parquet.write_table(farms, HERE.parent.parent / "data" / "farms.parquet", write_page_checksum=True)

# One column of every kind that is read, and some that are not: a moment, a list, and a text packed with brotli.
rows = range(12)
trips = pyarrow.table({
    "km": [1.5 * i + (i % 3) for i in rows],
    "kind": pyarrow.array(["bus", "tram", "bus", None, "tram", "train"] * 2).dictionary_encode(),
    "night": [i % 4 == 0 for i in rows],
    "line": pyarrow.array([1 + i % 3 for i in rows], pyarrow.uint8()),
    "rain": pyarrow.array([None if i == 5 else float("nan") if i == 8 else i / 4 for i in rows], pyarrow.float32()),
    "when": [datetime.datetime(2024, 5, 1 + i) for i in rows],
    "stops": [[i, i + 1] for i in rows],
    "note": ["as usual"] * 12,
    "people": [3 + i % 5 for i in rows],
    "price": pyarrow.array([decimal.Decimal(250 + 110 * i + 7 * (i * i % 5)) / 100 for i in rows], pyarrow.decimal128(8, 2)),
})
codecs = {name: "BROTLI" if name == "note" else "ZSTD" for name in trips.column_names}
codecs["stops.list.element"] = codecs.pop("stops")
pyarrow.parquet.write_table(trips, HERE / "trips.parquet", compression=codecs, row_group_size=5, write_page_checksum=True)

# A last column without a name or a value, and a file with a level that the first one lacks.
unnamed = {"x": [1, 2, 3, 4], "g": ["a", "b", "a", "b"], "y": [2.0, 4.0, 5.0, 9.0], "": pyarrow.nulls(4)}
pyarrow.parquet.write_table(pyarrow.table(unnamed), HERE / "unnamed.parquet")
level = pyarrow.table({"x": [1, 2, 3], "g": ["a", "z", "b"], "y": [1.0, 2.0, 4.0]})
pyarrow.parquet.write_table(level, HERE / "level.parquet")
