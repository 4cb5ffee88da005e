"""Builds: the native command and its tests, the same under sanitizers, the module, web, site."""

from __future__ import annotations

import functools
import os
import shutil

from lanes import install
from lanes.project import BUILD, KERAS_PYTHON, ROOT, digest, once, run, say

# One compiler a core; clang needs up to 1.5 GB for the largest files.
JOBS = str(os.cpu_count() or 2)


def cmake(preset: str, log: str) -> None:
    options = []
    if shutil.which("ccache"):
        options = [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
    environment = {"NODE_PATH": "/usr/share/nodejs"} if preset == "wasm" else {}
    configure = ["cmake", "--preset", preset, *options]
    presets = [ROOT / "CMakePresets.json", "\n".join(configure)]
    cache = BUILD / preset / "build.ninja"

    def set_up() -> None:
        say(f"building build/{preset}, which takes minutes the first time")
        run(configure, log=f"{log}-configure", environment=environment)

    once(f"configure-{preset}", digest(presets), [cache], set_up)
    run(
        ["cmake", "--build", BUILD / preset, "-j", JOBS],
        log=log,
        environment=environment,
    )


@functools.cache
def native() -> None:
    install.compiler()
    cmake("native", "build-native")


@functools.cache
def sanitized() -> None:
    install.compiler()
    cmake("native-asan", "build-sanitized")


@functools.cache
def module() -> None:
    install.emscripten()
    cmake("wasm", "build-wasm")


@functools.cache
def web() -> None:
    module()
    install.node_modules()
    wasm = [BUILD / "wasm" / f"tensorferry.{suffix}" for suffix in ("js", "wasm")]
    sources = [path for path in (ROOT / "web").iterdir() if path.name not in UNREAD]
    once(
        "web",
        digest([*sorted(sources), *wasm, ROOT / "package-lock.json", ROOT / "THIRD_PARTY.md"]),
        [ROOT / "web" / "dist"],
        lambda: run(["npm", "run", "build", "--workspace", "web"], log="build-web"),
    )


UNREAD = ("dist", "node_modules")


@functools.cache
def samples() -> None:
    install.keras()
    script = ROOT / "tests" / "fixtures" / "samples.py"
    out = BUILD / "samples"
    run([KERAS_PYTHON, script, "--out", out], log="samples") if script.exists() else None


@functools.cache
def site() -> None:
    web()
    samples()
    sources = [path for path in (ROOT / "site").iterdir() if path.name not in UNREAD]
    # The API's pages are made of web/src.
    inputs = [*sorted(sources), ROOT / "web" / "src", ROOT / "web" / "dist", BUILD / "samples"]
    base = os.environ.get("TENSORFERRY_SITE_BASE", "/")
    once(
        "site",
        digest([*inputs, ROOT / "THIRD_PARTY.md", ROOT / "package-lock.json", base]),
        [BUILD / "site" / "index.html"],
        lambda: run(["npm", "run", "build", "--workspace", "site"], log="build-site"),
    )


def everything() -> None:
    native()
    site()
