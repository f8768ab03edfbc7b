"""What `linreg spark` has Spark do: `linreg` itself summarizes every partition of the rows where it lies.

Runs on the driver, with the folder of the job as its only argument; needs nothing but Python, there and on the nodes. Tasks
have no effects: what they found is returned, so it counts once, however often they run. See src/cli/spark.
"""

import base64
import csv
import io
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

from pyspark import SparkFiles
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

BLOCK = 4096  # rows that are handed to linreg at a time
FAN = 32  # summaries that one task adds up
SAMPLE = 1001  # lines that tell what the columns are: a header and the rows that linreg itself looks at
TASKS = 64  # the least number of partitions, if there is enough text: it must not depend on the size of the cluster


def fault(partition, said):
    """What ends a job; the driver finds it among Spark's own words."""
    facts = {"said": said, "partition": partition, "host": platform.node(), "machine": platform.machine()}
    return RuntimeError("linreg-fault:" + base64.b64encode(json.dumps(facts).encode()).decode() + ":")


def linreg(job, partition, arguments, lines):
    """Feeds `lines` to linreg on a node. Returns how many they were, what it printed, and what it counted."""
    with tempfile.TemporaryDirectory() as folder:
        counts, said = os.path.join(folder, "counts"), os.path.join(folder, "said")
        command = [SparkFiles.get(job["binary"]), "summarize", "--part", "--threads=1", "--counts=" + counts, *arguments]
        with open(said, "wb") as stderr:
            try:
                process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
            except OSError as error:
                raise fault(partition, f"cannot run: {error.strerror}") from None
            fed = 0
            try:
                while block := list(itertools.islice(lines, BLOCK)):
                    fed += len(block)
                    try:
                        process.stdin.write(("\n".join(block) + "\n").encode())
                    except BrokenPipeError:
                        break  # it has said why
                printed = process.communicate()[0].decode()
            finally:
                process.kill()
        with open(said, encoding="utf-8", errors="replace") as text:
            said = text.read()
        if process.returncode != 0:
            raise fault(partition, said or f"exit code {process.returncode} without a word")
        with open(counts, encoding="utf-8") as text:
            return fed, printed.strip(), json.load(text)


def rows_of(job, values):
    """The lines of a partition that hold rows: no headers, no blank lines."""
    if not job["is_text"]:
        return values
    headers = (job["header"], "\ufeff" + job["header"]) if job["header"] else ()
    return (line for line in values if line not in headers and not line.isspace() and line)


def summarize(job, partition, rows):
    """Of one partition: its number, [its number, rows fed to linreg, what linreg counted], and the summary."""
    lines = rows_of(job, (row[0] for row in rows))
    first = next(lines, None)
    if first is None:
        return partition, [[partition, 0, None]], ""
    above = [job["header"]] if job["header"] else []
    fed, line, counts = linreg(job, partition, job["arguments"], itertools.chain(above, [first], lines))
    return partition, [[partition, fed - len(above), counts]], line


def add(job, group, parts):
    """The same of neighbours: their summaries added up in their order."""
    parts = sorted(parts)
    lines = [line for _, _, line in parts if line]
    line = linreg(job, parts[0][0], [], iter(lines))[1] if lines else ""
    return group, [count for _, counts, _ in parts for count in counts], line


def locate(job, spark, frame, partition, line):
    """The file of a line that linreg was fed, where the block of it begins that the partition has, and the line in that."""

    def walk(rows):
        fed, file, here = (1 if job["header"] else 0), None, 0
        for value, *source in rows:
            here = here + 1 if source == file else 1
            file = source
            if any(rows_of(job, iter([value]))):
                fed += 1 + value.count("\n")
            if fed >= line:
                return [(*file, here)]
        return []

    try:
        sourced = frame.select(frame.columns[0], "_metadata.file_path", "_metadata.file_block_start")
        return dict(zip(("file", "start", "line"), spark.sparkContext.runJob(sourced.rdd, walk, [partition])[0]))
    except Exception:  # tables need not know their files
        return None


def columns_of(schema):
    """A header and a row that say what the columns of a table are: numbers, or texts."""
    text, numbers = io.StringIO(), ("byte", "short", "integer", "long", "float", "double", "decimal")
    is_number = [field.dataType.typeName() in numbers for field in schema]
    csv.writer(text, lineterminator="\n").writerows([schema.names, ["0" if number else "text" for number in is_number]])
    return text.getvalue()


def cell(column, kind, is_category):
    """A column with the texts that linreg gives the cells of a Parquet file."""
    if kind in ("float", "double"):
        column = F.when(~F.isnan(column), column)
        if is_category:
            # Whole numbers without a decimal mark. Texts have the decimals of a float, which is another number as a double.
            return F.when(column == F.floor(column), F.floor(column).cast("string")).otherwise(column.cast("string"))
        return column.cast("double")
    return column.cast("int") if kind == "boolean" and not is_category else column


def chosen(schema, names, categories):
    """The columns that linreg asks for, as one line of CSV for every row."""
    columns = []
    for name in names:
        field = next(field for field in schema if field.name.strip() == name)
        kind = field.dataType.typeName()
        if kind in ("array", "map", "struct", "binary", "date", "variant") or "timestamp" in kind or "interval" in kind:
            raise ValueError(f'error: <stdin>: column "{name}" is of type {field.dataType.simpleString()}; expected numbers or texts')
        column = F.col("`" + field.name.replace("`", "``") + "`")
        columns.append(cell(column, kind, name in categories).alias(field.name))
    return F.to_csv(F.struct(*columns), {"escape": '"'}).alias("value")


def prepare(job, spark):
    """What is fed to linreg: a frame of one column. Completes the job with the arguments for linreg and the header."""
    paths = job["data"]
    if job["format"] == "table":
        frame = spark.table(paths[0])
    else:
        frame = spark.read.format("text" if job["is_text"] else job["format"]).load(paths)
    if job["is_text"]:
        sample = "".join(row[0] + "\n" for row in frame.select("value").take(SAMPLE))
    else:
        sample = columns_of(frame.schema)
    command = [job["linreg"], "summarize", "--plan", *job["options"], *job["columns"], *job["categorical"]]
    planned = subprocess.run(command, input=sample.encode(), capture_output=True)
    if planned.returncode != 0:
        raise ValueError(planned.stderr.decode())
    plan = json.loads(planned.stdout)
    job["told"] = {"notes": planned.stderr.decode(), "names": plan["names"]}
    categories = ["--categorical=" + ",".join(plan["categories"])] if plan["categories"] else []
    dialect = ["--delimiter=" + plan["delimiter"], "--header" if plan["has_header"] else "--no-header"]
    if job["is_text"]:
        lines = (line.removeprefix("\ufeff") for line in sample.splitlines())
        job["header"] = next(line for line in lines if line.strip()) if plan["has_header"] else None
        job["arguments"] = [*job["options"], *job["columns"], *categories, *dialect]
        return frame.select("value")
    names, header = plan["columns"] + job["weight"], io.StringIO()
    csv.writer(header, lineterminator="").writerow(names)
    job["header"] = header.getvalue()
    job["arguments"] = [*job["options"], *categories, *dialect]
    return frame.select(chosen(frame.schema, names, plan["categories"]))


def main(folder):
    with open(os.path.join(folder, "job.json"), encoding="utf-8") as text:
        job = json.load(text)
    answer, spark, frame = {}, SparkSession.builder.getOrCreate(), None
    if spark.conf.get("spark.sql.files.minPartitionNum", None) is None:
        spark.conf.set("spark.sql.files.minPartitionNum", str(TASKS))
    try:
        frame = prepare(job, spark)
        spark.sparkContext.addFile(job["executable"])
        parts = frame.rdd.mapPartitionsWithIndex(lambda index, rows: [summarize(job, index, rows)])
        count = answer["partitions"] = parts.getNumPartitions()
        left = count
        while left > FAN:
            left = -(-left // FAN)
            grouped = parts.map(lambda part: (part[0] // FAN, part)).groupByKey(left, int)
            parts = grouped.map(lambda group: add(job, *group))
        found = sorted(parts.collect())
        answer["parts"] = [counts for _, group, _ in found for counts in group]
        answer.update(job["told"])
        with open(os.path.join(folder, "summaries"), "w", encoding="utf-8") as text:
            text.writelines(line + "\n" for _, _, line in found if line)
    except ValueError as error:
        answer["fault"] = {"said": str(error)}
    except Exception as error:
        mark = re.search("linreg-fault:([A-Za-z0-9+/=]+):", str(error))
        if not mark:
            answer["refusal"] = str(getattr(error, "java_exception", error))
        else:
            answer["fault"] = json.loads(base64.b64decode(mark[1]))
            line = re.search(r"<stdin>:(\d+)", answer["fault"]["said"])
            if line:
                answer["fault"]["place"] = locate(job, spark, frame, answer["fault"]["partition"], int(line[1]))
    with open(os.path.join(folder, "answer.json"), "w", encoding="utf-8") as text:
        json.dump(answer, text)
    spark.stop()


main(sys.argv[1])
