# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run tests/unit by ansible-test, over a copy of the collection: each test in a process of its own.

The code of modules runs on each Python that is asked for, in a virtual environment of ansible-test's own with what
tests/unit/requirements.txt says; the tests of everything else run where that Python can run Ansible.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from ansible_test._util.target.common.constants import CONTROLLER_PYTHON_VERSIONS, REMOTE_ONLY_PYTHON_VERSIONS
from collection import copy_collection
from pythons import interpreters, path_with_interpreters
from sanity import prepare_home


def supported() -> list[str]:
    """The Pythons of this machine that this ansible-core lets modules run on, oldest first; the others are named."""
    found = sorted(interpreters(), key=lambda version: int(version[2:]))
    known = {*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS}
    for version in found:
        if version not in known:
            print(f"Python {version} is skipped: this ansible-core runs no modules on it.", flush=True)
    return [version for version in found if version in known]


def gather(output: Path, report: Path) -> None:
    """One JUnit report of all that ansible-test wrote: one for each Python and kind of code."""
    suites = ElementTree.Element("testsuites")
    for path in sorted(output.glob("*.xml")):
        # Written by pytest.
        suites.extend(ElementTree.parse(path).getroot().iter("testsuite"))  # noqa: S314
    report.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suites).write(report, encoding="utf-8", xml_declaration=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument(
        "--python", action="append", default=[], help="a version such as 3.8; else all that are supported"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tests at a time")
    options, rest = parser.parse_known_args()

    home = options.build_dir / "home" / "units"
    prepare_home(home)
    # Beside the copies for other tests of ansible-test, which may run at the same time.
    copy = copy_collection(options.build_dir / "units")
    command = ["ansible-test", "units", "--requirements", "--color", "no", "--num-workers", str(options.jobs)]
    for version in options.python or supported():
        command += ["--target-python", f"venv/{version}"]
    env = {**os.environ, "HOME": str(home), "PATH": path_with_interpreters()}
    returncode = subprocess.run([*command, *rest], cwd=copy, env=env, check=False).returncode
    gather(copy / "tests" / "output" / "junit", options.report)
    return returncode


if __name__ == "__main__":
    sys.exit(main())
