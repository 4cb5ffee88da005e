"""Runs verify.py of several conversions in one process. As a script, where Keras is installed and
torch is not:

    python verifying.py FOLDER ORIGINAL [FOLDER ORIGINAL]…

prints one line of JSON for each: [exit code of `verify.py --keras ORIGINAL`, what it said].
"""

import contextlib
import io
import json
import runpy
import sys
import traceback
import warnings


def run(folder, *arguments):
    """(exit code, what it said); any warning is an error."""
    said = io.StringIO()
    argv, path = sys.argv, list(sys.path)
    sys.argv = ["verify.py", *map(str, arguments)]
    sys.path.insert(0, str(folder))
    sys.modules.pop("model", None)
    try:
        with contextlib.redirect_stdout(said), warnings.catch_warnings():
            if not arguments:
                warnings.simplefilter("error")
            runpy.run_path(f"{folder}/verify.py", run_name="__main__")
    except SystemExit as done:
        return done.code, said.getvalue()
    except Exception:
        return -1, said.getvalue() + traceback.format_exc()
    finally:
        sys.argv, sys.path = argv, path
        sys.modules.pop("model", None)


def layers(folder):
    """(layers that it names, those of them that it can compare, what it says of them), in torch."""
    path = list(sys.path)
    sys.path.insert(0, str(folder))
    sys.modules.pop("model", None)
    said = io.StringIO()
    try:
        script = runpy.run_path(f"{folder}/verify.py", run_name="verify")
        probe = script["safetensors"].numpy.load_file(f"{folder}/probe.safetensors")
        seen = {}
        script["run_torch"](probe, seen)
        named = script.get("LAYERS", [])
        compared = [
            name
            for name, shape, axes in named
            if name in seen and script["in_keras_order"](seen[name], shape, axes) is not None
        ]
        with contextlib.redirect_stdout(said):
            script["name_first_wrong_layer"](seen, probe)
        return [name for name, _, _ in named], compared, said.getvalue()
    finally:
        sys.path = path
        sys.modules.pop("model", None)


if __name__ == "__main__":
    for folder, original in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        print(json.dumps(run(folder, "--keras", original)), flush=True)
