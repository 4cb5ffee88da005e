#!/usr/bin/env python3
"""Copies HDF5's sources without what only writing needs: trim.py SOURCES LIST OUT.

LIST holds regular expressions, one a line, for the names of HDF5's functions. Each function with
such a name keeps its parameters and fails at once (or gives VALUE, where EXPRESSION=VALUE is
listed), so that the linker can leave out all that only it reaches. One whose type has no value for
failure stays as it is. Only the files that change are written to OUT; their names are printed. An
expression that matches nothing is an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# HDF5's layout: the type on a line of its own, the name at the start of the next, braces at the
# start of a line around the body.
DEFINITION = re.compile(
    r"^(?P<type>[A-Za-z_][\w ]*[ *]*)\n(?P<name>H5\w+)\((?P<parameters>[^;{}]*?)\)\n\{\n.*?^\}(?= /\*|$)",
    re.MULTILINE | re.DOTALL,
)
# How HDF5's functions say that they failed, by their type.
FAILURES = {
    "void": "",
    "herr_t": "FAIL",
    "htri_t": "FAIL",
    "int": "FAIL",
    "ssize_t": "FAIL",
    "hssize_t": "FAIL",
    "size_t": "0",
    "hid_t": "H5I_INVALID_HID",
    "haddr_t": "HADDR_UNDEF",
    "H5B_ins_t": "H5B_INS_ERROR",
}


def failure(kind: str) -> str | None:
    kind = re.sub(r"\b(static|H5_ATTR_\w+|const)\b", "", kind).strip()
    return "NULL" if kind.endswith("*") else FAILURES.get(kind)


class Trimmer:
    def __init__(self, words: list[str]) -> None:
        self.values = {re.compile(word.split("=")[0]): word.partition("=")[2] for word in words}
        self.unmatched = set(self.values)

    def body(self, name: str, kind: str) -> str | None:
        """What is left of a function; None if it stays."""
        found = [expression for expression in self.values if expression.fullmatch(name)]
        self.unmatched.difference_update(found)
        values = [self.values[expression] or failure(kind) for expression in found]
        return None if not values or values[0] is None else f"return {values[0]};"

    def trimmed(self, source: str) -> str:
        def replace(match: re.Match[str]) -> str:
            body = self.body(match["name"], match["type"])
            head = match[0][: match.end("parameters") - match.start() + 1]
            return match[0] if body is None else f"{head}\n{{\n    {body}\n}}"

        return DEFINITION.sub(replace, source)


def read_list(path: Path) -> list[str]:
    lines = (line.partition("#")[0] for line in path.read_text().splitlines())
    return [word for line in lines for word in line.split()]


def main() -> None:
    sources, expressions, out = (Path(argument) for argument in sys.argv[1:])
    trimmer = Trimmer(read_list(expressions))
    out.mkdir(exist_ok=True)
    for path in sorted(sources.glob("H5*.c")):
        source = path.read_text()
        trimmed = trimmer.trimmed(source)
        if trimmed == source:
            continue
        target = out / path.name
        if not target.exists() or target.read_text() != trimmed:
            target.write_text(trimmed)
        print(path.name)
    if trimmer.unmatched:
        names = ", ".join(sorted(expression.pattern for expression in trimmer.unmatched))
        raise SystemExit(f"nothing in HDF5 is called {names}")


main()
