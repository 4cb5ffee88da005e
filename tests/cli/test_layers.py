"""`tensorferry layers`: what becomes of each layer class."""

import json

from support import convert


def test_rows_are_sorted_and_say_why(binary):
    done = convert.run(binary, "layers", "--json")
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    names = [row["class"] for row in rows]
    assert names == sorted(set(names))
    by_name = {row["class"]: row for row in rows}
    assert by_name["Conv2D"] == {
        "class": "Conv2D",
        "pytorch": "converted",
        "tfjs": "converted",
        "reason": "",
    }
    assert by_name["RandomFlip"]["pytorch"] == "training only"
    assert "Python code" in by_name["Lambda"]["reason"]
    for row in rows:
        assert (row["reason"] != "") == (row["pytorch"] in ("refused", "abstract", "within RNN"))


def test_text_has_a_line_a_class(binary):
    rows = json.loads(convert.run(binary, "layers", "--json").stdout)
    lines = convert.run(binary, "layers").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [row["class"] for row in rows]
    assert all(line == line.rstrip() for line in lines)


def test_takes_no_file(binary):
    assert convert.run(binary, "layers", "model.h5").returncode == 64
    assert convert.run(binary, "layers", "--to", "tfjs").returncode == 64
