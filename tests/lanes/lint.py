"""Formatters and linters: `./dev format` writes, `./dev lint` and the lane only look."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lanes import build, install, rooms
from lanes.project import BUILD, ROOT, TORCH_PYTHON, Failure, run

CPP_FOLDERS = ("src", "wasm", "tests/unit")
PYTHON = ("dev", "wasm/hdf5/fetch", "wasm/hdf5/trim", "tests")


def tracked(*suffixes: str) -> list[Path]:
    """Files that git knows or would take, so that nothing of a build is looked at."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / line for line in result.stdout.splitlines()]
    return [path for path in paths if path.suffix in suffixes and path.exists()]


def cpp_files() -> list[Path]:
    folders = tuple(f"{ROOT / folder}/" for folder in CPP_FOLDERS)
    return [path for path in tracked(".cpp", ".h") if str(path).startswith(folders)]


def clang_format(*options: str) -> None:
    run(["clang-format-19", *options, *cpp_files()], log="clang-format")


def prettier(option: str) -> None:
    files = tracked(".ts", ".mjs", ".css", ".json", ".html")
    run(["npx", "--no-install", "prettier", option, "--log-level", "warn", *files], log="prettier")


def eslint() -> None:
    run(
        ["npx", "--no-install", "eslint", "--max-warnings", "0", *tracked(".ts", ".mjs")],
        log="eslint",
    )


def types() -> None:
    for workspace in ("web", "site"):
        run(["npm", "run", "check", "--workspace", workspace], log=f"tsc-{workspace}")


def black(*options: str) -> None:
    run([TORCH_PYTHON, "-m", "black", "--quiet", *options, *PYTHON], log="black")


def ruff(*options: str) -> None:
    run([TORCH_PYTHON, "-m", "ruff", "check", "--no-cache", *options, *PYTHON], log="ruff")


def format_everything() -> None:
    install.linters()
    install.node_modules()
    install.torch()
    clang_format("-i")
    prettier("--write")
    ruff("--fix")
    black()


def check_everything() -> Iterator[tuple[str, str | None]]:
    """Each checker's name, and its problem or None."""
    install.linters()
    install.node_modules()
    install.torch()
    build.native()
    build.web()
    checks: dict[str, Callable[[], None]] = {
        "clang-format": lambda: clang_format("--dry-run", "-Werror"),
        "clang-tidy": clang_tidy,
        "rooms": rooms.check,
        "prettier": lambda: prettier("--check"),
        "eslint": eslint,
        "tsc": types,
        "black": lambda: black("--check"),
        "ruff": ruff,
    }
    with ThreadPoolExecutor(int(build.JOBS)) as pool:
        yield from zip(checks, pool.map(problem_of, checks.values()), strict=True)


def problem_of(check: Callable[[], None]) -> str | None:
    try:
        check()
    except Failure as failure:
        return str(failure)
    return None


def clang_tidy() -> None:
    """Over the batches that the native build compiles src/ in, two at a time. A batch is looked at
    again when one of its files, a header, its command or the configuration has changed."""
    commands = json.loads((BUILD / "native" / "compile_commands.json").read_text())
    read_by = sources_of_objects()
    configuration = (ROOT / ".clang-tidy").read_bytes()
    todo = []
    for entry in commands:
        words = shlex.split(entry["command"])
        target = words[words.index("-o") + 1]
        if not target.startswith("CMakeFiles/tensorferry"):
            continue
        if not read_by.get(target):
            raise Failure(f"ninja does not know what {target} was compiled from")
        key = hashlib.sha256(configuration + entry["command"].encode())
        for path in read_by[target]:
            key.update(path.read_bytes())
        stamp = BUILD / "tidy" / key.hexdigest()
        if not stamp.exists():
            todo.append((Path(entry["file"]), stamp))
    (BUILD / "tidy").mkdir(exist_ok=True)
    with ThreadPoolExecutor(int(build.JOBS)) as pool:
        findings = [text for text in pool.map(tidy_file, todo) if text]
    if findings:
        raise Failure("\n".join(findings))


def tidy_file(work: tuple[Path, Path]) -> str:
    path, stamp = work
    command = ["clang-tidy-19", "--quiet", "-p", BUILD / "native", path]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, text=True, check=False
    )
    if result.returncode == 0 and not result.stdout.strip():
        stamp.touch()
        return ""
    return result.stdout + ("" if result.stdout.strip() else result.stderr)


def sources_of_objects() -> dict[str, list[Path]]:
    """Our own files that each object was compiled from, as ninja recorded them: with absolute paths
    or, where ccache has a base directory, with paths relative to the build's folder."""
    folder = BUILD / "native"
    command = ["ninja", "-C", folder, "-t", "deps"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sources: dict[str, list[Path]] = {}
    for block in listing.split("\n\n"):
        target, _, names = block.strip().partition(":")
        found = re.findall(r"^    (.+)$", names, re.MULTILINE)
        paths = [Path(os.path.normpath(folder / name)) for name in found]
        sources[target] = sorted(path for path in paths if path.is_relative_to(ROOT / "src"))
    return sources
