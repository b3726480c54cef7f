"""Heat as a judge of templates.

Reads a JSON object of templates by name from standard input, and writes one that says of each what Heat complains of,
or null.
"""

import json
import sys

import heat_engine


def complaint(text):
    try:
        parsed = heat_engine.read(text)
        heat_engine.validate(parsed)
        return next(heat_engine.unknown_functions(parsed), None)
    except Exception as error:  # Whatever it raises is a complaint.
        return f"{type(error).__name__}: {error}"


def main():
    templates = json.load(sys.stdin)
    heat_engine.start()
    json.dump({name: complaint(text) for name, text in templates.items()}, sys.stdout)


main()
