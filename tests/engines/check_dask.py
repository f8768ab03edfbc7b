"""engines/dask/summarize.py on a Dask scheduler with two workers, all on loopback: python check_dask.py PATH/TO/linreg

What comes back is, to the last bit, what `linreg summarize --by-file` prints, also if a worker dies in the middle.
"""

import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import distributed
from distributed import Client

from waiting import wait

FILES, ROWS = 12, 1000
RECIPE = Path(__file__).parents[2] / "engines" / "dask" / "summarize.py"


def expect(name, is_true, said):
    print(f"  {'ok' if is_true else 'WRONG':5} {name}", flush=True)
    if not is_true:
        sys.exit(f"check_dask: {name}\n{said}")


def write_rows(folder):
    draw = random.Random(1)
    for file in range(FILES):
        with open(folder / f"{file:02}.csv", "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["region", "x", "y"])
            for _ in range(ROWS):
                x = draw.gauss(10, 3)
                writer.writerow([7 if file == 1 else draw.choice(["Hoenn", "Johto", ""]), x, 2 * x + draw.gauss(0, 1)])


def slow_linreg(folder, linreg):
    """A `linreg` that waits in the middle of the job until it is told to go on."""
    program = folder / "bin" / "linreg"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh
touch {folder}/started.$$
if [ "$(ls {folder} | grep -c done)" -ge 4 ]; then
    while [ ! -e {folder}/go ]; do sleep 0.05; done
fi
{linreg} "$@"
code=$?
touch {folder}/done.$$
exit $code
""")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s"}


def main(linreg):
    started = []
    with tempfile.TemporaryDirectory(prefix="linreg-check-") as folder:
        folder = Path(folder)
        environment = slow_linreg(folder, linreg)

        def start(name, *words, **how):
            command = [sys.executable, *words]
            with open(folder / f"{name}.log", "w") as log:
                started.append(subprocess.Popen(command, env=environment, cwd=folder, stdout=how.get("stdout", log), stderr=log, text=True))
            return started[-1]

        try:
            write_rows(folder)
            file = folder / "scheduler.json"
            start("scheduler", "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
            wait("the scheduler", file.exists)
            one = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", file]
            workers = [start(f"worker-{k}", "-m", "distributed.cli.dask_worker", *one) for k in (1, 2)]
            with Client(scheduler_file=str(file)) as client:
                client.wait_for_workers(2, timeout=60)
                address = client.scheduler.address

            files = sorted(folder.glob("*.csv"))
            options = ["--target", "y", "--categorical", "region", "--missing", "mean"]
            job = start("job", RECIPE, address, *files, "--", *options, stdout=subprocess.PIPE)
            count = lambda kind: len(list(folder.glob(f"{kind}.*")))
            wait("tasks on both workers", lambda: count("done") >= 4 and count("started") == count("done") + 2)
            workers[0].send_signal(signal.SIGKILL)
            (folder / "go").touch()
            found = job.communicate(timeout=120)[0]
            expect("a killed worker: exit code 0", job.returncode == 0, (folder / "job.log").read_text())
            expect("a killed worker: its tasks ran again", count("started") > FILES, count("started"))

            expected = ""
            for file in files:
                command = [linreg, "summarize", "--part", "--data", file, *options]
                expected += subprocess.run(command, capture_output=True, text=True, check=True).stdout
            expect(f"{FILES} summaries, to the last bit", found == expected, found)
            train = [linreg, "train", "--data", "-", "--target", "y", "--solver", "qr", "--quiet", "--json"]
            done = subprocess.run(train, input=found, capture_output=True, text=True)
            expect(f"{FILES * ROWS} rows in a model", f'"rows":{FILES * ROWS}' in done.stdout, done)
        finally:
            # Workers may take their time to end when asked.
            for process in reversed(started):
                process.kill()
                process.wait()


if __name__ == "__main__":
    begun = time.monotonic()
    print("Dask", distributed.__version__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(os.path.realpath(sys.argv[1]))
    print(f"  {time.monotonic() - begun:.0f} s")
