# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make an interpreter that the integration suite lets modules run with (DCOS_TEST_TARGET_PYTHON), and print its path.

lowest: the oldest Python of this machine, with exactly the lowest versions that requirements.txt allows.
measured: .venv's Python and packages, and every module process leaves a file with the lines that it ran through.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
from pathlib import Path

from collection import ROOT
from pythons import compile_once, environment, interpreters, oldest_interpreter

# The coverage of modules: Ansible packs each one with the library into an archive, and runs it from there.
SETTINGS = """\
[run]
branch = true
parallel = true
data_file = {data}
include = */ansible_collections/dcos/security/plugins/*
# Ansible makes them up.
omit = */__init__.py
"""
# An interpreter runs the lines of .pth files when it starts.
START = """\
{packages}
import os, coverage; os.environ["COVERAGE_PROCESS_START"] = {settings!r}; coverage.process_startup()
"""


def lowest(folder: Path) -> Path:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.replace(">=", "==", 1) for line in lines if line and not line.startswith("#")]
    python = environment(folder / "target-lowest", interpreters()[oldest_interpreter()], pins)
    return compile_once(python, folder / "compiled")


def measured(folder: Path) -> Path:
    python = environment(folder / "target-measured", Path(sys.executable), [])
    settings = folder / "target-measured" / "coverage.ini"
    settings.write_text(SETTINGS.format(data=folder / "coverage-data" / "modules" / "coverage"), encoding="utf-8")
    (packages,) = (folder / "target-measured").glob("lib/python3.*/site-packages")
    start = START.format(packages=sysconfig.get_path("purelib"), settings=str(settings))
    (packages / "measure.pth").write_text(start, encoding="utf-8")
    return python


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("kind", choices=["lowest", "measured"])
    options = parser.parse_args()
    make = {"lowest": lowest, "measured": measured}[options.kind]
    print(make(options.build_dir.resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
