"""The results of a conformance run, by class (tests/results/conformance.json), and the table of
what is supported (site/docs/support.md), which is made of them, of the classes that Keras has and
of what `tensorferry layers` says.

    table.py --collect FOLDER   results of a run → conformance.json; exit 1 where one is wrong
    table.py --write BINARY     conformance.json → support.md
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "tests" / "results" / "conformance.json"
TABLE = ROOT / "site" / "docs" / "support.md"
OLD = ("CuDNN", "TFOp", "SlicingOp")  # Keras 2 has them elsewhere than in keras.layers
KERAS1 = ("Highway", "MaxoutDense", "Merge")  # classes that Keras 1 alone had
CANNOT = "TF.js cannot have"  # how the command says that a layer is refused there

HEAD = """# What is converted

Each layer class of Keras 3.15 and of tf-keras 2.21 (Keras 2), written by `./dev conformance`:
models of random configurations, made by real Keras, saved as `.h5`, `.keras` and `.weights.h5`,
converted, and computed by real PyTorch and real TF.js. The error is the largest
max|a − b| / max|b| of all models of the class. "—" stands where no random model was made; such a
class has tests of its own where it is converted.

"""


def read_lines(path: pathlib.Path) -> dict[str, dict]:
    return {row["id"]: row for row in map(json.loads, path.read_text().splitlines())}


def is_refusal(row: dict) -> bool:
    return row.get("exit") == 2 and CANNOT in row["wrong"]


def worst(rows: list[dict]) -> dict | None:
    done = [row for row in rows if not row["wrong"]]
    return max(done, key=lambda row: row["error"], default=None)


def typical(names: list[str]) -> str:
    """The most frequent name; of several, the shortest."""
    counts = collections.Counter(name for name in names if name)
    return min(counts, key=lambda name: (-counts[name], len(name), name), default="")


def summary(name: str, torch: list[dict], tfjs: list[dict]) -> dict:
    own = [row for it in torch for row in it.get("layers", []) if row[0] == name]
    result = {"models": len(torch), "containers": sorted({it.get("container", "") for it in torch})}
    for target, rows, column in (("pytorch", torch, 1), ("tfjs", tfjs, 2)):
        row = worst(rows)
        result[target] = {
            "becomes": typical([it[column] for it in own]),
            "converted": sum(not it["wrong"] for it in rows),
            "error": row and float(f"{row['error']:.1e}"),
            "worst": row and row["id"],
        }
    return result


def collect(folder: pathlib.Path) -> int:
    torch, tfjs = (read_lines(folder / f"{target}.jsonl") for target in ("pytorch", "tfjs"))
    classes = json.loads((folder / "classes.json").read_text())
    summaries: dict = {}
    for generation, names in classes.items():
        by_prefix = {name.lower(): name for name in names}
        groups: dict = {}
        for identity in torch:
            prefix = identity.split("/")[-1].rsplit("_", 1)[0]
            if identity.startswith(f"{generation}/"):
                groups.setdefault(by_prefix[prefix], []).append(identity)
        for name, ids in sorted(groups.items()):
            rows = ([torch[it] for it in ids], [tfjs[it] for it in ids])
            summaries.setdefault(name, {})[generation] = summary(name, *rows)
    failed = [row for row in torch.values() if row["wrong"]]
    failed += [row for row in tfjs.values() if row["wrong"] and not is_refusal(row)]
    for row in failed:
        print(f"{row['id']}: {row['wrong'].strip()}")
    warned = [row for row in torch.values() if row.get("warnings")]
    for row in warned:
        print(f"{row['id']}: warns of {', '.join(row['warnings'])}")
    print(f"{len(torch)} models, {len(failed)} wrong, {len(warned)} with a warning")
    lines = {"models": len(torch), "classes": classes, "results": summaries}
    RESULTS.write_text(json.dumps(lines, indent=1) + "\n")
    return 1 if failed or warned else 0


def cell_of(results: dict, target: str, said: str) -> str:
    if said != "converted":
        return said
    found = [generation[target] for generation in results.values()]
    if not found:
        return "converted"
    errors = [it["error"] for it in found if it["error"] is not None]
    models = sum(generation["models"] for generation in results.values())
    refused = models - sum(it["converted"] for it in found)
    text = words_of(typical([it["becomes"] for it in found]))
    if errors:
        text += f", {max(errors):.0e}" if max(errors) else ", exact"
    return text + (f"; {refused} refused" if refused else "")


def place_of(name: str) -> str:
    """Where a class is that is not among the layers of Keras 3 or tf-keras."""
    if name in KERAS1:
        return "1"
    return "2" if name.startswith(OLD) else "applications"


def words_of(becomes: str) -> str:
    if becomes in ("", "x", "nothing") or becomes.startswith("left out"):
        return "nothing"
    if becomes.startswith("lowered: "):
        return f"lowered to `{becomes.removeprefix('lowered: ')}`"
    return f"`{becomes}`"


def table(layers: list[dict], run: dict) -> str:
    """Markdown, of the rows of `tensorferry layers --json` and of conformance.json."""
    rows = {row["class"]: row for row in layers}
    names = set(rows)
    for classes in run["classes"].values():
        names |= set(classes)
    text = HEAD + "| class | Keras | models | PyTorch | TF.js | |\n|---|---|---|---|---|---|\n"
    for name in sorted(names):
        where = [key.removeprefix("keras") for key, all in run["classes"].items() if name in all]
        results = run["results"].get(name, {})
        models = sum(generation["models"] for generation in results.values())
        row = rows.get(name, {"pytorch": "not yet", "tfjs": "not yet", "reason": ""})
        cells = [
            name,
            ", ".join(sorted(where)) or place_of(name),
            str(models or "—"),
            cell_of(results, "pytorch", row["pytorch"]),
            cell_of(results, "tfjs", row["tfjs"]),
            row["reason"],
        ]
        text += "| " + " | ".join(cells) + " |\n"
    return text


def current_table(binary: str) -> str:
    done = subprocess.run([binary, "layers", "--json"], capture_output=True, text=True, check=True)
    return table(json.loads(done.stdout), json.loads(RESULTS.read_text()))


def main() -> int:
    action, *arguments = sys.argv[1:]
    if action == "--collect":
        return collect(pathlib.Path(arguments[0]))
    TABLE.write_text(current_table(*arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
