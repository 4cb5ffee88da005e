"""Where things are, how a command is run, and how work is not done twice."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "logs"

KERAS_PYTHON = BUILD / "venv-keras" / "bin" / "python"
TORCH_PYTHON = BUILD / "venv-torch" / "bin" / "python"
TORCH_TODAY_PYTHON = BUILD / "venv-torch-today" / "bin" / "python"
MKDOCS_PYTHON = BUILD / "venv-mkdocs" / "bin" / "python"
SPHINX_PYTHON = BUILD / "venv-sphinx" / "bin" / "python"
NATIVE_COMMAND = BUILD / "native" / "tensorferry"


class Failure(Exception):
    """A step that failed, with the sentence to print."""


def say(text: str) -> None:
    print(text, flush=True)


def run(
    command: list[str | Path],
    *,
    log: str | None = None,
    environment: dict[str, str] | None = None,
    check: bool = True,
    cwd: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Runs a command without a standard input.

    With `log` its output goes to build/logs/<log>.log, and the end of it into the failure;
    without, to the terminal.
    """
    words = [str(word) for word in command]
    variables = {**os.environ, "TENSORFERRY_BUILD": str(BUILD), **(environment or {})}
    if log is None:
        result = subprocess.run(
            words, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, text=True, check=False
        )
        tail = ""
    else:
        LOGS.mkdir(parents=True, exist_ok=True)
        path = LOGS / f"{log}.log"
        with path.open("w") as out:
            result = subprocess.run(
                words,
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        tail = end_of(path) if result.returncode else ""
    if check and result.returncode != 0:
        command_line = shlex.join(words)
        shown = command_line if len(command_line) < 300 else command_line[:300] + " …"
        raise Failure(f"{tail}\n`{shown}` ended with {result.returncode}")
    return result


def end_of(path: Path, lines: int = 120) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def digest(parts: Iterable[Path | str]) -> str:
    """The hash of texts and of files; of a folder, all the files in it."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(part.encode())
            continue
        files = sorted(path for path in part.rglob("*") if path.is_file())
        for path in files if part.is_dir() else [part]:
            total.update(str(path).encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def once(name: str, key: str, outputs: Iterable[Path], action: Callable[[], object]) -> None:
    """Does the action unless it was done with the same key and its outputs are still there."""
    stamp = BUILD / "stamps" / name
    if stamp.exists() and stamp.read_text() == key and all(path.exists() for path in outputs):
        return
    stamp.unlink(missing_ok=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


def terminal() -> bool:
    return sys.stdout.isatty()
