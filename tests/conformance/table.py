"""The results of a conformance run, by class (tests/results/conformance.json), and the table of
what is supported (site/docs/support.md), which is made of them, of the classes that Keras has and
of what `tensorferry layers` says.

    table.py --collect FOLDER   results of a run → conformance.json; exit 1 where one is wrong, a
                                mutant of one is right, or a gap has no reason that is known
    table.py --write BINARY     conformance.json → support.md
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conformance import coverage  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "tests" / "results" / "conformance.json"
TABLE = ROOT / "site" / "docs" / "support.md"
OLD = ("CuDNN", "TFOp", "SlicingOp")  # Keras 2 has them elsewhere than in keras.layers
KERAS1 = ("Highway", "MaxoutDense", "Merge")  # classes that Keras 1 alone had
CLASSES_ELSEWHERE = ("InputLayer",)  # every model has one
CANNOT = "TF.js cannot have"  # how the command says that a layer is refused there

HEAD = """# What is converted

Each layer class of Keras 3.15 and of tf-keras 2.21 (Keras 2), written by `./dev conformance`:
models of random configurations, made by real Keras, saved as `.h5`, `.keras` and `.weights.h5`,
converted, and computed by real PyTorch and real TF.js. The error is the largest
max|a − b| / max|b| of all models of the class. "—" stands where no random model was made; such a
class has tests of its own where it is converted.

"""

MISSING_HEAD = """
## Arguments not reached

Over a run each argument of each class takes two values besides its default, or the one that there
is. These do not; the number is Keras's generation. What has no effect on a trained model is left
out: initializers, regularizers, constraints, names, seeds (tests/conformance/closed.py).

| class | argument | values | why |
|---|---|---|---|
"""

MUTANTS_HEAD = """
## Mutants

A converter that ignores an argument does what a right one does with a file in which the argument
has its default. So a run also converts such files, and the numbers must tell, or the command must
refuse them: {killed} mutants of all classes are found out. Of each class there is one at least: it
is taken for another. These arguments change no number:

| argument | why | classes |
|---|---|---|
"""
MANY = 8  # classes that are not named one by one


def read_lines(path: pathlib.Path) -> dict[str, dict]:
    return {row["id"]: row for row in map(json.loads, path.read_text().splitlines())}


def is_refusal(row: dict) -> bool:
    return row.get("exit") == 2 and CANNOT in row["wrong"]


def worst(rows: list[dict]) -> dict | None:
    done = [row for row in rows if not row["wrong"]]
    return max(done, key=lambda row: row["error"], default=None)


def typical(names: list[str]) -> str:
    """The most frequent name, a refusal only where there is no other; of several, the shortest."""
    said = [name for name in names if name]
    counts = collections.Counter([it for it in said if not it.startswith("refused: ")] or said)
    return min(counts, key=lambda name: (-counts[name], len(name), name), default="")


def summary(name: str, torch: list[dict], tfjs: list[dict]) -> dict:
    own = [row for it in torch for row in it.get("layers", []) if row[0] == name]
    result = {"models": len(torch), "containers": sorted({it.get("container", "") for it in torch})}
    for target, rows, column in (("pytorch", torch, 1), ("tfjs", tfjs, 2)):
        row = worst(rows)
        result[target] = {
            "becomes": typical([it[column] for it in own]),
            "converted": sum(not it["wrong"] for it in rows),
            "wrong": sum(bool(it["wrong"]) and not is_refusal(it) for it in rows),
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
    configurations = coverage.read(folder)
    for row in failed:
        print(f"{row['id']}: {row['wrong'].strip()}")
        print(f"    {configs_of(configurations, row['id'])}")
    warned = [row for row in torch.values() if row.get("warnings")]
    for row in warned:
        print(f"{row['id']}: warns of {', '.join(row['warnings'])}")
    print(f"{len(torch)} models, {len(failed)} wrong, {len(warned)} with a warning")
    right = {row["id"] for row in torch.values() if not row["wrong"]}
    missing = coverage.Reached(configurations, right).missing()
    found = [json.loads(line) for line in (folder / "mutants.jsonl").read_text().splitlines()]
    gaps = [*unexplained(missing, found), *immortal(found, summaries)]
    print("\n".join(gaps))
    lines = {
        "models": len(torch),
        "classes": classes,
        "results": summaries,
        "missing": missing,
        "mutants": mutants_of(found),
    }
    RESULTS.write_text(json.dumps(lines, indent=1) + "\n")
    return 1 if failed or warned or gaps else 0


def configs_of(configurations: list[dict], identity: str) -> str:
    """What Keras was asked for: the arguments that are not their defaults."""
    said = []
    for row in configurations:
        if row["id"] == identity:
            given = {
                name: value
                for name, (value, *default) in row["arguments"].items()
                if [value] != default
            }
            said.append(f"{row['class']}{json.dumps(given)}")
    return "; ".join(said)


def unexplained(missing: list[dict], mutants: list[dict]):
    """A sentence for each gap that no reason is known of."""
    for it in missing:
        if not it["reason"]:
            where = f"{it['class']} of Keras {it['generation']}"
            yield f"{where}: `{it['argument']}` takes no other values than {it['values']}"
    for it in mutants:
        if not it["killed"] and not it["reason"]:
            where = f"{it['class']} of Keras {it['generation']}"
            yield f"{where}: nothing shows that `{it['argument']}` is read ({it['tried']} models)"


def immortal(mutants: list[dict], summaries: dict):
    """A sentence for each class no mutant of which turns a run red."""
    killed = {(it["class"], f"keras{it['generation']}") for it in mutants if it["killed"]}
    for name, generations in summaries.items():
        for generation in generations:
            if (name, generation) not in killed:
                yield f"{name}: no mutant of it turns a run of {generation} red"


def mutants_of(found: list[dict]) -> dict:
    """By class and generation: how many are found out, and the others with reasons."""
    result: dict = {}
    for it in found:
        of_class = result.setdefault(it["class"], {}).setdefault(
            f"keras{it['generation']}", {"killed": 0, "survivors": {}}
        )
        if it["killed"]:
            of_class["killed"] += 1
        else:
            of_class["survivors"][it["argument"]] = it["reason"]
    return result


def cell_of(results: dict, target: str, said: str) -> str:
    if said != "converted":
        return said
    found = [generation[target] for generation in results.values()]
    if not found:
        return "converted"
    errors = [it["error"] for it in found if it["error"] is not None]
    models = sum(generation["models"] for generation in results.values())
    wrong = sum(it["wrong"] for it in found)
    refused = models - wrong - sum(it["converted"] for it in found)
    text = words_of(typical([it["becomes"] for it in found]))
    if errors:
        text += f", {max(errors):.0e}" if max(errors) else ", exact"
    text += f"; {refused} refused" if refused else ""
    return text + (f"; **{wrong} wrong**" if wrong else "")


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
    return text + missing_text(run["missing"]) + mutants_text(run["mutants"])


def missing_text(missing: list[dict]) -> str:
    """Classes with the same gap share a line."""
    by_gap: dict = {}
    for it in missing:
        values = ", ".join(f"`{short(value)}`" for value in it["values"]) or "—"
        key = (it["argument"], values, it["reason"] or "not known")
        by_gap.setdefault(key, []).append(f"{it['class']} ({it['generation']})")
    text = MISSING_HEAD
    for (argument, values, reason), names in sorted(by_gap.items()):
        text += f"| {', '.join(names)} | `{argument}` | {values} | {reason} |\n"
    return text


def short(value: str) -> str:
    """A dtype policy of Keras 3 by its name."""
    it = json.loads(value)
    return it["config"]["name"] if isinstance(it, dict) and "config" in it else value


def mutants_text(mutants: dict) -> str:
    rows = [it for generations in mutants.values() for it in generations.values()]
    survivors: dict = {}
    for name, generations in mutants.items():
        for generation, it in generations.items():
            for argument, reason in it["survivors"].items():
                key = (argument, reason or "not known")
                survivors.setdefault(key, {}).setdefault(name, []).append(generation[-1])
    text = MUTANTS_HEAD.format(killed=sum(it["killed"] for it in rows))
    for (argument, reason), names in sorted(survivors.items()):
        shown = [f"{name} ({', '.join(where)})" for name, where in names.items()]
        shown = shown if len(shown) < MANY else [f"{len(shown)} classes"]
        text += f"| `{argument}` | {reason} | {', '.join(shown)} |\n"
    return text


def layers_of(binary: str) -> list[dict]:
    done = subprocess.run([binary, "layers", "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def current_table(binary: str) -> str:
    return table(layers_of(binary), json.loads(RESULTS.read_text()))


def main() -> int:
    action, *arguments = sys.argv[1:]
    if action == "--collect":
        return collect(pathlib.Path(arguments[0]))
    TABLE.write_text(current_table(*arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
