"""Judges a file of JSON lines by a JSON Schema: schema.py SCHEMA LINES."""

import json
import sys

import jsonschema

with open(sys.argv[1]) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
with open(sys.argv[2]) as file:
    lines = file.read().splitlines()
if not lines:
    sys.exit("there is nothing to judge")
for number, line in enumerate(lines, 1):
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"line {number}: {error.json_path}: {error.message}\n{line}")
print(len(lines))
