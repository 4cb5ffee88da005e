"""Holds the walls between the rooms of src/: an #include may name only the rooms that
CMakeLists.txt lists for the including one (`tensorferry_room(NAME ROOM…)`)."""

from __future__ import annotations

import re

from lanes.project import ROOT, Failure

# Headers that only one room may see, and <filesystem> and the like, which nothing that the module
# links may include: without a file system they see every folder as empty.
PRIVATE = {"hdf5.h": ("h5",)}
NATIVE_ONLY = ("filesystem", "fstream", "cstdio", "unistd.h")


def table() -> dict[str, set[str]]:
    text = (ROOT / "CMakeLists.txt").read_text()
    rows = re.findall(r"^tensorferry_room\(([^)]*)\)", text, re.MULTILINE)
    return {words[0]: set(words) for words in (row.split() for row in rows)}


def check() -> None:
    known = table()
    problems = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".cpp", ".h"):
            continue
        inside = path.relative_to(ROOT / "src")
        room = inside.parts[0] if len(inside.parts) > 1 else "convert"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'#include ["<]([^">]+)[">]', line)
            if not found:
                continue
            name = found[1]
            other = name.split("/")[0] if "/" in name else ""
            if name == "convert.h":
                other = "convert"
            if other in known and other not in known[room]:
                problems.append(f"{inside}:{number}: {room} may not know {other}")
            if name in PRIVATE and room not in PRIVATE[name]:
                problems.append(f"{inside}:{number}: {room} may not know {name}")
            if name in NATIVE_ONLY and "native" not in inside.parts and inside.name != "main.cpp":
                problems.append(f"{inside}:{number}: <{name}> is for src/cli/native only")
    if problems:
        raise Failure("\n".join(problems))
