"""Summarizes files on a Dask cluster, one file a task: python summarize.py SCHEDULER FILE… -- OPTIONS OF linreg summarize > rows.summary

Every worker needs `linreg` on its path and the files under the same names. Lines come in the order of the files, so equal runs
give equal bits, whichever worker did what and however often.
"""

import subprocess
import sys

from dask.distributed import Client


def summarize(file, options):
    done = subprocess.run(["linreg", "summarize", "--part", "--threads=1", "--data", file, *options], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


if __name__ == "__main__":
    scheduler, *files = sys.argv[1:]
    files, options = files[: files.index("--")], files[files.index("--") + 1 :]
    with Client(scheduler) as client:
        sys.stdout.writelines(client.gather(client.map(summarize, files, options=options)))
