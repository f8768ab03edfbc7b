"""Writes the seeds of the target `parquet`: small files of all encodings and codecs, in the form that it reads.

python fuzz/seeds/parquet.py, with pyarrow 26.0.1, DuckDB 2.0.0 and Polars 2.1.0.
"""

import decimal
import pathlib
import tempfile

import duckdb
import polars
import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent / "parquet"
ROWS = range(40)


def numbers():
    return {
        "whole": pyarrow.array([None if i % 7 == 3 else i * i for i in ROWS], pyarrow.int32()),
        "long": pyarrow.array([i * 10**9 for i in ROWS], pyarrow.uint64()),
        "fraction": pyarrow.array([None if i % 9 == 4 else i / 8 for i in ROWS], pyarrow.float64()),
        "single": pyarrow.array([i / 3 for i in ROWS], pyarrow.float32()),
    }


def others():
    return {
        "text": pyarrow.array([None if i % 5 == 2 else ["a", "bb", "a long level"][i % 3] for i in ROWS]),
        "truth": pyarrow.array([None if i % 6 == 1 else i % 4 == 0 for i in ROWS]),
        "half": pyarrow.array([i / 4 for i in ROWS], pyarrow.float16()),
        "cents": pyarrow.array([decimal.Decimal(i * 7 - 90) / 100 for i in ROWS], pyarrow.decimal128(20, 2)),
    }


def of_pyarrow(path, columns, encoding=None, **options):
    options = {"compression": "NONE", "use_dictionary": False, **options}
    if encoding:
        options["column_encoding"] = {name: encoding for name in columns}
    pyarrow.parquet.write_table(pyarrow.table(columns), path, store_schema=False, write_statistics=False, **options)


def of_duckdb(path, options):
    table = "SELECT i AS whole, CASE WHEN i % 4 > 0 THEN i / 8 END AS fraction, 'name ' || i % 5 AS text, i % 3 = 0 AS truth FROM range(40) r(i)"
    duckdb.sql(f"COPY ({table}) TO '{path}' (FORMAT parquet, {options})")


def of_polars(path):
    table = {"x": [1.5, None, 2.5, 4.0] * 5, "name": ["a", "b", None, "b"] * 5}
    polars.DataFrame(table).write_parquet(path, compression="zstd", statistics=False)


def files():
    both = {**numbers(), **others()}
    yield "plain", of_pyarrow, [both], {}
    yield "groups", of_pyarrow, [both], {"row_group_size": 7}
    yield "dictionary", of_pyarrow, [both], {"use_dictionary": True, "data_page_size": 64, "write_batch_size": 5}
    yield "second", of_pyarrow, [both], {"data_page_version": "2.0", "use_dictionary": ["text", "whole"], "write_batch_size": 9, "data_page_size": 64}
    whole = {name: numbers()[name] for name in ["whole", "long"]}
    texts = {"text": others()["text"], "name": pyarrow.array([f"name {i // 3}" for i in ROWS])}
    fractions = {name: numbers()[name] for name in ["whole", "fraction", "single"]}
    for version in ["1.0", "2.0"]:
        yield f"delta{version[0]}", of_pyarrow, [whole, "DELTA_BINARY_PACKED"], {"data_page_version": version}
        yield f"lengths{version[0]}", of_pyarrow, [texts, "DELTA_LENGTH_BYTE_ARRAY"], {"data_page_version": version}
        yield f"prefixes{version[0]}", of_pyarrow, [texts, "DELTA_BYTE_ARRAY"], {"data_page_version": version}
        yield f"split{version[0]}", of_pyarrow, [fractions, "BYTE_STREAM_SPLIT"], {"data_page_version": version}
        for codec in ["SNAPPY", "GZIP", "ZSTD", "LZ4", "BROTLI"]:
            yield f"{codec.lower()}{version[0]}", of_pyarrow, [both], {"compression": codec, "data_page_version": version, "use_dictionary": True}
    odd = {"when": pyarrow.array([86400000 * i for i in ROWS], pyarrow.timestamp("ms")), "list": pyarrow.array([[i] for i in ROWS]), "nothing": pyarrow.nulls(40), **whole}
    yield "odd", of_pyarrow, [odd], {}
    yield "none", of_pyarrow, [{name: column.slice(0, 0) for name, column in both.items()}], {}
    yield "duckdb1", of_duckdb, ["COMPRESSION snappy"], {}
    yield "duckdb2", of_duckdb, ["COMPRESSION uncompressed, PARQUET_VERSION v2"], {}
    yield "polars", of_polars, [], {}


HERE.mkdir(exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "seed.parquet"
    for number, (name, write, arguments, options) in enumerate(files()):
        write(path, *arguments, **options)
        file = path.read_bytes()
        assert file.endswith(b"PAR1")
        pages = len(file) - 8 - int.from_bytes(file[-8:-4], "little")
        # Missing cells are kept, rows written down if all of them can be, and the rest differs.
        flags = 1 | number % 5 // 4 << 4 | (0 if name in ["odd", "brotli1", "brotli2"] else number % 2 << 1) | number % 3 // 2 << 2
        columns = 0b11100 if name == "odd" else 0xFF
        control = bytes([flags, [3, 255, 60, 20][number % 4], number * 37 % 256, columns]) + pages.to_bytes(2, "little")
        (HERE / name).write_bytes(control + file[:-8])
