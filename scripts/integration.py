# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the targets of tests/integration/targets by ansible-test, over a copy of the collection.

What they assert, and each warning that Ansible gives on the way, becomes a test of the JUnit report; a warning is a
failure. PATH and the Ansible of the interpreter that runs this are used; --target-python is what the modules run on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from collection import copy_collection

# Ansible's own way to write them; ansible-test writes its own without brackets.
WARNING = re.compile(r"\[(?:DEPRECATION )?WARNING\]")
# The end of a message that the callback plugin of ansible-test shows as it is.
PASSED = "All assertions passed"


def run(command: list[str], folder: Path) -> tuple[int, list[str]]:
    """Run a command, show what it says and return it."""
    lines = []
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return process.returncode, lines


def assertions(output: Path) -> ElementTree.Element:
    """The tasks that assert and those that failed, from reports in which each task is a test case."""
    suites = ElementTree.Element("testsuites")
    for report in sorted(output.glob("*.xml")):
        # Written by Ansible's own plugin.
        found = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314
        if found is None:
            continue
        name = found.get("name", "").rpartition("-")[0]
        suite = ElementTree.SubElement(suites, "testsuite", name=name, time=found.get("time", "0"))
        for case in found.iter("testcase"):
            bad = [child for child in case if child.tag in ("failure", "error")]
            if not bad and PASSED not in case.findtext("system-out", ""):
                continue
            title = re.sub(r"^\[\w+\] \w+: | (that|quiet)=.*", "", case.get("name", ""), flags=re.DOTALL)
            kept = ElementTree.SubElement(suite, "testcase", classname=name, name=title, time=case.get("time", "0"))
            kept.extend(bad)
    return suites


def add_warnings(suites: ElementTree.Element, lines: list[str]) -> int:
    """A failed test for each warning; how many."""
    found = [line for line in lines if WARNING.search(line)]
    suite = ElementTree.SubElement(suites, "testsuite", name="warnings")
    for line in found or [""]:
        case = ElementTree.SubElement(suite, "testcase", classname="warnings", name=line or "none is given")
        if line:
            ElementTree.SubElement(case, "failure", message=line)
    return len(found)


def count(suites: ElementTree.Element) -> None:
    """Each suite says how many it holds."""
    for suite in suites:
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
        suite.set("errors", str(sum(case.find("error") is not None for case in suite)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--build-dir", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--target-python", default=os.environ.get("DCOS_TEST_TARGET_PYTHON"))
    options, rest = parser.parse_known_args()

    # Beside the copy for the sanity tests, which may run at the same time.
    copy = copy_collection(options.build_dir / "integration")
    if options.target_python:
        settings = {"ansible_python_interpreter": options.target_python}
        (copy / "tests" / "integration" / "integration_config.yml").write_text(json.dumps(settings), encoding="utf-8")
    command = ["ansible-test", "integration", "--local", "--continue-on-error", "--color", "no", *rest]
    returncode, lines = run(command, copy)

    suites = assertions(copy / "tests" / "output" / "junit")
    warnings = add_warnings(suites, lines)
    count(suites)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suites).write(options.report, encoding="utf-8", xml_declaration=True)
    for suite in suites:
        failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        print(f"{suite.get('name')}: {len(suite) - failed} passed, {failed} failed")
    return 1 if returncode or warnings or len(suites) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
