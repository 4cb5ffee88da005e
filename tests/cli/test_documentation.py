"""The documentation says what the code says: the command's help, and each code of an error or a
note with its cause and its cure."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "site" / "docs"
SOURCES = [path.read_text() for path in sorted((ROOT / "src").rglob("*.cpp"))]

# `{io::Severity::Info, layer.name, "padding-merged"` and `call.note(…, "stateful"`; what stands
# before the code holds no text, but for an empty one (the whole model).
NOTE = re.compile(
    r'Severity::\w+,(?:[^"{};]|"",)*"(?P<noted>[a-z0-9-]+)"|(?:note|warn)\(\s*"(?P<called>[a-z0-9-]+)"'
)
PARAGRAPHS = re.compile(r"^### `([a-z0-9-]+)`\n\n(.+)\n\n\*\*What to do:\*\* (.+)$", re.MULTILINE)


def section(*titles):
    """The codes of the sections whose titles begin so."""
    parts = re.split(r"^## ", (DOCS / "errors.md").read_text(), flags=re.MULTILINE)[1:]
    chosen = [part for part in parts if part.startswith(titles)]
    codes = [code for part in chosen for code, _, _ in PARAGRAPHS.findall(part)]
    headings = [line for part in chosen for line in re.findall(r"^### .*", part, re.MULTILINE)]
    assert len(headings) == len(codes), "a code lacks its cause or its cure"
    return codes


def error_codes():
    names = (ROOT / "src" / "io" / "error.cpp").read_text()
    return set(re.findall(r'case ErrorCode::\w+:\s+return "([a-z0-9-]+)";', names))


def note_codes():
    matches = [match for text in SOURCES for match in NOTE.finditer(text)]
    return {match["noted"] or match["called"] for match in matches}


def test_the_help_is_the_commands(run):
    page = (DOCS / "command-line.md").read_text()
    shown = re.search(r"^\$ tensorferry --help\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown[1] == run("--help").stdout


def test_each_error_is_explained():
    header = (ROOT / "src" / "io" / "error.h").read_text()
    members = re.search(r"enum class ErrorCode \{(.*?)\};", header, re.DOTALL)[1]
    count = len(re.findall(r"^  [A-Z]\w+,", members, re.MULTILINE))
    assert len(error_codes()) == count
    listed = section("Errors of a model")
    assert set(listed) == error_codes()
    assert len(listed) == count


def test_each_error_of_the_browser_is_explained():
    list_of_all = (ROOT / "web" / "src" / "error-codes.ts").read_text()
    codes = re.search(r"ERROR_CODES = \[(.*?)\]", list_of_all, re.DOTALL)[1]
    expected = set(re.findall(r'"([a-z0-9-]+)"', codes)) - error_codes()
    assert set(section("Errors of the browser")) == expected


def test_each_note_is_explained(fixtures_root):
    listed = section("Notes")
    assert set(listed) == note_codes()
    assert len(listed) == len(set(listed))
    # A fixture's notes are those of the command: no code stands where this does not look.
    metas = [json.loads(path.read_text()) for path in fixtures_root.rglob("*.json")]
    made = {note for meta in metas if isinstance(meta, dict) for note in meta.get("notes", [])}
    assert made and made <= note_codes()
