"""Which programs do which work: a function for each case, returning its contenders."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import datasets

HERE = Path(__file__).resolve().parent

# How far a result may be from the reference, as a share of the MSE and of the largest weight.
SAME_STEPS = 1e-9  # the same descent in f64
CLOSED = 1e-5  # the optimum itself: the rates here leave less than 1e-5 of the way to it
SINGLE = 1e-3  # the same descent in f32
PREDICTED = 1e-12  # the same sum of products, in any order

# peer: (label, Python packages it needs, tolerance or None if it only loads)
PEERS = {
    "python_loop": ("Python loop", (), SAME_STEPS),
    "numpy_loop": ("NumPy loop", ("numpy",), SAME_STEPS),
    "numpy_gram": ("NumPy loop on X'X", ("numpy",), SAME_STEPS),
    "numpy_lstsq": ("NumPy lstsq", ("numpy",), CLOSED),
    "torch_loop": ("PyTorch SGD, f32", ("numpy", "torch"), SINGLE),
    "keras_fit": ("Keras fit, f32", ("numpy", "keras", "tensorflow"), SINGLE),
    "sklearn_linear": ("scikit-learn", ("numpy", "sklearn"), CLOSED),
    "polars_load": ("Polars, load only", ("polars",), None),
    "polars_gram": ("Polars X'X, solve", ("polars", "numpy"), CLOSED),
    "pyarrow_load": ("pyarrow, load only", ("pyarrow",), None),
    "pyarrow_lstsq": ("pyarrow, NumPy lstsq", ("pyarrow", "numpy"), CLOSED),
    "duckdb_load": ("DuckDB, sums only", ("duckdb",), None),
    "duckdb_gram": ("DuckDB X'X, solve", ("duckdb", "numpy"), CLOSED),
    "predict_polars": ("Polars", ("polars",), PREDICTED),
    "predict_duckdb": ("DuckDB", ("duckdb",), PREDICTED),
    "predict_pandas": ("pandas", ("pandas",), PREDICTED),
    "predict_mawk": ("mawk", (), PREDICTED),
    "predict_miller": ("Miller", (), PREDICTED),
    "onehot_sklearn": ("scikit-learn, one-hot", ("polars", "sklearn"), CLOSED),
    "onehot_scipy": ("SciPy, sparse X'X, solve", ("polars", "scipy", "sklearn"), CLOSED),
    "sweep_numpy": ("NumPy loops on X'X", ("numpy",), SAME_STEPS),
}

# Programs that a peer starts.
PROGRAMS = {"predict_mawk": "mawk", "predict_miller": "mlr"}


@dataclass
class Contender:
    label: str
    command: list
    packages: tuple = ()  # Python packages that must be there
    tolerance: float = None
    env: dict = field(default_factory=dict)
    feed: list = None  # a command whose output is piped in
    epochs: int = None  # if it runs fewer epochs than the case: its time is scaled up
    reference: list = None  # the command it is to agree with, if not the first contender
    program: str = None  # what the command starts
    check: list = None  # if its output is thrown away: the same on fewer rows, to be looked at


@dataclass
class Case:
    name: str
    title: str
    file: Path
    rows: int
    epochs: int
    contenders: list
    baseline: str = "wc -l"  # the contender that shows what reading alone costs
    repeat: int = 1  # rounds for each round asked for


class Maker:
    """Builds commands: knows the programs' paths, the data's folder and scale."""

    def __init__(self, linreg, python, folder, scale):
        self.linreg, self.python, self.folder, self.scale = linreg, python, folder, scale

    def rows(self, table):
        return datasets.scaled_rows(datasets.TABLES[table][0], self.scale)

    def rate(self, table):
        return datasets.learning_rate(table, self.scale)

    def train(self, file, epochs, lr, *more, label="linreg", tolerance=SAME_STEPS, env=None):
        command = [self.linreg, "train", "--data", str(file), "--epochs", str(epochs), "--lr", repr(lr),
                   "--init", "zeros", "--quiet", "--json", *more]
        return Contender(label, command, (), tolerance, env or {})

    def solve(self, file, label="linreg --solver qr", packages=()):
        command = [self.linreg, "train", "--data", str(file), "--solver", "qr", "--quiet", "--json"]
        return Contender(label, command, packages, CLOSED)

    def peer(self, name, file, epochs, lr, targets=1):
        label, packages, tolerance = PEERS[name]
        command = [self.python, str(HERE / "peers" / (name + ".py")), str(file), str(epochs), repr(lr), str(targets)]
        return Contender(label, command, packages, tolerance)

    def peers(self, names, *work):
        return [self.peer(name, *work) for name in names.split()]

    def linfa(self, file):
        """The Rust peer, built first; without cargo or its crates it stays missing."""
        folder = HERE / "peers" / "linfa"
        if shutil.which("cargo"):
            subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", "target"], cwd=folder)
        return Contender("linfa", [str(folder / "target" / "release" / "linfa-fit"), str(file)], (), CLOSED)

    def parquet(self, file, codec):
        """The Parquet file of a CSV file, packed with that codec; missing without pyarrow."""
        packed = file.with_name("%s-%s.parquet" % (file.stem, codec))
        if not packed.exists():
            subprocess.run([self.python, str(HERE / "peers" / "write_parquet.py"), str(file), str(packed), codec])
        return packed

    def few_epochs(self, name, file, epochs, lr, all_epochs):
        """A slow peer, run for `epochs` of `all_epochs`."""
        contender = self.peer(name, file, epochs, lr)
        contender.epochs = epochs
        contender.reference = (self.train(file, epochs, lr) if self.linreg else
                               self.peer("numpy_gram", file, epochs, lr)).command
        contender.label += " (%d of %d epochs)" % (epochs, all_epochs)
        return contender


    def predict(self, model, file, label, *more, piped=False):
        """`linreg predict`, its output thrown away, if `piped` by a `cat` at the other end."""
        command = [self.linreg, "predict", "--model", str(model), "--data", str(file), *more]
        check = [self.linreg, "predict", "--model", str(model), "--data", str(head(file)), *more]
        if piped and self.linreg:
            command = ["sh", "-c", 'exec "$@" | cat > /dev/null', "sh", *command]
        return Contender(label, command, (), PREDICTED, check=check)

    def predictor(self, name, model, file):
        label, packages, tolerance = PEERS[name]
        command = [self.python, str(HERE / "peers" / (name + ".py")), str(model)]
        return Contender(label, [*command, str(file)], packages, tolerance, program=PROGRAMS.get(name),
                         check=[*command, str(head(file))])


def head(file):
    """The first 10,000 rows of a file, in a file beside it."""
    beside = file.with_name(file.stem + "-head.csv")
    with open(file) as rows, open(beside, "w") as few:
        few.writelines(line for _, line in zip(range(10_001), rows))
    return beside


def known_model(file):
    """Nearly the weights that the rows were made with, as long as trained ones, in a model beside the file."""
    model = file.with_name(file.stem + "-model.json")
    with open(file) as rows:
        names = rows.readline().strip().split(",")
    weights = [datasets.true_weight(j) + 1 / 3000 for j in range(len(names) - 1)]
    model.write_text(json.dumps({"format": "linreg-model", "version": 1, "features": names[:-1],
                                 "targets": names[-1:], "weights": [weights], "bias": [datasets.BIAS + 1 / 3000]}))
    return model


def wc(file):
    return Contender("wc -l", ["wc", "-l", str(file)])


def cat_into(label, command, file):
    return Contender(label, command, feed=["cat", str(file)])


def tall(make):
    file, epochs, lr = datasets.make(make.folder, "tall", make.scale), 500, make.rate("tall")
    names = "polars_load polars_gram pyarrow_load pyarrow_lstsq duckdb_load duckdb_gram numpy_lstsq"
    return Case("tall", "ten million rows of four decimals", file, make.rows("tall"), epochs, [
        make.train(file, epochs, lr),
        make.solve(file),
        wc(file), cat_into("cat | wc -c", ["wc", "-c"], file),
        *make.peers(names, file, epochs, lr), make.linfa(file),
    ])


def million(make):
    file, epochs, lr = datasets.make(make.folder, "million", make.scale), 500, make.rate("million")
    names = "numpy_loop numpy_gram numpy_lstsq torch_loop sklearn_linear polars_gram pyarrow_lstsq duckdb_gram"
    r = Contender("R lm", ["Rscript", str(HERE / "peers" / "r_lm.R"), str(file)], (), CLOSED)
    return Case("million", "a million rows, 500 epochs", file, make.rows("million"), epochs, [
        make.train(file, epochs, lr), wc(file), *make.peers(names, file, epochs, lr), make.linfa(file), r,
        make.few_epochs("keras_fit", file, 25, lr, epochs),
    ])


def predict(make):
    file = datasets.make(make.folder, "tall", make.scale)
    model = known_model(file)
    names = "predict_polars predict_duckdb predict_mawk predict_pandas predict_miller"
    return Case("predict", "ten million rows predicted, output to /dev/null", file, make.rows("tall"), 0, [
        make.predict(model, file, "linreg"), make.predict(model, file, "linreg | cat", piped=True),
        make.predict(model, file, "linreg --append", "--append"), wc(file),
        *(make.predictor(name, model, file) for name in names.split())])


def sweep(make):
    """Ten rates, ten penalties, 500 epochs; the answer is the error of every combination."""
    file, epochs, lr = datasets.make(make.folder, "million", make.scale), 500, make.rate("million")
    rates, penalties = ([repr(top * 0.5 ** i) for i in range(10)] for top in (lr, 1.0))
    grid = ["--lr", ",".join(rates), "--l2", ",".join(penalties), "--epochs", str(epochs), "--init", "zeros", "--quiet"]
    summary = file.with_name(file.stem + ".summary")
    if make.linreg:
        with open(summary, "w") as lines:
            subprocess.run([make.linreg, "summarize", "--data", str(file)], stdout=lines, check=True)

    def ours(label, data, *more):
        return Contender(label, [make.linreg, "sweep", "--data", str(data), *grid, *more], (), SAME_STEPS)

    label, packages, _ = PEERS["sweep_numpy"]
    loops = [make.python, str(HERE / "peers" / "sweep_numpy.py"), str(file), str(epochs), ",".join(rates),
             ",".join(penalties)]
    return Case("sweep", "100 combinations of a rate and a penalty, 500 epochs each, over a million rows", file,
                make.rows("million"), epochs, [
        ours("linreg", file), ours("linreg, a summary", summary), ours("linreg, 5 folds", file, "--folds", "5"),
        make.train(file, epochs, lr, label="linreg train, one of them", tolerance=None),
        Contender(label, loops, packages, SAME_STEPS),
        Contender("NumPy on X'X, all as one matrix", [*loops, "all"], packages, SAME_STEPS)],
        baseline="linreg train, one of them", repeat=5)


def wide(make):
    file, epochs, lr = datasets.make(make.folder, "wide", make.scale), 200, make.rate("wide")
    return Case("wide", "a thousand features, 200 epochs", file, make.rows("wide"), epochs, [
        make.train(file, epochs, lr), wc(file),
        *make.peers("numpy_loop numpy_gram torch_loop numpy_lstsq", file, epochs, lr),
    ])


def levels(make):
    """A category with many levels: a column of zeros and ones for each but the first."""
    file = datasets.make(make.folder, "levels", make.scale)
    packed = make.parquet(file, "snappy")
    names = "onehot_scipy onehot_sklearn polars_load"
    return Case("levels", "two million rows with a category of 260 levels, exact", file, make.rows("levels"), 0, [
        make.solve(file, "linreg"), make.solve(packed, "linreg, Parquet", ("pyarrow",)), wc(file), *make.peers(names, file, 0, 0.0)])


def digits17(make):
    return reading(make, "digits17", "digits17", "four million rows of full precision")


def quoted(make):
    return reading(make, "quoted", "quoted", "a million rows, every field quoted")


def gzipped(make):
    return packed(make, "gzip", "twomillion.gz")


def zstandard(make):
    return packed(make, "zstd", "twomillion.zst")


def packed(make, program, data):
    """Compressed input: the baseline is the program that only unpacks."""
    case = reading(make, program, data, "two million rows, " + program, "polars_load pyarrow_lstsq duckdb_gram")
    case.baseline = program + " -dc"
    case.contenders[1] = Contender(case.baseline, ["sh", "-c", 'exec "$1" -dc "$2" >/dev/null', "sh", program,
                                                   str(case.file)])
    return case


def reading(make, name, data, title, names="polars_load polars_gram pyarrow_load pyarrow_lstsq duckdb_gram"):
    table = data.partition(".")[0]
    file, epochs, lr = datasets.make(make.folder, data, make.scale), 500, make.rate(table)
    return Case(name, title, file, make.rows(table), epochs, [
        make.train(file, epochs, lr), wc(file), *make.peers(names, file, epochs, lr)])


def parquet(make):
    return as_parquet(make, "parquet", "tall", "ten million rows as Parquet, packed with Snappy unless told")


def parquet_short(make):
    return as_parquet(make, "parquet_short", "short", "the same with numbers of one decimal, which repeat")


def as_parquet(make, name, data, title):
    """Numbers that are numbers already, packed in several ways, beside the CSV file of the same table."""
    file, epochs, lr = datasets.make(make.folder, data, make.scale), 500, make.rate(data)
    contenders = [make.train(file, epochs, lr, label="linreg, CSV")]
    for codec in ["plain", "snappy", "zstd"]:
        packed = make.parquet(file, codec)
        ours = make.train(packed, epochs, lr, label="linreg" if codec == "snappy" else "linreg, " + codec)
        ours.packages = ("pyarrow",)  # which writes the file
        contenders.append(ours)
    names = "polars_load polars_gram pyarrow_load duckdb_load duckdb_gram"
    return Case(name, title, file, make.rows(data), epochs,
                contenders + make.peers(names, make.parquet(file, "snappy"), epochs, lr), baseline="linreg, CSV")


def stdin(make):
    file, epochs, lr = datasets.make(make.folder, "twomillion", make.scale), 500, make.rate("twomillion")
    piped = make.train("-", epochs, lr)
    piped.feed = ["cat", str(file)]
    return Case("stdin", "two million rows through a pipe", file, make.rows("twomillion"), epochs, [
        piped, make.train(file, epochs, lr, label="linreg FILE"), wc(file),
        cat_into("cat | wc -l", ["wc", "-l"], file)])


def portable(make):
    file, epochs, lr = datasets.make(make.folder, "tall", make.scale), 500, make.rate("tall")
    plain = make.train(file, epochs, lr, label="linreg, LINREG_ISA=portable", env={"LINREG_ISA": "portable"})
    return Case("portable", "tall without the processor's extensions", file, make.rows("tall"), epochs, [
        make.train(file, epochs, lr), plain, wc(file), *make.peers("polars_load", file, epochs, lr)])


def tiny(make):
    file, epochs, lr = HERE.parent / "data" / "fruits.csv", 5_000, 1e-5
    return Case("tiny", "five rows, 5,000 epochs", file, 5, epochs, [
        make.train(file, epochs, lr, "--target", "apples,oranges"), wc(file),
        *make.peers("python_loop numpy_loop torch_loop", file, epochs, lr, 2),
    ], repeat=5)


CASES = {"tall": tall, "million": million, "predict": predict, "sweep": sweep, "wide": wide, "levels": levels, "digits17": digits17, "quoted": quoted,
         "portable": portable, "gzip": gzipped, "zstd": zstandard, "stdin": stdin, "parquet": parquet,
         "parquet_short": parquet_short, "tiny": tiny}


def processor():
    try:
        with open("/proc/cpuinfo") as info:
            names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
        return {"model": names[0] if names else "unknown", "cores": os.cpu_count()}
    except OSError:
        return {"model": "unknown", "cores": os.cpu_count()}
