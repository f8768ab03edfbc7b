"""Trains models on every data set, exports them, and compares what the real clients predict with `linreg predict`.

    tests/interop/run                                        makes the environment and calls
    check.py PATH/TO/linreg FOLDER-OF-POSTGRESQL'S-SOCKET

Prints a table of clients with the largest difference |a - b| / max(1, |b|) of any prediction, that of docs/formats.md, and
fails above 1e-12, or 1e-6 for f32, where it is relative to the largest term of the sum. Nothing is skipped.
"""

import csv
import glob
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

import duckdb
import numpy
import onnx
import onnxruntime
import psycopg
import safetensors.torch
import torch
from importlib.metadata import version
from jpmml_evaluator import JavaError, make_evaluator
from pypmml import Model as Pmml4s

LINREG, SOCKET = os.path.abspath(sys.argv[1]), sys.argv[2]
DATA = os.path.join(os.path.dirname(__file__), "..", "..", "data")
# Names that have to be quoted somewhere, and no whole numbers.
AWKWARD = [
    ['a "b"', "x<y & 'z'", "ünï ☃", "select", "tab\there"],
    [1.5, 2, -3, 4e-5, 1],
    [-2.25, 7, 11, 0.125, 3],
    [3, -1e3, 2, 8, -4],
    [0.1, 0.2, 0.3, 0.4, 7],
    [5, 6, -7, 8, 2],
    [9, 1, 4, -4, 0],
]

# Categories and missing cells, "it's" among the levels.
REGIONS = [
    ["size", "region", "price"],
    [1.5, "Kanto", 10],
    ["", "it's", 22.5],
    [3.25, "Joh to", 31],
    [4, "it's", 44],
    [5.5, "", 48],
    [2, "ünï", 21],
    [7, "Kanto", 71],
    [1, "ünï", 8],
]


def linreg(*arguments):
    done = subprocess.run([LINREG, *arguments], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"linreg {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


def rows_of(path):
    if path.endswith(".parquet"):
        table = duckdb.read_parquet(path)
        return table.columns, [["" if cell is None else str(cell) for cell in row] for row in table.fetchall()]
    with open(path, newline="", encoding="utf-8") as file:
        names, *rows = list(csv.reader(file))
    return names, rows


def write(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])


class Case:
    """A model, rows that are new to it, and what `linreg predict` says of them."""

    def __init__(self, path, options):
        self.name = " ".join([os.path.basename(path), *options])
        linreg("train", "--data", path, *options, "--quiet", "--out", "model.json")
        with open("model.json", encoding="utf-8") as file:
            self.model = json.load(file)
        self.targets, self.features = self.model["targets"], self.model["features"]
        self.encodings = self.model.get("encodings", {})
        self.columns = list(dict.fromkeys(self.encodings.get(name, {"column": name})["column"] for name in self.features))
        names, rows = rows_of(path)
        known = [[row[names.index(name)] for name in self.columns] for row in rows]
        self.means = self.model.get("missing", {}).get("means", {})
        kinds = [self.levels(name) for name in self.columns]
        new = [[0] * len(kinds), [-0.1] * len(kinds), [1 / (j + 3) for j in range(len(kinds))], [97.3 + j for j in range(len(kinds))]]
        new = [[levels[i % len(levels)] if levels else str(cell) for cell, levels in zip(row, kinds)] for i, row in enumerate(new)]
        # Every column missing in turn, then every category a level that no row had.
        gaps = [["" if i == j else cell for j, cell in enumerate(new[-1])] for i in range(len(kinds))]
        unseen = [["unseen" if levels else cell for cell, levels in zip(new[-1], kinds)]] if any(kinds) else []
        self.rows = known + new + gaps + unseen
        write("rows.csv", self.columns, self.rows)
        self.outputs = ["predicted_" + target for target in self.targets]
        linreg_says = linreg("predict", "--model", "model.json", "--data", "rows.csv").decode()
        header, *predictions = list(csv.reader(linreg_says.splitlines(keepends=True)))
        assert header == self.outputs, header
        self.predictions = [[float(cell) if cell else None for cell in row] for row in predictions]
        assert len(self.predictions) == len(self.rows)
        self.empty = sum(None in row for row in self.predictions)
        missing = sum("" in row for row in self.rows)
        assert self.empty == len(unseen) + (0 if self.means else missing), (self.name, self.empty)

    def levels(self, column):
        """All levels of a category, none of a number."""
        own = [each for each in self.encodings.values() if each["column"] == column and "level" in each]
        return list(dict.fromkeys([each["reference"] for each in own if "reference" in each] + [each["level"] for each in own]))

    def cells(self, column):
        """Those of all rows: numbers, NaN where one is missing, or texts."""
        cells = [row[self.columns.index(column)] for row in self.rows]
        return cells if self.levels(column) else [float(cell or "nan") for cell in cells]

    def design(self):
        """The features (n×p)."""
        made = []
        for name in self.features:
            encoding = self.encodings.get(name, {"column": name, "power": 1})
            column, cells = encoding["column"], self.cells(encoding["column"])
            if "level" in encoding:
                known = {level: float(level == encoding["level"]) for level in self.levels(column)}
                known[""] = self.means.get(name, math.nan)
                made.append([known.get(cell, math.nan) for cell in cells])
            else:
                powers = [cell ** encoding["power"] for cell in cells]
                made.append([self.means.get(name, math.nan) if math.isnan(cell) else cell for cell in powers])
        return numpy.array(made).T

    def export(self, *options):
        linreg("export", "--model", "model.json", *options)


class Results:
    def __init__(self):
        self.lines = {}

    def compare(self, client, case, predictions, single=False):
        """`predictions`: n rows of k."""
        limit, largest = (1e-6, 0.0) if single else (1e-12, 0.0)
        assert len(predictions) == len(case.predictions), (client, case.name)
        terms = numpy.abs(case.design()[:, None, :] * numpy.array(case.model["weights"])).max(axis=2)
        for i, (row, expected) in enumerate(zip(predictions, case.predictions)):
            assert len(row) == len(expected), (client, case.name, row)
            for j, (a, b) in enumerate(zip(row, expected)):
                a = None if a is None or math.isnan(a) else float(a)
                if a is None or b is None:
                    assert a is None and b is None, f"{client}, {case.name}, row {i + 1}: {a}, expected {b}"
                    continue
                scale = max(1.0, abs(b), terms[i, j] if single else 0.0)
                largest = max(largest, abs(a - b) / scale)
                assert abs(a - b) <= limit * scale, f"{client}, {case.name}, row {i + 1}: {a}, expected {b}"
        models, rows, worst = self.lines.get(client, (0, 0, 0.0))
        self.lines[client] = (models + 1, rows + len(predictions), max(worst, largest))

    def table(self):
        yield "| format | client | models | predictions | largest difference |"
        yield "|---|---|---|---|---|"
        for (form, client), (models, rows, worst) in self.lines.items():
            yield f"| {form} | {client} | {models} | {rows} | {worst:.1e} |"


def check_onnx(case, results):
    for dtype, kind in (("f64", numpy.float64), ("f32", numpy.float32)):
        case.export("--out", "m.onnx", "--dtype", dtype)
        onnx.checker.check_model("m.onnx", full_check=True)
        session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
        assert [each.name for each in session.get_inputs()] == case.columns
        assert [each.name for each in session.get_outputs()] == case.outputs
        kinds = {name: object if case.levels(name) else kind for name in case.columns}
        inputs = {name: numpy.array(case.cells(name), kinds[name])[:, None] for name in case.columns}
        predictions = numpy.column_stack(session.run(None, inputs))
        client = (f"ONNX, {dtype}", f"onnxruntime {version('onnxruntime')}")
        results.compare(client, case, predictions.tolist(), single=dtype == "f32")


def check_safetensors(case, results):
    k, p = len(case.targets), len(case.features)
    for dtype, kind in (("f32", torch.float32), ("f64", torch.float64)):
        case.export("--out", "m.safetensors", "--dtype", dtype)
        layer = torch.nn.Linear(p, k, dtype=kind)
        layer.load_state_dict(safetensors.torch.load_file("m.safetensors"))
        with torch.no_grad():
            predictions = layer(torch.tensor(case.design(), dtype=kind)).tolist()
        client = (f"safetensors, {dtype}", f"torch {version('torch')}, safetensors {version('safetensors')}")
        results.compare(client, case, predictions, single=dtype == "f32")


def check_init(path, case):
    """A layer that PyTorch has saved is where a training begins."""
    layer = torch.nn.Linear(len(case.features), len(case.targets))
    safetensors.torch.save_file(layer.state_dict(), "torch.safetensors")
    names = ["--target", ",".join(case.targets), "--features", ",".join(case.features)]
    first = linreg("train", "--data", path, *names, "--init", "torch.safetensors", "--lr", "1e-300", "--epochs", "1", "--json")
    model = json.loads(first.decode().splitlines()[-1])["model"]
    expected = {key: value.double().tolist() for key, value in layer.state_dict().items()}
    assert model["weights"] == expected["weight"] and model["bias"] == expected["bias"], case.name


def check_pmml(case, results):
    jpmml, pmml4s = [[None] * len(case.targets) for _ in case.rows], [[None] * len(case.targets) for _ in case.rows]
    for j, (target, output) in enumerate(zip(case.targets, case.outputs)):
        case.export("--out", "m.pmml", "--target", target)
        evaluator = make_evaluator("m.pmml").verify()
        other = Pmml4s.load("m.pmml")
        for i, row in enumerate(case.rows):
            cells = {name: cell or None for name, cell in zip(case.columns, row)}
            cells = {name: cell if cell is None or case.levels(name) else float(cell) for name, cell in cells.items()}
            try:
                jpmml[i][j] = evaluator.evaluate(cells).get(output)
            except JavaError as error:
                # JPMML refuses a level that is none; the others predict nothing.
                assert "unseen" in row and "cannot accept invalid value" in str(error), error
            pmml4s[i][j] = other.predict({name: cell for name, cell in cells.items() if cell is not None}).get(output)
    results.compare(("PMML 4.4", f"JPMML-Evaluator (jpmml_evaluator {version('jpmml_evaluator')})"), case, jpmml)
    results.compare(("PMML 4.4", f"PMML4S (pypmml {version('pypmml')})"), case, pmml4s)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def check_sql(case, results):
    is_text = [bool(case.levels(name)) for name in case.columns]
    cells = [[None if not cell else cell if text else float(cell) for cell, text in zip(row, is_text)] for row in case.rows]
    texts = [list(row) for row in case.rows]

    def ask(connect, label, dialect, kind, rows, mark):
        case.export("--out", "m.sql", "--dialect", dialect)
        with open("m.sql", encoding="utf-8") as file:
            select = file.read().strip().removesuffix(";")
        with connect() as connection:
            cursor = connection.cursor()
            kinds = ["TEXT" if text else kind for text in is_text]
            columns = ", ".join(f"{quoted(name)} {own}" for name, own in zip(case.columns, kinds))
            cursor.execute(f"CREATE TEMPORARY TABLE data (row_number INTEGER, {columns})")
            marks = ", ".join([mark] * (1 + len(case.columns)))
            cursor.executemany(f"INSERT INTO data VALUES ({marks})", [[i, *row] for i, row in enumerate(rows)])
            outputs = ", ".join(quoted(name) for name in case.outputs)
            cursor.execute(f"SELECT {outputs} FROM ({select}) AS predicted ORDER BY row_number")
            predictions = [list(row) for row in cursor.fetchall()]
        results.compare((f"SQL, {dialect}", label), case, predictions)

    sqlite = f"SQLite {sqlite3.sqlite_version}"
    ask(lambda: sqlite3.connect(":memory:"), sqlite, "sqlite", "REAL", cells, "?")
    ask(lambda: sqlite3.connect(":memory:"), sqlite + ", columns of text", "sqlite", "TEXT", texts, "?")
    ask(lambda: sqlite3.connect(":memory:"), sqlite, "ansi", "REAL", cells, "?")
    for dialect in ("duckdb", "ansi"):
        ask(duckdb.connect, f"DuckDB {version('duckdb')}", dialect, "DOUBLE", cells, "?")
    with postgres() as connection:
        label = "PostgreSQL " + connection.execute("SHOW server_version").fetchone()[0].split()[0]
    for dialect in ("postgres", "ansi"):
        ask(postgres, label, dialect, "DOUBLE PRECISION", cells, "%s")
    if not any(is_text):
        whole = [row for row in cells if None not in row and not any(cell % 1 for cell in row)]
        check_whole_numbers(case, [[int(cell) for cell in row] for row in whole])


def check_whole_numbers(case, rows):
    """Columns of whole numbers must not make it another arithmetic: predictions are doubles."""
    case.export("--out", "m.sql", "--dialect", "postgres")
    with open("m.sql", encoding="utf-8") as file:
        select = file.read().strip().removesuffix(";")
    with postgres() as connection:
        cursor = connection.cursor()
        columns = ", ".join(f"{quoted(name)} INTEGER" for name in case.columns)
        cursor.execute(f"CREATE TEMPORARY TABLE data ({columns})")
        marks = ", ".join(["%s"] * len(case.columns))
        cursor.executemany(f"INSERT INTO data VALUES ({marks})", rows)
        cursor.execute(select)
        kinds = {column.name: column.type_code for column in cursor.description}
        assert all(kinds[name] == 701 for name in case.outputs), kinds  # float8


def postgres():
    for _ in range(300):
        try:
            return psycopg.connect(host=SOCKET, user="linreg", dbname="postgres")
        except psycopg.OperationalError:
            time.sleep(0.1)
    return psycopg.connect(host=SOCKET, user="linreg", dbname="postgres")


def main():
    paths = sorted(os.path.abspath(path) for path in glob.glob(os.path.join(DATA, "*")))
    assert paths, "no data"
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)
    write("awkward.csv", AWKWARD[0], AWKWARD[1:])
    write("regions.csv", REGIONS[0], REGIONS[1:])
    results, cases = Results(), 0
    for path in [*paths, os.path.abspath("awkward.csv"), os.path.abspath("regions.csv")]:
        names, _ = rows_of(path)
        targets = {"fruits.csv": names[-2:], "crops.csv": names[-2:]}.get(os.path.basename(path), names[-1:])
        plain = ["--target", ",".join(targets), "--standardize", "--epochs", "40"]
        others = [["--poly", f"{names[0]}:3"], ["--no-bias"], ["--l1", "1"]]
        number = {"regions.csv": "size", "farms.parquet": "rain"}.get(os.path.basename(path))
        if number:
            plain += ["--missing", "drop"]
            others = [["--no-bias"], ["--missing", "mean"], ["--missing", "mean", "--poly", f"{number}:2"]]
        for options in ([], *others):
            given = plain[:-2] if "--missing" in options else plain
            given = [word for word in given if word != "--standardize" or "--no-bias" not in options]
            case = Case(path, [*given, *options])
            check_onnx(case, results)
            check_safetensors(case, results)
            check_pmml(case, results)
            check_sql(case, results)
            cases += 1
        if path in paths and not number:
            check_init(path, Case(path, plain))
    Pmml4s.close()
    print("\n".join(results.table()))
    print(f"{cases} models of {len(paths) + 2} data sets: every client predicts what linreg predicts")


if __name__ == "__main__":
    main()
