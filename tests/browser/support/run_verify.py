"""Runs each verify.py as `python verify.py` does, after one another, with one start of torch.

    run_verify.py VERIFY.py [VERIFY.py …]

Prints a JSON list of what each printed.
"""

import contextlib
import io
import json
import pathlib
import runpy
import sys


def output_of(script: pathlib.Path) -> str:
    sys.path[0] = str(script.parent)
    sys.argv = [str(script)]
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.suppress(SystemExit):
        runpy.run_path(str(script), run_name="__main__")
    forget_modules_of(script.parent)
    return output.getvalue()


def forget_modules_of(folder: pathlib.Path) -> None:
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and folder in pathlib.Path(path).parents:
            del sys.modules[name]


print(json.dumps([output_of(pathlib.Path(argument)) for argument in sys.argv[1:]]))
