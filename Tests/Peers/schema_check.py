"""Validates documents with python-jsonschema: schema_check.py SCHEMA.json DOCUMENTS.json

DOCUMENTS.json is a mapping of names to documents. Prints a mapping of the names of those that do not validate to the
first error.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    documents = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
errors = {}
for name, document in documents.items():
    for error in validator.iter_errors(document):
        place = "/".join(str(step) for step in error.absolute_path)
        errors[name] = f"{place}: {error.message[:300]}"
        break
print(json.dumps(errors))
