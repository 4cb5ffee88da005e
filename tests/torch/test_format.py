"""Every model.py is formatted as the pinned black would."""

import subprocess
import sys

from support import fixtures


def test_black(conversions, fixtures_root):
    for fixture in fixtures.find(fixtures_root, ("single",)):
        conversions.get(fixture, "--weights", "safetensors")
    paths = sorted(str(path) for path in conversions.folder.glob("*/model.py"))
    assert paths
    command = [sys.executable, "-m", "black", "--check", "--quiet", "--diff", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:4000] + done.stderr[:2000]
