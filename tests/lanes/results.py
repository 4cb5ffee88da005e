"""The table of the last `./dev test --all`, which is committed: tests/results/all.md."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Iterable

from lanes.project import ROOT

PATH = ROOT / "tests" / "results" / "all.md"


def write(rows: Iterable[tuple[str, float, str]]) -> None:
    """Each row: the lane, its seconds, its counts in words."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [
        "# The last run of `./dev test --all`",
        "",
        f"{datetime.date.today()}, commit {commit.stdout.strip()}, {os.cpu_count()} cores, "
        f"{platform.freedesktop_os_release()['PRETTY_NAME']}.",
        "",
        "| lane | seconds | |",
        "|---|--:|---|",
        *(f"| {name} | {seconds:.0f} | {counts} |" for name, seconds, counts in rows),
    ]
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text("\n".join(lines) + "\n")
