# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sanity tests and integration targets on every supported pair of ansible-core and controller Python.

The modules' Python varies along with the pairs instead of multiplying them: with each core they run once on the oldest
Python that both support, once on the newest, and once on one in between. All sanity tests run once with each core, and
compile and import the code with every Python; with the core's other Pythons those run that load the code. A pair whose
interpreter this machine does not have is reported as skipped. The last line says "N passed, N failed, N skipped".
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from collection import ROOT
from pythons import compile_once, environment, interpreters, pip
from run_checks import count_tests, run_logged, stop_together

CORES = {
    "2.16": "2.16.19",
    "2.17": "2.17.14",
    "2.18": "2.18.19",
    "2.19": "2.19.14",
    "2.20": "2.20.10",
    "2.21": "2.21.5",
}
# ansible-core, controller's Python, modules' Python.
# https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html#ansible-core-support-matrix
# says which belong together.
PAIRS = [
    ("2.16", "3.10", "3.8"),
    ("2.16", "3.11", "3.10"),
    ("2.16", "3.12", "3.12"),
    ("2.17", "3.10", "3.8"),
    ("2.17", "3.11", "3.11"),
    ("2.17", "3.12", "3.12"),
    ("2.18", "3.11", "3.8"),
    ("2.18", "3.12", "3.9"),
    ("2.18", "3.13", "3.13"),
    ("2.19", "3.11", "3.8"),
    ("2.19", "3.12", "3.10"),
    ("2.19", "3.13", "3.13"),
    ("2.20", "3.12", "3.9"),
    ("2.20", "3.13", "3.11"),
    ("2.20", "3.14", "3.14"),
    ("2.21", "3.12", "3.9"),
    ("2.21", "3.13", "3.13"),
    ("2.21", "3.14", "3.14"),
]
TIME_LIMIT = 30 * 60
EMULATOR = ROOT / "roles" / "dcos_emulator" / "files"

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"
# What ansible-test says about its own progress.
CHATTER = ("Running sanity", "Installing ", "Using cached", "WARNING", "See doc")
CHECKED, SUITE = "sanity", "integration"
# The sanity tests whose outcome depends on the Python that ansible-test runs on: they load the code.
LOADING = ("ansible-doc", "compile", "import", "validate-modules")


@dataclass
class Pair:
    core: str
    controller: str
    target: str
    first_of_core: bool = False
    seconds: float = 0.0
    reason: str = ""
    results: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.core}-py{self.controller}"

    @property
    def outcome(self) -> str:
        if self.reason:
            return SKIPPED
        return PASSED if self.results and all(result[0] == PASSED for result in self.results.values()) else FAILED

    def row(self) -> list[str]:
        cells = [" ".join(self.results.get(step, (SKIPPED, self.reason))).strip() for step in (CHECKED, SUITE)]
        return [CORES[self.core], self.controller, self.target, *cells, f"{self.seconds:.0f} s"]


def constraints(build: Path) -> Path:
    """The pinned versions of development, without what follows from the version of ansible-core."""
    lines = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    path = build / "constraints.txt"
    path.write_text(
        "\n".join(line for line in lines if not re.match(r"(ansible-core|resolvelib)==", line)), encoding="utf-8"
    )
    return path


def emulator_wheel(build: Path) -> Path:
    """The emulator, built once with the pinned build backend of .venv."""
    shutil.rmtree(build / "wheel", ignore_errors=True)
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", build / "wheel", EMULATOR)
    (wheel,) = (build / "wheel").iterdir()
    return wheel


def controller_environment(pair: Pair, folder: Path, pins: Path, wheel: Path) -> Path:
    """An environment with this core, the emulator and the collection's libraries, since lookups run here."""
    wanted = [f"ansible-core=={CORES[pair.core]}", str(wheel), "-r", str(ROOT / "requirements.txt")]
    python = environment(folder, interpreters()[pair.controller], wanted, pins)
    # The emulator may have changed since, without a new version.
    pip("--python", python, "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
    return python


def target_environment(build: Path, version: str) -> Path:
    """An environment with what modules need; each Python gets the newest versions that still support it."""
    requirements = ["-r", str(ROOT / "requirements.txt")]
    python = environment(build / f"target-py{version}", interpreters()[version], requirements)
    return compile_once(python, build / "compiled")


def run_pair(pair: Pair, build: Path, targets: dict[str, Path], python: Path, arguments: list[str]) -> Pair:
    started = time.monotonic()
    base = build / pair.name
    base.mkdir(exist_ok=True)
    path = os.pathsep.join(folder for folder in os.get_exec_path() if Path(folder) != Path(sys.prefix, "bin"))
    env = {key: value for key, value in os.environ.items() if key not in {"ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH"}}
    env |= {
        "PATH": f"{python.parent}{os.pathsep}{path}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_CACHE_DIR": str(build / "pip"),
    }

    sanity = [str(python), str(ROOT / "scripts" / "sanity.py"), "--build-dir", str(base)]
    if not pair.first_of_core:
        sanity += ["--python", pair.controller, *(part for test in LOADING for part in ("--test", test))]
    returncode, output = run_logged(sanity, base / f"{CHECKED}.log", env, limit=TIME_LIMIT)
    tests = len(set(re.findall(r'Running sanity test "([\w-]+)"', output)))
    pair.results[CHECKED] = (PASSED if returncode == 0 and tests else FAILED, f"({tests})")

    report = base / f"{SUITE}.xml"
    report.unlink(missing_ok=True)
    suite = [str(python), str(ROOT / "scripts" / "integration.py"), "--build-dir", str(base), "--report", str(report)]
    suite += ["--target-python", str(targets[pair.target]), *arguments]
    env |= {"HOME": str(base / "home")}
    returncode, output = run_logged(suite, base / f"{SUITE}.log", env, limit=TIME_LIMIT)
    passed, failed, _skipped = count_tests(report, returncode)
    pair.results[SUITE] = (FAILED, f"({failed} of {passed + failed})") if failed else (PASSED, f"({passed})")
    pair.seconds = time.monotonic() - started

    print(f"{pair.name}: {pair.outcome}, {pair.seconds:.0f} s")
    for step, result in pair.results.items():
        if result[0] == FAILED:
            log = base / f"{step}.log"
            told = [line for line in log.read_text(encoding="utf-8").splitlines() if not line.startswith(CHATTER)]
            print(f"{log} ends with", *(f"  {line}" for line in told[-25:]), sep="\n")
    sys.stdout.flush()
    return pair


def table(pairs: list[Pair]) -> None:
    rows = [["ansible-core", "Python", "modules on", CHECKED, SUITE, "time"], *(pair.row() for pair in pairs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pair", action="append", default=[], help="run only these, as CORE or CORE-pyPYTHON")
    options, arguments = parser.parse_known_args()
    stop_together()

    build = options.build_dir.resolve() / "matrix"
    build.mkdir(parents=True, exist_ok=True)
    pairs = [Pair(*pair) for pair in PAIRS]
    if options.pair:
        pairs = [pair for pair in pairs if pair.name in options.pair or pair.core in options.pair]
    for pair in pairs:
        missing = [python for python in dict.fromkeys([pair.controller, pair.target]) if python not in interpreters()]
        if missing:
            pair.reason = f"(no Python {' or '.join(missing)})"
    to_run = [pair for pair in pairs if not pair.reason]
    for before, pair in zip([None, *to_run], to_run, strict=False):
        pair.first_of_core = before is None or before.core != pair.core

    # One after the other: pip spends its time on the disk.
    pins, wheel = constraints(build), emulator_wheel(build)
    print(f"Preparing environments for {len(to_run)} pairs ...", flush=True)
    targets = {version: target_environment(build, version) for version in sorted({pair.target for pair in to_run})}
    pythons = {pair.name: controller_environment(pair, build / pair.name, pins, wheel) for pair in to_run}

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda pair: run_pair(pair, build, targets, pythons[pair.name], arguments), to_run))

    table(pairs)
    outcomes = [pair.outcome for pair in pairs]
    print(", ".join(f"{outcomes.count(word)} {word.lower()}" for word in (PASSED, FAILED, SKIPPED)), flush=True)
    return 1 if FAILED in outcomes or PASSED not in outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
