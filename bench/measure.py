"""Runs one command as a whole process: wall time, peak memory, what it printed."""

import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

KIB = 1024
SAMPLE_SECONDS = 0.01


@dataclass
class Run:
    seconds: float
    peak_bytes: int  # None: it cannot be told, see `memory_floor`
    code: int
    stdout: str
    stderr: str


def run(command, env=None, feed=None, limit=None, discard=False):
    """Starts `command` (with the output of `feed` piped in), waits for it, kills it after `limit` seconds.

    With `discard` its output goes to /dev/null.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        feeder = subprocess.Popen(feed, stdout=subprocess.PIPE) if feed else None
        process = subprocess.Popen(command, stdin=feeder.stdout if feeder else subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL if discard else out,
                                   stderr=err, env={**os.environ, **(env or {})}, start_new_session=True)
        if feeder:
            feeder.stdout.close()
        watcher = Watcher(process.pid, limit)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        watcher.stop()
        if feeder:
            feeder.wait()
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss * KIB
        return Run(seconds, peak if peak > 1.02 * memory_floor() else watcher.peak_bytes, process.returncode,
                   text(out), text(err) + ("stopped after %g s\n" % limit if watcher.killed else ""))


def memory_floor():
    """What os.wait4 reports at least: a new process starts within this one's memory, and the kernel counts that.

    For smaller programs the peak that /proc shows while they run is taken; a short one may be over before a look.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


class Watcher(threading.Thread):
    """Samples a process's own peak memory while it runs, and kills its group when its time is over."""

    def __init__(self, pid, limit):
        super().__init__(daemon=True)
        self.pid, self.limit = pid, limit
        self.peak_bytes, self.killed = None, False
        self.done = threading.Event()
        self.start()

    def run(self):
        began = time.perf_counter()
        while not self.done.wait(SAMPLE_SECONDS):
            self.peak_bytes = self.sample() or self.peak_bytes
            if self.limit and time.perf_counter() - began > self.limit and not self.killed:
                self.killed = True
                os.killpg(self.pid, signal.SIGKILL)

    def sample(self):
        try:
            with open("/proc/%d/status" % self.pid) as status:
                fields = [line.split() for line in status if line.startswith("VmHWM:")]
            return int(fields[0][1]) * KIB if fields else None
        except OSError:
            return None

    def stop(self):
        self.done.set()
        self.join()


def text(file):
    file.seek(0)
    return file.read().decode(errors="replace")
