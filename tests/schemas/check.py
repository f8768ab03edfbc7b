"""Holds docs/schemas/ against what the program writes, with the jsonschema package: are they JSON Schemas, and do they hold?

check.py PATH/TO/linreg. Exits with 1 if not. tests/schemas.rs asks more of them, with less of a validator.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import referencing

ROOT = pathlib.Path(__file__).resolve().parents[2]


def documents(text: str):
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


def main() -> int:
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "docs/schemas").glob("*.json")}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    resources = [(name, referencing.Resource.from_contents(schema)) for name, schema in schemas.items()]
    registry = referencing.Registry().with_resources(resources)
    path = f"{pathlib.Path(sys.argv[1]).resolve().parent}{os.pathsep}{os.environ['PATH']}"
    count = dict.fromkeys(schemas, 0)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "data", f"{folder}/data")
        for line in (ROOT / "tests/schemas/outputs.txt").read_text("utf-8").splitlines():
            if line.startswith("#"):
                continue
            name, command = line.split(": ", 1)
            run = subprocess.run(["bash", "-c", command], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True)
            validator = jsonschema.Draft202012Validator(schemas[f"{name}.json"], registry=registry)
            for document in documents(run.stdout.decode()):
                count[f"{name}.json"] += 1
                for error in validator.iter_errors(document):
                    faults += 1
                    print(f"{command}\n  {error.json_path}: {error.message}")
    for name, documents_seen in sorted(count.items()):
        print(f"{name:20} {documents_seen:3} documents")
    return 1 if faults or not all(count.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
