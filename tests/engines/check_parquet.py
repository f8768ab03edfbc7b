"""Compares Parquet files as pyarrow, DuckDB and Polars write them with the CSV files of the same tables.

    tests/engines/run                      makes the environment and calls
    check_parquet.py PATH/TO/linreg

Of every file: the summary has the same columns, levels, rows and missing cells, and the same products of columns to 1e-12
of their lengths; predictions with a model of the CSV file are the same to 1e-12; a model of each of the two is the same. Also:
checksums find every flipped bit, files cut anywhere and with flipped bits end in an error or in rows and never otherwise.
Prints a table and fails where something differs. Nothing is skipped.
"""

import csv
import datetime
import decimal
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import duckdb
import numpy
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet

LINREG = os.path.abspath(sys.argv[1])
ROWS = 5000
SAME = 1e-12
NUMBERS = ["tiny", "short", "int", "long", "byte", "word", "dword", "qword", "single", "double", "d9", "d18", "d38", "half", "gaps"]
CATEGORIES = ["flag", "region", "code"]
TARGET = "y"


def linreg(*arguments, **options):
    done = subprocess.run([LINREG, *arguments], capture_output=True, check=False, **options)
    if done.returncode:
        sys.exit("linreg %s\n%s" % (" ".join(arguments), done.stderr.decode()))
    return done.stdout.decode()


def table():
    """Every type that is read, and a moment, which is not."""
    draw = random.Random(7)

    def column(make, kind, missing=0.0):
        return pyarrow.array([None if draw.random() < missing else make() for _ in range(ROWS)], kind)

    def whole(bits, signed):
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        return lambda: draw.randint(low, high)

    def money(digits, scale):
        return lambda: decimal.Decimal(draw.randint(-(10**digits) + 1, 10**digits - 1)).scaleb(-scale, decimal.Context(prec=digits))

    columns = {
        "tiny": column(whole(8, True), pyarrow.int8()),
        "short": column(whole(16, True), pyarrow.int16()),
        # Differences of more than 32 bits, as DuckDB packs them, are not read by the crate.
        "int": column(whole(31, True), pyarrow.int32()),
        "long": column(whole(50, True), pyarrow.int64()),
        "byte": column(whole(8, False), pyarrow.uint8()),
        "word": column(whole(16, False), pyarrow.uint16()),
        "dword": column(whole(32, False), pyarrow.uint32()),
        "qword": column(whole(64, False), pyarrow.uint64()),
        # The CSV file has the decimals of a float, which are another number unless they are few.
        "single": column(lambda: draw.randint(-4000, 4000) / 16, pyarrow.float32()),
        "double": column(lambda: draw.gauss(3, 2), pyarrow.float64(), 0.02),
        "d9": column(money(9, 2), pyarrow.decimal128(9, 2)),
        "d18": column(money(18, 6), pyarrow.decimal128(18, 6)),
        "d38": column(money(38, 20), pyarrow.decimal128(38, 20)),
        "half": column(lambda: draw.randint(-100, 100) / 4, pyarrow.float32()),
        "gaps": column(lambda: draw.gauss(0, 1), pyarrow.float64(), 0.3),
        "flag": column(lambda: draw.random() < 0.3, pyarrow.bool_(), 0.01),
        "region": column(lambda: draw.choice(["Kanto", "Johto", "Hoenn, west", "Sinnoh \"old\"", "ünï"]), pyarrow.string(), 0.01),
        "code": column(lambda: "level %d" % draw.randrange(90), pyarrow.string()),
        "moment": pyarrow.array([datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=i) for i in range(ROWS)]),
        TARGET: column(lambda: draw.gauss(10, 4), pyarrow.float64()),
    }
    return pyarrow.table(columns)


def with_half(plain):
    """Sixteen bits for the column `half`, which other writers do not know."""
    place = plain.column_names.index("half")
    halves = pyarrow.array(plain["half"].to_numpy().astype(numpy.float16))
    return plain.set_column(place, "half", halves)


def with_dictionary(plain):
    place = plain.column_names.index("region")
    return plain.set_column(place, "region", plain["region"].dictionary_encode())


def with_nan(plain):
    """NaN for null where there are fractions."""
    place = plain.column_names.index("gaps")
    return plain.set_column(place, "gaps", pyarrow.array(plain["gaps"].to_numpy(zero_copy_only=False)))


def writers(plain):
    """Names of files and what writes them."""
    write = pyarrow.parquet.write_table
    codecs = ["none", "snappy", "zstd", "gzip", "lz4"]
    for codec, version, has in itertools.product(codecs, ["1.0", "2.0"], [True, False]):
        name = "pyarrow %s, pages %s%s" % (codec, version, ", dictionaries" if has else "")
        yield name, lambda path, c=codec, v=version, h=has: write(
            with_half(plain), path, compression=c, data_page_version=v, use_dictionary=h, row_group_size=1700, data_page_size=4000)
    yield "pyarrow, a dictionary column", lambda path: write(with_dictionary(plain), path)
    yield "pyarrow, NaN, checksums", lambda path: write(with_nan(plain), path, write_page_checksum=True)
    yield "pyarrow, decimals in whole numbers", lambda path: write(plain, path, store_decimal_as_integer=True)
    yield "pyarrow, format 1.0", lambda path: write(plain, path, version="1.0", row_group_size=100)
    split = {"double": "BYTE_STREAM_SPLIT", "single": "BYTE_STREAM_SPLIT", "int": "DELTA_BINARY_PACKED", "long": "DELTA_BINARY_PACKED",
             "code": "DELTA_BYTE_ARRAY", "region": "DELTA_LENGTH_BYTE_ARRAY", "y": "BYTE_STREAM_SPLIT", "flag": "RLE"}
    yield "pyarrow, other encodings", lambda path: write(plain, path, use_dictionary=False, column_encoding=split, data_page_version="2.0")

    def duck(options, what="*"):
        def written(path):
            database = duckdb.connect()
            database.register("plain", plain)
            database.execute("COPY (SELECT %s FROM plain) TO '%s' (FORMAT parquet%s)" % (what, path, options))
        return written

    for options in ["", ", COMPRESSION zstd, ROW_GROUP_SIZE 2048", ", COMPRESSION gzip", ", COMPRESSION lz4_raw", ", COMPRESSION uncompressed"]:
        yield "DuckDB" + options, duck(options)
    # It packs 32 bits as 64 then, which the crate refuses above 2 ** 31.
    yield "DuckDB, PARQUET_VERSION v2", duck(", PARQUET_VERSION v2", "* REPLACE (dword::BIGINT AS dword)")
    for codec in ["uncompressed", "snappy", "zstd", "gzip", "lz4"]:
        yield "Polars " + codec, lambda path, c=codec: polars.from_arrow(plain).write_parquet(path, compression=c, row_group_size=999)


CHOICE = ["--features", ",".join(NUMBERS + CATEGORIES), "--target", TARGET, "--missing", "mean"]


def products(summary):
    """Of all columns without their shift, scaled to length 1: what a triangle stands for. Row 0 is that of the ones."""
    rows = summary["r"]
    triangle = numpy.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        triangle[i, i:] = row
    lengths = numpy.linalg.norm(triangle, axis=0)
    triangle = triangle / numpy.where(lengths > 0, lengths, 1)
    return triangle.T @ triangle


def difference(known, found):
    """Between two summaries; a text if it is no matter of digits."""
    for key in ["rows", "columns", "categories", "missing_rows"]:
        if known.get(key) != found.get(key):
            return "%s: %s, expected %s" % (key, found.get(key), known.get(key))
    for ours, theirs in zip(found["missing"], known["missing"]):
        if ours["column"] != theirs["column"] or not math.isclose(ours["value"], theirs["value"], rel_tol=SAME):
            return "missing: %s, expected %s" % (ours, theirs)
    if known["shift"] != found["shift"]:
        return "shift"
    return float(numpy.abs(products(known) - products(found)).max())


def predicted(text):
    return [[float(cell) if cell else math.nan for cell in row] for row in list(csv.reader(text.splitlines()))[1:]]


def farthest(known, found):
    pairs = [(a, b) for first, second in zip(known, found) for a, b in zip(first, second)]
    if len(known) != len(found) or any(math.isnan(a) != math.isnan(b) for a, b in pairs):
        return "other rows have a prediction"
    size = max(abs(a) for a, _ in pairs if not math.isnan(a))
    return max(abs(a - b) for a, b in pairs if not math.isnan(a)) / size


def appended(folder, path, plain):
    """The first fields of `predict --append` are those of the table."""
    few = os.path.join(folder, "few.parquet")
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).drop_columns(["moment"]), few)
    lines = list(csv.reader(linreg("predict", "--model", os.path.join(folder, "model.json"), "--data", few, "--append").splitlines()))
    pyarrow.csv.write_csv(plain.drop_columns(["moment"]), os.path.join(folder, "few.csv"))
    with open(os.path.join(folder, "few.csv"), newline="", encoding="utf-8") as rows:
        known = list(csv.reader(rows))
    same = [[a == b or (a and float(a) == float(b)) for a, b in zip(ours, theirs)] for ours, theirs in zip(lines[1:], known[1:])]
    return len(lines) == len(known) and all(all(row) for row in same)


def damage(folder, path):
    """Flips bits and cuts: an error or rows, and an error where a checksum tells."""
    with open(path, "rb") as file:
        whole = file.read()
    target, draw, outcomes = os.path.join(folder, "damaged.parquet"), random.Random(3), {0: 0, 1: 0}
    description = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    known = linreg("summarize", "--data", path, *CHOICE)
    for turn in range(300):
        at = draw.randrange(4, len(whole))
        if turn % 5 == 0:
            damaged = whole[:at]
        else:
            damaged = whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1:]
        with open(target, "wb") as file:
            file.write(damaged)
        done = subprocess.run([LINREG, "summarize", "--data", target, *CHOICE], capture_output=True, check=False)
        told = done.stderr.decode()
        if done.returncode not in outcomes or "panicked" in told or (done.returncode == 1 and "error: " not in told):
            return "exit code %d at byte %d: %s" % (done.returncode, at, told)
        if done.returncode == 0 and at < description and done.stdout.decode() != known:
            # Headers of pages have no checksum, but hold nothing that could change a number and fit all else.
            return "byte %d: other numbers, and nothing was said" % at
        outcomes[done.returncode] += 1
    return "%d errors, %d unused bytes" % (outcomes[1], outcomes[0])


def main():
    plain, wrong = table(), 0
    with tempfile.TemporaryDirectory() as folder:
        rows, path, model = (os.path.join(folder, name) for name in ["rows.csv", "rows.parquet", "model.json"])
        pyarrow.csv.write_csv(plain, rows)
        known = json.loads(linreg("summarize", "--data", rows, *CHOICE))
        linreg("train", "--data", rows, *CHOICE, "--solver", "qr", "--quiet", "--out", model)
        predictions = predicted(linreg("predict", "--model", model, "--data", rows))
        for name, write in writers(plain):
            write(path)
            found = json.loads(linreg("summarize", "--data", path, *CHOICE))
            told = [difference(known, found), farthest(predictions, predicted(linreg("predict", "--model", model, "--data", path)))]
            threads = {linreg("summarize", "--data", path, *CHOICE, "--threads", str(n)) for n in [1, 2, 5]}
            is_right = all(isinstance(far, float) and far <= SAME for far in told) and len(threads) == 1
            print("%-45s %s" % (name, "  ".join("%.1e" % far if isinstance(far, float) else far for far in told)), flush=True)
            wrong += not is_right
        pyarrow.parquet.write_table(plain, path, write_page_checksum=True, row_group_size=2500)
        for name, result in [("predict --append", appended(folder, path, plain)), ("damage", damage(folder, path))]:
            print("%-45s %s" % (name, result))
            wrong += result is False or "exit code" in str(result) or "nothing was said" in str(result)
        pyarrow.parquet.write_table(plain, path, compression="brotli")
        for column, words in [("moment", "timestamps"), ("tiny", "BROTLI")]:
            done = subprocess.run([LINREG, "train", "--data", path, "--features", column, "--target", TARGET], capture_output=True, check=False)
            told = done.stderr.decode()
            if done.returncode != 1 or 'column "%s"' % column not in told or words not in told or "hint: " not in told:
                print("%s: %s" % (column, told))
                wrong += 1
    if wrong:
        sys.exit("%d wrong" % wrong)


if __name__ == "__main__":
    main()
