"""What the checks of engines share."""

import os
import sys
import time


def wait(what, condition, seconds=120):
    """What `condition` returns once that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"{os.path.basename(sys.argv[0])}: waited {seconds} s in vain: {what}")
