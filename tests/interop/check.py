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
from jpmml_evaluator import make_evaluator
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


def linreg(*arguments):
    done = subprocess.run([LINREG, *arguments], capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"linreg {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout


def rows_of(path):
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
        p = len(self.columns)
        new = [["0"] * p, ["-0.1"] * p, [str(1 / (j + 3)) for j in range(p)], [str(97.3 + j) for j in range(p)]]
        self.rows = known + new
        self.missing = len(self.rows)
        self.rows.append([""] + ["1"] * (p - 1))
        write("rows.csv", self.columns, self.rows)
        self.outputs = ["predicted_" + target for target in self.targets]
        linreg_says = linreg("predict", "--model", "model.json", "--data", "rows.csv").decode()
        header, *predictions = list(csv.reader(linreg_says.splitlines(keepends=True)))
        assert header == self.outputs, header
        self.predictions = [[float(cell) if cell else None for cell in row] for row in predictions]
        assert len(self.predictions) == len(self.rows) and self.predictions[self.missing] == [None] * len(self.targets)

    def numbers(self, dtype=numpy.float64):
        """The columns (n×c), NaN where a cell is missing."""
        return numpy.array([[float(cell or "nan") for cell in row] for row in self.rows], dtype)

    def design(self):
        """The features (n×p)."""
        by_name = dict(zip(self.columns, self.numbers().T))
        made = []
        for name in self.features:
            encoding = self.encodings.get(name, {"column": name, "power": 1})
            assert encoding.keys() == {"column", "power"}, f"{encoding}: teach check.py what this is"
            made.append(by_name[encoding["column"]] ** encoding["power"])
        return numpy.column_stack(made)

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
        inputs = {name: column[:, None] for name, column in zip(case.columns, case.numbers(kind).T)}
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
            cells = {name: float(cell) if cell else None for name, cell in zip(case.columns, row)}
            jpmml[i][j] = evaluator.evaluate(cells)[output]
            pmml4s[i][j] = other.predict({name: cell for name, cell in cells.items() if cell is not None})[output]
    results.compare(("PMML 4.4", f"JPMML-Evaluator (jpmml_evaluator {version('jpmml_evaluator')})"), case, jpmml)
    results.compare(("PMML 4.4", f"PMML4S (pypmml {version('pypmml')})"), case, pmml4s)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def check_sql(case, results):
    cells = [[float(cell) if cell else None for cell in row] for row in case.rows]
    texts = [list(row) for row in case.rows]

    def ask(connect, label, dialect, kind, rows, mark):
        case.export("--out", "m.sql", "--dialect", dialect)
        with open("m.sql", encoding="utf-8") as file:
            select = file.read().strip().removesuffix(";")
        with connect() as connection:
            cursor = connection.cursor()
            columns = ", ".join(f"{quoted(name)} {kind}" for name in case.columns)
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
    paths = sorted(os.path.abspath(path) for path in glob.glob(os.path.join(DATA, "*.csv")))
    assert paths, "no data"
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)
    write("awkward.csv", AWKWARD[0], AWKWARD[1:])
    results, cases = Results(), 0
    for path in [*paths, os.path.abspath("awkward.csv")]:
        names, _ = rows_of(path)
        targets = {"fruits.csv": names[-2:], "crops.csv": names[-2:]}.get(os.path.basename(path), names[-1:])
        rate = ["--target", ",".join(targets), "--standardize", "--epochs", "40"]
        for options in (rate, [*rate, "--poly", f"{names[0]}:3"], [*rate, "--no-bias"], [*rate, "--l1", "1"]):
            case = Case(path, options)
            check_onnx(case, results)
            check_safetensors(case, results)
            check_pmml(case, results)
            check_sql(case, results)
            cases += 1
        if "awkward" not in path:
            check_init(path, Case(path, rate))
    Pmml4s.close()
    print("\n".join(results.table()))
    print(f"{cases} models of {len(paths) + 1} data sets: every client predicts what linreg predicts")


if __name__ == "__main__":
    main()
