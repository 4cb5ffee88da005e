"""The lanes of `./dev test`: each runs one kind of tests and counts what they did."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lanes import build, install, lint, packages, results
from lanes.project import (
    BUILD,
    KERAS_PYTHON,
    LOGS,
    ROOT,
    TORCH_PYTHON,
    TORCH_TODAY_PYTHON,
    Failure,
    digest,
    end_of,
    once,
    run,
    say,
)

TESTS = ROOT / "tests"


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    # Why something was skipped, or the end of a failing run's output.
    remarks: list[str] = field(default_factory=list)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.remarks + other.remarks,
        )


@dataclass
class Lane:
    name: str
    action: Callable[[], Counts | None]  # None: a step that has no tests of its own


def ctest(name: str, folder: Path) -> Counts:
    """The doctest executables through ctest; each test case of theirs counts."""
    report = folder / "junit.xml"
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", folder, "-j", build.JOBS, "--no-tests=error"]
    whole = ["--test-output-size-passed", "100000", "--output-junit", report]
    result = run([*command, *whole], log=name, check=False)
    counts = Counts()
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else []
    for case in cases:
        output = case.findtext("system-out") or ""
        summary = re.search(
            r"test cases: +\d+ \| +(\d+) passed \| +(\d+) failed \| +(\d+) skipped", output
        )
        if summary:
            counts.passed += int(summary[1])
            counts.failed += int(summary[2])
            counts.skipped += int(summary[3])
        died = case.get("status") == "fail" and not (summary and int(summary[2]))
        counts.failed += died
        if case.get("status") == "fail":
            counts.remarks.append("\n".join(output.splitlines()[-60:]))
    if result.returncode and not counts.failed:
        counts.failed += 1
        counts.remarks.append(end_of(LOGS / f"{name}.log"))
    return counts


def unit() -> Counts:
    build.native()
    return ctest("unit", BUILD / "native")


def sanitize() -> Counts:
    build.sanitized()
    return ctest("sanitize", BUILD / "native-asan")


def fixtures() -> None:
    install.keras()
    folder = BUILD / "fixtures"
    old = [f"{version}={path}" for version, path in install.old_keras().items()]
    make = [KERAS_PYTHON, TESTS / "fixtures" / "make.py", "--out", folder, "--old", *old]
    run(make, log="fixtures")
    training = TESTS / "fixtures" / "training.py"
    run([KERAS_PYTHON, training, "--out", folder / "training"], log="fixtures-training")
    script = TESTS / "conformance" / "classes.py"
    classes = folder / "classes.json"
    once(
        "classes",
        digest([script, TESTS / "lanes" / "requirements-keras.txt"]),
        [classes],
        lambda: run([KERAS_PYTHON, script, classes], log="classes"),
    )


def pytest(name: str) -> Counts:
    install.torch()
    return run_pytest(TORCH_PYTHON, TESTS / name, name)


def torch_today() -> Counts:
    """The tests of the lane torch once more, with the current release; and larger nets matched with
    those of torchvision and timm."""
    install.torch_today()
    counts = run_pytest(TORCH_TODAY_PYTHON, TESTS / "torch", "torch_today")
    large = BUILD / "fixtures-large"
    script = TESTS / "fixtures"
    families = [
        script / "families" / f"{name}.py" for name in ("matching_large", "matching", "deep")
    ]
    make = [KERAS_PYTHON, script / "make.py", "--out", large, "--only", "matching_large"]
    once(
        "fixtures-large",
        digest([*families, script / "write.py", script / "case.py"]),
        [large],
        lambda: run(make, log="fixtures-large", environment={"TENSORFERRY_LARGE": "1"}),
    )
    tests = TESTS / "torch" / "match_large.py"
    root = f"--fixture-root={large}"
    return counts + run_pytest(TORCH_TODAY_PYTHON, tests, "match-large", root)


def run_pytest(python: Path, folder: Path, name: str, *more: str) -> Counts:
    build.native()
    report = LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-ra", "-p", "no:cacheprovider", f"--junitxml={report}"]
    options += ["-n", build.JOBS, "--dist", "worksteal"]
    run([python, "-m", "pytest", *options, *more, folder], log=name, check=False)
    counts = Counts()
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            counts.failed += failed
            counts.skipped += skipped
            counts.passed += int(suite.get("tests", 0)) - failed - skipped
    return finished(counts, name)


def trained_models() -> Counts:
    """Models that packages ship, to PyTorch and to TF.js."""
    folder = packages.fixtures()
    install.torch()
    numbers = TESTS / "torch" / "test_numbers.py"
    options = ("-k", "packages", f"--fixture-root={folder}")
    counts = run_pytest(TORCH_PYTHON, numbers, "packages-torch", *options)
    files = [TESTS / "tfjs" / f"keras{generation}.test.mjs" for generation in (2, 3)]
    in_browser = node_tests("packages-tfjs", {"TENSORFERRY_FIXTURES": str(folder)}, files=files)
    return counts + in_browser


def node_tests(
    name: str,
    environment: dict[str, str] | None = None,
    files: list[Path] | None = None,
    at_once: int = int(build.JOBS),
) -> Counts:
    """`node --test` over tests/<name>/*.test.mjs, or these files; `at_once`: how many of them."""
    install.node_modules()
    files = files or sorted((TESTS / name).glob("*.test.mjs"))
    run(
        ["node", TESTS / "lanes" / "node_tests.mjs", str(at_once), *files],
        log=name,
        check=False,
        environment=environment,
    )
    output = (LOGS / f"{name}.log").read_text(errors="replace")
    # Each file ends in lines of its own; the run's totals are the last.
    totals = dict(re.findall(r"^# (pass|fail|cancelled|skipped|todo) (\d+)$", output, re.MULTILINE))
    counts = Counts(
        passed=int(totals.get("pass", 0)),
        failed=int(totals.get("fail", 0)) + int(totals.get("cancelled", 0)),
        skipped=int(totals.get("skipped", 0)) + int(totals.get("todo", 0)),
        remarks=re.findall(r"^ *ok \d+ - (.* # SKIP .*)$", output, re.MULTILINE),
    )
    return finished(counts, name)


def finished(counts: Counts, name: str) -> Counts:
    if counts.failed or not counts.passed:
        counts.remarks.append(end_of(LOGS / f"{name}.log"))
    return counts


def tfjs() -> Counts:
    build.native()
    return node_tests("tfjs")


def web() -> Counts:
    build.web()
    return node_tests("web")


def package() -> Counts:
    """The npm package, as a project has it that installs it."""
    build.native()
    build.web()
    return node_tests("package", install.browsers())


def browser() -> Counts:
    paths = install.browsers()
    if not paths:
        return Counts(skipped=1, remarks=["no Chromium and no Firefox is on the PATH"])
    build.native()
    build.site()
    install.torch()
    files = sorted((TESTS / "browser").glob("*.test.mjs"))
    timing = [path for path in files if path.name == "timing.test.mjs"]
    others = [path for path in files if path not in timing]
    # They wait more than they compute; what measures time has the machine to itself.
    counts = node_tests("browser", paths, others, at_once=int(build.JOBS) + 1)
    counts += node_tests("browser-timing", paths, timing, at_once=1)
    for variable in install.BROWSERS.keys() - paths.keys():
        counts.skipped += 1
        counts.remarks.append(f"{variable.removeprefix('TENSORFERRY_').title()} is not installed")
    return counts


def mkdocs() -> Counts:
    """The element in a site of MkDocs."""
    install.mkdocs()
    return host_tests("mkdocs", "mkdocs")


def hosts() -> Counts:
    """The element in sites of the other generators of documentation."""
    install.sphinx()
    install.docusaurus()
    return host_tests("hosts", "sphinx", "docusaurus", "vitepress")


def host_tests(lane: str, *generators: str) -> Counts:
    paths = install.browsers()
    if "TENSORFERRY_CHROMIUM" not in paths:
        return Counts(skipped=1, remarks=["no Chromium is on the PATH"])
    build.web()
    files = [TESTS / "hosts" / f"{generator}.test.mjs" for generator in generators]
    return node_tests(lane, paths, files=files)


def webkit() -> Counts:
    install.webkit()
    build.native()
    build.site()
    install.torch()
    return node_tests("webkit")


def linters() -> Counts:
    counts = Counts()
    for name, problem in lint.check_everything():
        if problem is None:
            counts.passed += 1
        else:
            counts.failed += 1
            counts.remarks.append(f"{name}:\n{problem}")
    return counts


def pytest_lane(name: str) -> Lane:
    return Lane(name, lambda: pytest(name))


# Run by `./dev test --all` and by name: today's torch is 5 GB to install, a trained net takes
# minutes in TF.js, Docusaurus is 800 packages, WebKit 200 MB.
LONG_LANES = ("webkit", "hosts", "packages", "torch_today")


def lanes() -> list[Lane]:
    """In the order of a run; a kind of tests whose folder does not exist is not in it."""
    of_folders = [
        pytest_lane("torch"),
        Lane("tfjs", tfjs),
        Lane("web", web),
        Lane("package", package),
        pytest_lane("cli"),
        pytest_lane("goldens"),
        Lane("browser", browser),
    ]
    return [
        Lane("install", install.everything),
        Lane("build", build.everything),
        Lane("fixtures", fixtures),
        Lane("unit", unit),
        Lane("sanitize", sanitize),
        *[lane for lane in of_folders if has_tests(TESTS / lane.name)],
        Lane("mkdocs", mkdocs),
        Lane("lint", linters),
        Lane("webkit", webkit),
        Lane("hosts", hosts),
        Lane("packages", trained_models),
        Lane("torch_today", torch_today),
    ]


def has_tests(folder: Path) -> bool:
    return any(folder.glob("test_*.py")) or any(folder.glob("*.test.mjs"))


def run_lanes(chosen: list[str], long_ones: bool) -> bool:
    """Runs the chosen lanes, or all but the long ones, or all. Prints them as they end, a table,
    and the closing line."""
    known = lanes()
    unknown = set(chosen) - {lane.name for lane in known}
    if unknown:
        raise Failure(
            f"no lane {', '.join(sorted(unknown))}; there are "
            + ", ".join(lane.name for lane in known)
        )
    rows: list[tuple[str, float, Counts | None]] = []
    for lane in known:
        if chosen and lane.name not in chosen:
            continue
        if not chosen and lane.name in LONG_LANES and not long_ones:
            say(f"{lane.name}: only with --all")
            continue
        begin = time.monotonic()
        say(f"{lane.name} …")
        try:
            counts = lane.action()
        except Failure as failure:
            counts = Counts(failed=1, remarks=[str(failure)])
        if counts is not None and not (counts.passed or counts.failed or counts.skipped):
            counts.failed = 1
            counts.remarks.append("the lane ran no test")
        for remark in counts.remarks if counts else []:
            say(remark)
        rows.append((lane.name, time.monotonic() - begin, counts))
        say(row(*rows[-1]))
    say("")
    for entry in rows:
        say(row(*entry))
    if long_ones and not chosen:
        results.write((name, seconds, in_words(counts)) for name, seconds, counts in rows)
    total = [counts for _, _, counts in rows if counts is not None]
    failed = sum(counts.failed for counts in total)
    say(f"total {sum(seconds for _, seconds, _ in rows):.0f} s")
    say("")
    say(
        f"{sum(counts.passed for counts in total)} passed, {failed} failed, "
        f"{sum(counts.skipped for counts in total)} skipped"
    )
    return failed == 0


def row(name: str, seconds: float, counts: Counts | None) -> str:
    return f"{name:<11} {seconds:7.1f} s   {in_words(counts)}".rstrip()


def in_words(counts: Counts | None) -> str:
    if counts is None:
        return ""
    return f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped"
