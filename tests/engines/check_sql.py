"""Has real databases answer the query of `linreg sql`, and compares what is trained on the answers with what is trained on the rows.

check_sql.py PATH/TO/linreg FOLDER [--time], where FOLDER has the socket of a PostgreSQL server whose user is linreg.
"""

import csv
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import datafusion
import duckdb
import jsonschema
import numpy
import psycopg
import pyarrow
import pyarrow.parquet
import pyspark
from pyspark.sql import SparkSession

# How far weights from a database may be from those of the rows, as a share of each.
LIMIT = 1e-9

LINREG, SOCKET = os.path.abspath(sys.argv[1]), sys.argv[2]
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schemas/reply.json").read_text("utf-8"))


def linreg(*arguments, text=None, fails=False):
    run = subprocess.run([LINREG, *map(str, arguments)], input=text, capture_output=True, text=True, encoding="utf-8")
    assert (run.returncode != 0) == fails, f"linreg {arguments}: {run.returncode}\n{run.stderr}"
    return run.stderr if fails else run.stdout


def is_text(values):
    return any(isinstance(value, str) for value in values)


class Sqlite:
    dialect, label = "sqlite", f"SQLite {sqlite3.sqlite_version}"
    kinds = {int: "INTEGER", float: "REAL", Decimal: "NUMERIC", str: "TEXT"}

    def __init__(self):
        self.connection = sqlite3.connect(":memory:")

    def create(self, columns):
        self.connection.execute("DROP TABLE IF EXISTS t")
        self.connection.execute(f"CREATE TABLE t ({declared(columns, self.kinds)})")
        rows = [[float(cell) if isinstance(cell, Decimal) else cell for cell in row] for row in zip(*columns.values())]
        self.connection.executemany(f"INSERT INTO t VALUES ({marks(columns, '?')})", rows)

    def ask(self, query):
        (reply,) = self.connection.execute(query).fetchone()
        return reply


class SqliteTexts(Sqlite):
    """As `.import` of a CSV file makes tables: everything is a text, and what is missing an empty one."""

    label = Sqlite.label + ", columns of text"
    kinds = dict.fromkeys(Sqlite.kinds, "TEXT")

    def create(self, columns):
        texts = {name: ["" if cell is None else str(cell) for cell in cells] for name, cells in columns.items()}
        super().create(texts)


class Duckdb:
    dialect, label = "duckdb", f"DuckDB {version('duckdb')}"

    def __init__(self):
        self.connection = duckdb.connect()

    def create(self, columns):
        self.connection.register("arrow", arrow(columns))
        self.connection.execute("CREATE OR REPLACE TABLE t AS SELECT * FROM arrow")

    def ask(self, query):
        ((reply,),) = self.connection.execute(query).fetchall()
        return reply


class DuckdbClient:
    """The command that users have, in the formats that one can read, with and without its remarks on time."""

    dialect, label = "duckdb", f"DuckDB {version('duckdb-cli')}, duckdb"

    def __init__(self):
        self.calls = 0

    def create(self, columns):
        pyarrow.parquet.write_table(arrow(columns), "rows.parquet")
        self.run("CREATE OR REPLACE TABLE t AS FROM 'rows.parquet';")

    def ask(self, query):
        self.calls += 1
        way = ["-csv", "-json", "-list", "-jsonlines"][self.calls % 4]
        return self.run(query if self.calls % 3 else ".timer on\n" + query, way)

    def run(self, query, *options):
        command = [Path(sys.executable).parent / "duckdb", "-bail", *options, "client.duckdb"]
        return subprocess.run(command, input=query, capture_output=True, text=True, encoding="utf-8", check=True).stdout


class Postgres:
    dialect = "postgres"
    kinds = {int: "BIGINT", float: "DOUBLE PRECISION", Decimal: "NUMERIC(20, 3)", str: "TEXT", bool: "BOOLEAN"}

    def __init__(self):
        self.connection = connected()
        self.label = "PostgreSQL " + self.connection.execute("SHOW server_version").fetchone()[0].split()[0]

    def create(self, columns):
        self.connection.execute("DROP TABLE IF EXISTS t")
        self.connection.execute(f"CREATE TABLE t ({declared(columns, self.kinds)})")
        with self.connection.cursor().copy("COPY t FROM STDIN") as copy:
            for row in zip(*columns.values()):
                copy.write_row([cell.item() if isinstance(cell, numpy.generic) else cell for cell in row])
        self.connection.execute("ANALYZE t")

    def ask(self, query):
        cursor = self.connection.execute(query)
        while cursor.nextset():
            pass
        (reply,) = cursor.fetchone()
        return reply


def connected():
    """The server has just been started."""
    for last in (False,) * 300 + (True,):
        try:
            return psycopg.connect(host=SOCKET, user="linreg", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            if last:
                raise
            time.sleep(0.1)


class Psql(Postgres):
    """The command that users have, with and without its remarks on settings."""

    def __init__(self):
        super().__init__()
        self.label, self.calls = self.label + ", psql", 0

    def ask(self, query):
        database = ["-h", SOCKET, "-U", "linreg", "postgres"]
        quiet, talking, table = (
            subprocess.run(["psql", "-X", options, *database], input=query, capture_output=True, text=True, check=True).stdout
            for options in ("-qAt", "-At", "--csv")
        )
        assert quiet.strip() == next(csv.reader(table.splitlines()[3:]))[0], table[:99]
        assert talking == "SET\nSET\n" + quiet, talking[:99]
        self.calls += 1
        return (talking, table, quiet)[self.calls % 3]


class Datafusion:
    dialect, label = "datafusion", f"DataFusion {version('datafusion')}"

    def create(self, columns):
        self.context = datafusion.SessionContext()
        self.context.register_record_batches("t", [arrow(columns).to_batches()])

    def ask(self, query):
        return self.context.sql(query.strip().removesuffix(";")).to_pydict()["linreg_reply"][0]


class Spark:
    dialect, label = "spark", f"Spark {version('pyspark')}"

    def __init__(self):
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": os.getcwd(),
        }
        self.session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")

    def create(self, columns):
        table = "rows.parquet"
        pyarrow.parquet.write_table(arrow(columns), table)
        self.session.read.parquet(table).createOrReplaceTempView("t")

    def ask(self, query):
        return self.session.sql(query.strip().removesuffix(";")).collect()[0][0]


class SparkClient:
    """The command that users have: its start takes longer than the query."""

    dialect, label = "spark", f"Spark {version('pyspark')}, spark-sql"

    def create(self, columns):
        pyarrow.parquet.write_table(arrow(columns), "client.parquet")
        with open("view.sql", "w", encoding="utf-8") as file:
            file.write("CREATE TEMPORARY VIEW t USING parquet OPTIONS (path 'client.parquet');\n")

    def ask(self, query):
        with open("query.sql", "w", encoding="utf-8") as file:
            file.write(query)
        settings = ["spark.driver.bindAddress=127.0.0.1", "spark.driver.host=127.0.0.1", "spark.sql.shuffle.partitions=2", "spark.sql.cli.print.header=true"]
        command = [Path(pyspark.__file__).parent / "bin" / "spark-sql", "--master", "local[2]", *(word for setting in settings for word in ("--conf", setting))]
        files = ["-i", "view.sql", "-f", "query.sql"]
        return subprocess.run([*command, *files], capture_output=True, text=True, encoding="utf-8", check=True).stdout


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def kind(cells):
    return next((type(cell) for cell in cells if cell is not None), float)


def declared(columns, kinds):
    kinds = {**kinds, numpy.float64: kinds[float]}
    return ", ".join(f"{quoted(name)} {kinds[kind(cells)]}" for name, cells in columns.items())


def marks(columns, mark):
    return ", ".join([mark] * len(columns))


def arrow(columns):
    return pyarrow.table({name: list(cells) for name, cells in columns.items()})


def listed(names):
    """The names as --features takes them."""
    return ",".join(quoted(name) if "," in name or name.startswith('"') else name for name in names)


def write(path, columns):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in zip(*columns.values()))


def trained(*arguments, text=None):
    """All weights and the constants of exact fits."""
    linreg("train", *arguments, "--solver", "qr", "--quiet", "--out", "model.json", text=text)
    with open("model.json", encoding="utf-8") as file:
        model = json.load(file)
    return model["features"], numpy.column_stack([model["weights"], model["bias"]])


class Check:
    def __init__(self, engines):
        self.engines, self.lines = engines, []
        self.described = 0  # replies held against their schema

    def same(self, what, columns, targets, *options, rows=None, weight=(), missing=(), skip=()):
        """A training on the replies is a training on the rows, or on `rows`."""
        features = [name for name in columns if name not in (*targets, *weight[1:])]
        training = ["--target", ",".join(targets)]
        write("rows.csv", columns if rows is None else rows)
        names, expected = trained("--data", "rows.csv", "--features", ",".join(features), *training, *weight, *missing)
        for engine in self.engines:
            if engine.label in skip:
                continue
            engine.create(columns)
            asked = ["--table", "t", "--features", listed(features), "--target", listed(targets), *options, *weight, *missing]
            query = linreg("sql", "--dialect", engine.dialect, *asked)
            begin = time.monotonic()
            reply = engine.ask(query)
            seconds = time.monotonic() - begin
            if reply.startswith('{"format"') and "\n" not in reply.strip():  # and not as a client shows it
                jsonschema.validate(json.loads(reply), {**SCHEMA, "additionalProperties": False})
                self.described += 1
            found_names, found = trained("--data", "-", *training, text=reply)
            assert found_names == names, (engine.label, what, found_names)
            worst = numpy.max(numpy.abs(found - expected) / numpy.abs(expected))
            assert worst <= LIMIT, f"{engine.label}, {what}: weights differ by {worst}"
            self.lines.append((what, engine.label, worst, seconds))

    def refused(self, what, columns, targets, *options, expected, engines=None):
        features = [name for name in columns if name not in targets and name not in options]
        for engine in self.engines if engines is None else engines:
            engine.create(columns)
            asked = ["--table", "t", "--features", listed(features), "--target", listed(targets), *options]
            query = linreg("sql", "--dialect", engine.dialect, *asked)
            refusal = linreg("summarize", "--data", "-", text=engine.ask(query), fails=True)
            assert expected in refusal and "hint: " in refusal, f"{engine.label}, {what}: {refusal}"
            self.lines.append((what, engine.label, None, None))

    def table(self):
        yield "| case | databases | largest difference of a weight | longest |"
        yield "|---|---|---|---|"
        for case in dict.fromkeys(what for what, *_ in self.lines):
            worst, seconds = ([line[k] for line in self.lines if line[0] == case] for k in (2, 3))
            if None in worst:
                yield f"| {case} | {len(worst)} | refused | |"
            else:
                yield f"| {case} | {len(worst)} | {max(worst):.1e} | {max(seconds):.1f} s |"


def table(random, n, p, scale=1.0, offset=0.0):
    columns = {f"x{j}": offset + scale * random.normal(size=n) for j in range(1, p + 1)}
    columns["y"] = sum((1 + j % 3) * cells for j, cells in enumerate(columns.values())) + random.normal(size=n)
    return columns


AWKWARD = ['a "quoted" name', "select", "with space", "it's", "back\\slash", "per%cent", "ti`ck", "ünï", "c1", "r1", "w", "a, b", ";--", "{x}"]


def awkward(random):
    return dict(zip([*AWKWARD, "y"], table(random, 300, len(AWKWARD)).values()))


def numbers(check, random):
    check.same("p = 10", table(random, 5000, 10), ["y"])
    mixed = table(random, 3000, 4)
    for j, name in enumerate(mixed):
        mixed[name] = mixed[name] * 10.0 ** (3 * j - 6) + 10.0 ** (3 * j - 3)
    check.same("p = 4, columns of 1e-6 to 1e6, far from 0", mixed, ["y"])
    two = table(random, 200, 3)
    check.same("two targets", {**two, "z": two["x1"] - two["y"] + random.normal(size=200)}, ["y", "z"])
    check.same("awkward names", awkward(random), ["y"])
    many = [cell for cell in range(-150, 150)]
    check.same(
        "whole and decimal numbers",
        {
            "whole": many,
            "large": [10**15 + 7 * (cell**2 % 97) for cell in many],
            "decimal": [Decimal(f"{(7 * cell) % 31}.{abs(cell) % 10}25") for cell in many],
            "y": [float(cell**2 % 13) for cell in many],
        },
        ["y"],
    )


def rows(check, random):
    columns = table(random, 300, 3)
    gaps = {name: [None if (i * 7 + j * 31) % 41 == 0 else float(cell) for i, cell in enumerate(cells)] for j, (name, cells) in enumerate(columns.items())}
    check.same("NULLs, their rows left out", gaps, ["y"], missing=["--missing", "drop"])
    check.refused("NULLs", gaps, ["y"], expected="cells are missing among 300 rows: ")
    check.refused("NULLs in every row", {**columns, "x2": [None] * 300}, ["y"], "--missing", "drop", expected="missing in every row: x2 300", engines=[each for each in check.engines if each.dialect != "spark"])
    weights = [float(i % 4) / 3 for i in range(300)]
    check.same("weights, some of 0", {**columns, "w": weights}, ["y"], weight=["--row-weight", "w"])
    broken = {"x": [1.0, 2.0, 4.0, 3.0], "y": [1.0, 2.0, 3.0, 5.0]}
    check.refused("a weight below 0", {**broken, "w": [1.0, -1.0, 1.0, 1.0]}, ["y"], "--row-weight", "w", expected="of 4 rows, 1 below 0")
    check.refused("a weight that is NULL", {**broken, "w": [1.0, None, 1.0, 1.0]}, ["y"], "--row-weight", "w", expected="of 4 rows, 1 missing")
    keep = [i for i in range(300) if columns["x1"][i] > 0]
    check.same("a condition", columns, ["y"], "--where", "x1 > 0 -- the rest is a comment", rows={name: cells[keep] for name, cells in columns.items()})
    check.refused("no rows", columns, ["y"], "--where", "1 = 0", expected="the query found no rows")
    for value in (math.nan, math.inf, -math.inf):
        cells = [*columns["x2"][:-1], value]
        # NaN is NULL to SQLite.
        engines = [each for each in check.engines if each.dialect != "sqlite" or (not math.isnan(value) and each.label == Sqlite.label)]
        check.refused(f"a cell that is {value}", {**columns, "x2": cells}, ["y"], expected='column "x2": the mean is ', engines=engines)
    check.refused("squares that overflow", {**columns, "x2": [*columns["x2"][:-2], 1e200, -1e200]}, ["y"], expected="overflow", engines=[each for each in check.engines if each.dialect != "postgres"])


def levels(check):
    n = 240
    regions = ["Kanto", "Johto's", "Ho\\enn", None]
    columns = {
        "region": [regions[i * i % 7 % 3] for i in range(n)],
        "x": [float((i * 37) % 29) for i in range(n)],
        "y": [float((i * 53) % 31) + 5 * (i * i % 7 % 3) for i in range(n)],
    }
    told = ["--categorical", "region=Kanto,Johto's,Ho\\enn,nowhere"]
    check.same("a category", columns, ["y"], *told)
    check.refused("a level that was not told", columns, ["y"], "--categorical", "region=Kanto,Johto's", expected='column "region": ')
    gaps = {**columns, "region": [regions[i * i % 13 % 4] for i in range(n)]}
    check.same("a category with NULLs", gaps, ["y"], *told, missing=["--missing", "drop"])
    truth = {**columns, "region": [cell == "Kanto" for cell in columns["region"]]}
    texts = {**columns, "region": ["true" if cell else "false" for cell in truth["region"]]}
    # SQLite has no such type.
    skip = [each.label for each in check.engines if each.dialect == "sqlite"]
    check.same("truth values", truth, ["y"], "--categorical", "region=true,false", rows=texts, skip=skip)
    casts = [each for each in check.engines if each.dialect != "postgres"]
    check.refused("texts for numbers", columns, ["y"], expected=f'column "region": {n} of {n} cells are not numbers', engines=casts)


def wide(check, random):
    # The last two plan such a query for half a minute.
    skip = [each.label for each in check.engines if isinstance(each, (SqliteTexts, Psql, Spark, Datafusion))]
    check.same("p = 100", table(random, 1000, 100), ["y"], skip=skip)
    for dialect, most, way in (("postgres", 200, "linreg summarize"), ("spark", 20, "linreg spark")):
        features = ",".join(f"x{j}" for j in range(most))
        refusal = linreg("sql", "--dialect", dialect, "--table", "t", "--features", features, "--target", "y", fails=True)
        assert f"{most + 1} columns; a query for this database sums up at most {most}" in refusal and way in refusal, refusal


def predictions(check, random):
    """Dialects that only engines of their own have: `linreg export` predicts in them, too."""
    columns = {**table(random, 50, 2), "g": ["it's" if i % 3 else "b\\c" for i in range(50)]}
    columns = {name: columns[name] for name in ("x1", "x2", "g", "y")}
    write("rows.csv", columns)
    linreg("train", "--data", "rows.csv", "--poly", "x1:2", "--solver", "qr", "--quiet", "--out", "model.json")
    expected = [float(line) for line in linreg("predict", "--model", "model.json", "--data", "rows.csv").split()[1:]]
    for engine in check.engines:
        if engine.dialect in ("spark", "datafusion"):
            engine.create(columns)
            select = linreg("export", "--model", "model.json", "--format", "sql", "--dialect", engine.dialect, "--table", "t")
            select = f"SELECT predicted_y AS linreg_reply FROM ({select.strip().removesuffix(';')}) AS p ORDER BY y"
            found = engine.session.sql(select).collect() if engine.dialect == "spark" else engine.context.sql(select).to_pydict()["linreg_reply"]
            found = [row[0] for row in found] if engine.dialect == "spark" else found
            order = sorted(range(50), key=lambda i: columns["y"][i])
            worst = max(abs(a - expected[i]) for a, i in zip(found, order, strict=True))
            assert worst <= 1e-12, (engine.label, worst)
            check.lines.append(("predictions of export", engine.label, worst, 0.0))


def times(engines):
    random = numpy.random.default_rng(5)
    print("| columns | database | seconds |")
    print("|---|---|---|")
    for p in (10, 50, 100):
        columns = table(random, 100_000, p)
        for engine in engines:
            if isinstance(engine, (SqliteTexts, Psql, DuckdbClient)) or (engine.dialect == "spark" and p > 10):
                continue
            engine.create(columns)
            query = linreg("sql", "--dialect", engine.dialect, "--table", "t", "--features", ",".join(list(columns)[:-1]), "--target", "y")
            begin = time.monotonic()
            reply = engine.ask(query)
            seconds = time.monotonic() - begin
            linreg("summarize", "--data", "-", text=reply)
            print(f"| {p} + 1 | {engine.label} | {seconds:.1f} |", flush=True)


def main():
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)
    engines = [Duckdb(), DuckdbClient(), Postgres(), Psql(), Sqlite(), SqliteTexts(), Datafusion(), Spark()]
    if "--time" in sys.argv:
        times(engines)
        return
    random = numpy.random.default_rng(0)
    check = Check(engines)
    numbers(check, random)
    rows(check, random)
    levels(check)
    predictions(check, random)
    wide(check, random)
    check.engines = [SparkClient()]
    check.same("awkward names", awkward(random), ["y"], "--where", "y < 1e9 -- it's a comment; really")
    print("\n".join(check.table()))
    print(f"{len(check.lines)} answers of {len(engines) + 1} databases: trained on them is trained on the rows")
    assert check.described > 50, check.described
    print(f"{check.described} of them were replies without more: as docs/schemas/reply.json says")


if __name__ == "__main__":
    main()
