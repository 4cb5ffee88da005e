"""The page "Keras and PyTorch, side by side" is what the command makes, and has all its names."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

import side_by_side  # noqa: E402


def test_the_page_is_not_stale(binary):
    current = side_by_side.current_page(binary)
    advice = "run tests/conformance/side_by_side.py --write BINARY"
    assert side_by_side.PAGE.read_text() == current, advice
    for name in side_by_side.activation_names():
        assert f"| `{name}`" in current
    assert "NotConverted" not in current and "| |" not in current.replace("| none |  |", "")
