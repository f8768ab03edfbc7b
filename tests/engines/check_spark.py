"""`linreg spark` on a Spark cluster of one master and two workers, all on loopback: python check_spark.py PATH/TO/linreg

What comes back is what `linreg summarize` makes of the same rows on one machine, also if a worker dies in the middle; rows that
get lost and cells that make no sense are told.
"""

import csv
import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
import pyspark

from waiting import wait

SPARK = Path(pyspark.__file__).parent / "bin"
FILES, ROWS = 12, 1000


class Cluster:
    """A master and two workers of one core. Leaves no process behind."""

    def __init__(self, folder):
        self.folder, self.mark = folder, f"LINREG_CHECK={folder}"
        key, value = self.mark.split("=", 1)
        self.environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("SPARK_")},
            key: value,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
            # Nothing runs for long: the first compiler of the JVM does.
            "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1",
            "SPARK_SUBMIT_OPTS": "-XX:TieredStopAtLevel=1",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "TMPDIR": str(folder),
        }
        self.started = []

    def __enter__(self):
        try:
            master = self.start("master.Master", "--port", "0", "--webui-port", "0")
            self.url = self.logged(master, r"Starting Spark master at (spark://[\d.:]+)")
            page = "http://127.0.0.1:" + self.logged(master, r"service 'MasterUI' on port (\d+)")
            for number in (1, 2):
                places = ("--work-dir", self.folder / f"work-{number}", "--webui-port", "0")
                self.start("worker.Worker", "--cores", "1", "--memory", "1g", *places, self.url)
            wait("two workers", lambda: urllib.request.urlopen(page + "/json/").read().count(b'"ALIVE"') >= 3)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, name, *arguments):
        log = self.folder / f"{len(self.started)}.log"
        command = [SPARK / "spark-class", "org.apache.spark.deploy." + name, "--host", "127.0.0.1", *arguments]
        with open(log, "wb") as out:
            self.started.append(subprocess.Popen(command, env=self.environment, stdout=out, stderr=out))
        return log

    def logged(self, log, pattern):
        found = wait(f"{pattern} in {log}", lambda: re.search(pattern, log.read_text(errors="replace")))
        return found[1]

    def workers(self):
        return self.started[1:]

    def __exit__(self, *_):
        for process in self.started:
            process.terminate()
        for process in self.started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # Executors and their Python end with their workers; whatever does not, ends here.
        for pid in processes(self.mark):
            os.kill(pid, signal.SIGKILL)


def processes(mark):
    """Those that have `mark` in their environment, this one excepted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            pass
    return found


def rows(file):
    """Of one file. What only one of the files has is what parts may stumble over."""
    draw = random.Random(file)
    for _ in range(ROWS):
        region = draw.choice(["Hoenn", "Johto", 'Kan"to, big', None])
        if file == 1:
            region = "7"  # all of them look like numbers
        if file == 2:
            region = None  # no level at all
        code = 9 if file == 3 else draw.choice([1, 2, 3])  # a level of its own
        x = None if file == 4 else draw.gauss(10, 3)  # no number at all
        z = None if draw.random() < 0.01 else draw.random()
        flag = {6: True, 7: None}.get(file, draw.choice([False, True] * 9 + [None]))  # a single level; none at all
        late = draw.random() < 0.3
        y = 20 + 2 * (x or 0) + 3 * code + 5 * (z or 0) + {"Johto": 4, "7": -3}.get(region, 8) + 6 * bool(flag) - late + draw.gauss(0, 1)
        yield region, code, x, z, draw.choice([0, 1, 2]), flag, late, y


def write_rows(folder):
    names = ["region", "code", "x", "z", "w", "flag", "late", "y"]
    kinds = [pa.string(), pa.int32(), pa.float64(), pa.float64(), pa.int8(), pa.bool_(), pa.bool_(), pa.float64()]
    for kind in ("csv", "parquet", "orc"):
        (folder / kind).mkdir()
    for file in range(FILES):
        table = list(rows(file))
        path = folder / "csv" / (f"{file:02}.csv" + (".gz" if file == 5 else ""))
        with (gzip.open(path, "wt", newline="") if file == 5 else open(path, "w", newline="")) as out:
            writer = csv.writer(out)
            writer.writerow(names)
            writer.writerows([written(cell, i) for i, cell in enumerate(row)] for row in table)
        columns = pa.table([pa.array(column, kind) for column, kind in zip(zip(*table), kinds)], names)
        pa.parquet.write_table(columns, folder / "parquet" / f"{file:02}.parquet")
        # Codes as databases without whole numbers have them, weights as numbers of 32 bits.
        columns = columns.set_column(1, "code", columns["code"].cast(pa.float64())).set_column(4, "w", columns["w"].cast(pa.float32()))
        pa.orc.write_table(columns, folder / "orc" / f"{file:02}.orc", compression="zstd" if file % 2 else "uncompressed")


def written(cell, place):
    """A cell of CSV."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "NA" if cell is None and place % 2 else cell


class Check:
    def __init__(self, linreg, folder, cluster):
        self.linreg, self.folder, self.cluster = linreg, folder, cluster

    def start(self, options, master=None, conf=()):
        command = [self.linreg, "spark", "--spark-submit", SPARK / "spark-submit", *options, "--", "--master", master or self.cluster.url]
        conf = ["driver.host=127.0.0.1", "driver.bindAddress=127.0.0.1", "ui.enabled=false", "executor.memory=512m", "executor.extraJavaOptions=-XX:TieredStopAtLevel=1", *conf]
        for setting in conf:
            command += ["--conf", "spark." + setting]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self.cluster.environment, cwd=self.folder, stdout=pipe, stderr=pipe, text=True)

    def run(self, options, **how):
        job = self.start(options, **how)
        out, said = job.communicate(timeout=300)
        return job.returncode, out, said

    def expect(self, name, is_true, said):
        print(f"  {'ok' if is_true else 'WRONG':5} {name}", flush=True)
        if not is_true:
            sys.exit(f"check_spark: {name}\n{said}")

    def model(self, data, options, text=None):
        command = [self.linreg, "train", *data, *options, "--target", "y", "--solver", "qr", "--quiet", "--json"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])["model"]

    def same(self, name, data, options, rows, kinds=("csv", "parquet"), **how):
        """The cluster's summary of `data` gives the model that files of these kinds give here. Returns it."""
        options = ["--target", "y", *options]
        code, out, said = self.run([*data, *options], **how)
        self.expect(f"{name}: exit code 0", code == 0, said)
        powers = [word for k, option in enumerate(options) if option == "--poly" for word in options[k : k + 2]]
        there = self.model(["--data", "-"], powers, text=out)
        for kind in kinds:
            files = [word for path in sorted((self.folder / kind).iterdir()) for word in ("--data", path)]
            here = self.model(files, options[2:])
            about = f"{name}, as {kind} here"
            self.expect(f"{about}: the same {len(there['features'])} features", there["features"] == here["features"], there)
            self.expect(f"{about}: {rows} rows", there["training"]["rows"] == here["training"]["rows"] == rows, there["training"])
            numbers = [[*model["weights"][0], *model["bias"], model["training"]["mse"]] for model in (there, here)]
            off = max(abs(a - b) / max(abs(a), abs(b)) for a, b in zip(*numbers))
            self.expect(f"{about}: the same weights (relative difference {off:.1e})", off <= 1e-12, numbers)
        return out, said

    def killed(self, options, conf, unkilled, parts):
        """Kills a worker and its executor once some tasks are done and each worker is in the middle of another.

        There is a task for each of the `parts`, and one more for every 32 of them, which adds them up.
        """
        marks = self.folder / "marks"
        marks.mkdir()
        slow = self.folder / "slow"
        slow.write_text(f"""#!/bin/sh
touch {marks}/started.$$
if [ "$(ls {marks} | grep -c done)" -ge 4 ]; then
    while [ ! -e {marks}/go ]; do sleep 0.05; done
fi
{self.linreg} "$@"
code=$?
touch {marks}/done.$$
exit $code
""")
        slow.chmod(0o755)
        count = lambda kind: len(list(marks.glob(f"{kind}.*")))
        job = self.start([*options, "--binary", slow], conf=conf)
        wait("tasks on both workers", lambda: count("done") >= 4 and count("started") == count("done") + 2)
        worker = self.cluster.workers()[0].pid
        victims = [worker, *children(worker)]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        before = count("started")
        (marks / "go").touch()
        out, said = job.communicate(timeout=300)
        self.expect(f"a killed worker: exit code 0 ({len(victims)} processes killed after {before} tasks began)", job.returncode == 0, said)
        self.expect("a killed worker: it was missed", "Lost executor" in said, said)
        self.expect("a killed worker: its tasks ran again", count("started") > parts + -(-parts // 32), count("started"))
        self.expect("a killed worker: the same bits", out == unkilled, said)


def refusals(check):
    folder = check.folder
    (folder / "bad").mkdir()
    text = "x,y\n" + "".join(f"{i % 97},{i % 101}\n" for i in range(30_000))
    (folder / "bad" / "a.csv").write_text(text)
    lines = text.splitlines(keepends=True)
    lines[20_000] = "oops,1\n"
    (folder / "bad" / "b.csv").write_text("".join(lines))
    code, out, said = check.run(["--data", folder / "bad"] + ["--format", "csv"])
    told = f'error: {folder}/bad/b.csv:20001:1: column "x": "oops" is not a number (partition'
    check.expect("a bad cell: exit code 1, our message, its line", code == 1 and not out and told in said, said)
    small = ["sql.files.maxPartitionBytes=32k", "sql.files.openCostInBytes=0"]
    code, out, said = check.run(["--data", folder / "bad", "--format", "csv"], master="local[2]", conf=small)
    found = re.search(r"bad/b.csv: .* \(line (\d+) after byte (\d+);", said)
    # A line belongs to the block in which it begins; the one that a block begins in belongs to the one before.
    rest = "".join(lines)[int(found[2]) :].split("\n") if found else []
    line = rest[int(found[1])] if found else ""
    check.expect("a bad cell far from the top of its file", code == 1 and line == "oops,1", said)

    code, out, said = check.run(["--data", folder, "--format", "delta"], master="local[2]")
    told = "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: delta."
    check.expect("Delta without its package: told", code == 1 and not out and told in said and "-- --packages io.delta:" in said, said)

    liar = folder / "liar"
    liar.write_text(f'#!/bin/sh\ncase $* in *--counts*) head -n 100 | {check.linreg} "$@" ;; esac\n')
    alien = folder / "alien"
    alien.write_bytes(b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xb7\0\1\0\0\0" + bytes(40))
    for binary, told in [
        (liar, "rows were sent, but 99 were read\nhint: check that --binary names a linreg of this version"),
        (alien, ": Exec format error\nhint: --binary PATH names another executable"),
    ]:
        binary.chmod(0o755)
        code, out, said = check.run(["--data", folder / "bad/a.csv", "--binary", binary], master="local[2]")
        check.expect(f"--binary {binary.name}: told", code == 1 and not out and told in said, said)


def main(linreg):
    with tempfile.TemporaryDirectory(prefix="linreg-check-") as folder:
        folder = Path(folder)
        write_rows(folder)
        with Cluster(folder) as cluster:
            check = Check(linreg, folder, cluster)
            csv_files = ["--data", folder / "csv", "--format", "csv"]
            parquet = ["--data", folder / "parquet", "--format", "parquet"]
            orc = ["--data", folder / "orc", "--format", "orc"]
            categories = ["--categorical", "code,region"]
            weighted = [*categories, "--missing", "mean", "--row-weight", "w"]
            total = FILES * ROWS
            zero = sum(row[4] == 0 for file in range(FILES) for row in rows(file))
            check.same("CSV, weights, mean", csv_files, weighted, total - zero)
            squares = ["--categorical", "code", "--missing", "mean", "--poly", "x:2", "--ignore", "w"]
            check.same("Parquet, powers, mean", parquet, squares, total, master="local[2]")
            check.same("ORC, weights, mean", orc, weighted, total - zero)
            table = ["--data", f"parquet.`{folder}/parquet`", "--format", "table"]
            late = sum(row[6] for file in range(FILES) for row in rows(file))
            truth = ["--features", "w,code", "--row-weight", "late"]
            check.same("a table, weights that are true or false", table, truth, late, kinds=["parquet"], master="local[2]")
            small = ["sql.files.maxPartitionBytes=16k", "sql.files.openCostInBytes=0"]
            drop = [*categories, "--missing", "drop", "--ignore", "w"]
            whole = sum(None not in row for file in range(FILES) for row in rows(file))
            unkilled, said = check.same("CSV in many parts, drop", csv_files, drop, whole, conf=small)
            parts = int(re.search(r"rows from (\d+) partitions", said)[1])
            check.expect(f"CSV in many parts: {parts} of them", parts > 32, said)
            refusals(check)
            check.killed([*csv_files, "--target", "y", *drop], small, unkilled, parts)
        left = processes(cluster.mark)
        check.expect("no process is left", not left, left)


if __name__ == "__main__":
    started = time.monotonic()
    print("Spark", pyspark.__version__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(os.path.realpath(sys.argv[1]))
    print(f"  {time.monotonic() - started:.0f} s")
