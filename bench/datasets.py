"""Makes the files that the cases read: once, from a seed, with the standard library only.

Every file follows y = x.w + 2 + noise, where the features are independent, of mean 0 and of the deviations in
`SCALES`, the weights are `true_weight(j)` and the noise has deviation 1. So the best mean squared error is close to
1, and the largest stable learning rate is close to 1 / max(deviation)^2, known before any row is read.

The tables in `LEVELS` have a category besides, the last of the features, each level of which adds its own number to y.

At most a million rows are drawn; a longer file repeats them. No reader or compressor here looks back that far
(a block is 80 MB or more), and a regression on repeated rows has the same answer.
"""

import gzip
import os
import random
import shutil
import subprocess
import sys
from operator import mul
from pathlib import Path

BLOCK = 1_000_000
SCALES = [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.0]
BIAS = 2.0

# name: (rows, features, how a number is written)
TABLES = {
    "million": (1_000_000, 10, "%.4f"),
    "twomillion": (2_000_000, 10, "%.4f"),
    "tall": (10_000_000, 10, "%.4f"),
    "short": (10_000_000, 10, "%.1f"),
    "quoted": (1_000_000, 10, '"%.4f"'),
    "digits17": (4_000_000, 10, "%r"),
    "wide": (20_000, 1_000, "%.4f"),
    "levels": (2_000_000, 10, "%.4f"),
}
LEVELS = {"levels": 260}


def scales(features):
    return SCALES if features == len(SCALES) else [1.0] * features


def true_weight(j):
    """1, -1.3, 1.6, -1.9, 2.2 and again; small for wide tables, so that y keeps its size."""
    return (-1) ** j * (1 + 0.3 * (j % 5))


def learning_rate(table, scale):
    """Half of the largest stable rate, which is 1 / (the largest eigenvalue of the features' covariance matrix).

    Drawn from n rows, p equal variances become eigenvalues between (1 -+ sqrt(p / n))^2 times the variance.
    """
    rows, features, _ = TABLES[table]
    spread = (1 + (features / scaled_rows(rows, scale)) ** 0.5) ** 2 if features > len(SCALES) else 1.0
    return round(0.5 / (spread * max(scales(features)) ** 2), 4)


def level_effect(level):
    """What a level adds to y: a number from -3 to 3."""
    return level % 7 - 3.0


def lines(rows, features, form, seed, levels=0):
    """Yields `rows` lines of text. One generator, read in row order: the same seed gives the same bytes."""
    generator = random.Random(seed)
    gauss = generator.gauss
    deviation = scales(features)
    weights = [true_weight(j) for j in range(features)]
    row = ",".join([form] * features + ["p%03d"] * bool(levels) + [form]) + "\n"
    for _ in range(rows):
        x = [gauss(0.0, s) for s in deviation]
        y = sum(map(mul, x, weights)) + BIAS + gauss(0.0, 1.0)
        if levels:
            x.append(generator.randrange(levels))
            y += level_effect(x[-1])
        yield row % (*x, y)


def write_table(path, rows, features, form, levels=0, seed=1):
    """Draws at most `BLOCK` rows, then copies them until the file has `rows`."""
    quote = '"' if form.startswith('"') else ""
    names = [quote + name + quote for name in ["x%d" % (j + 1) for j in range(features)] + ["place"] * bool(levels) + ["y"]]
    with open(path, "w+b", buffering=1 << 20) as file:
        file.write((",".join(names) + "\n").encode())
        start = file.tell()
        drawn = min(rows, BLOCK)
        for line in lines(drawn, features, form, seed, levels):
            file.write(line.encode())
        file.flush()
        size = file.tell() - start
        for _ in range(rows // drawn - 1):
            append_block(file, start, size)


def append_block(file, start, size, piece=1 << 22):
    end = file.seek(0, os.SEEK_END)
    for offset in range(0, size, piece):
        file.seek(start + offset)
        data = file.read(min(piece, size - offset))
        file.seek(end + offset)
        file.write(data)
    file.flush()


def compress(source, path):
    """A gzip or zstd copy of a file, as the usual tools make it."""
    if path.name.endswith(".gz.part"):
        with open(source, "rb") as plain, open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
    else:
        subprocess.run(["zstd", "-q", "-3", "-f", str(source), "-o", str(path)], check=True)


def scaled_rows(rows, scale):
    """At least 5,000, so that the widest table keeps five rows a column; above a block, whole blocks."""
    rows = max(5_000, int(rows * scale))
    return rows if rows <= BLOCK else rows // BLOCK * BLOCK


def path_of(folder, name, scale):
    """Where a data set is kept; its name tells the scale: `tall.csv`, `tall-0.1.csv`, `twomillion.csv.gz`."""
    table, _, packed = name.partition(".")
    mark = "" if scale == 1 else "-%g" % scale
    return Path(folder) / ("%s%s.csv%s" % (table, mark, "." + packed if packed else ""))


def make(folder, name, scale):
    """Returns the path of data set `name` (such as `tall` or `twomillion.gz`), made if it is not there."""
    path = path_of(folder, name, scale)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    print("making %s ..." % path.name, file=sys.stderr, flush=True)
    table, _, packed = name.partition(".")
    if packed:
        compress(make(folder, table, scale), part)
    else:
        rows, features, form = TABLES[table]
        write_table(part, scaled_rows(rows, scale), features, form, LEVELS.get(table, 0))
    os.replace(part, path)
    return path


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2], float(sys.argv[3]))
