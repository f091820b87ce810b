# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulebooks by ansible-rulebook, with the installed collection: the shipped one, and that of the documentation."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml
from collection import ROOT
from pythons import environment

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("java") is None, reason="ansible-rulebook needs Java 17 or later: install a JRE"),
]

BUILD = ROOT / ".build"
COLLECTION = Path("ansible_collections", "dcos", "security")
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJjaSJ9.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def ansible_rulebook() -> Path:
    wanted = ["-r", str(ROOT / "requirements" / "eda.txt")]
    return environment(BUILD / "eda", Path(sys.executable), wanted).with_name("ansible-rulebook")


@pytest.fixture
def impatient(installed: Path, tmp_path: Path) -> Path:
    """The installed collection, with a rulebook that collects denials for a second instead of a minute."""
    collections = tmp_path / "collections"
    shutil.copytree(installed, collections)
    rulebook = collections / COLLECTION / "extensions" / "eda" / "rulebooks" / "dcos_audit.yml"
    text = rulebook.read_text(encoding="utf-8")
    assert "once_after: 1 minute\n" in text
    for each in (rulebook.parent, rulebook):
        each.chmod(each.stat().st_mode | 0o200)
    rulebook.write_text(text.replace("once_after: 1 minute\n", "once_after: 1 second\n"), encoding="utf-8")
    return collections


def line(rid: str, uid: str | None = "ci", result: str = "deny") -> str:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    text = f"type=audit timestamp={now} authorizer=adminrouter object={rid} action=full result={result}"
    return f"{text} request_uri=/x?token={TOKEN}" + (f" uid={uid}\n" if uid else "\n")


class Rulebook:
    """A running ansible-rulebook."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + 120
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < until, self.output
            time.sleep(0.1)

    def wait_for(self, text: str) -> None:
        """Until a text is in its output."""
        self.wait_until(lambda: text in self.output)


Start = Callable[..., AbstractContextManager[Rulebook]]


@pytest.fixture
def start(ansible_rulebook: Path, surroundings: dict[str, str], tmp_path: Path) -> Start:
    """Starts a rulebook by its name or path, with the collections that are below a folder, and some variables."""

    @contextmanager
    def started(rulebook: str | Path, collections: Path, **variables: object) -> Iterator[Rulebook]:
        inventory, given, log = tmp_path / "inventory.yml", tmp_path / "vars.yml", tmp_path / "rulebook.log"
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        inventory.write_text(json.dumps({"all": {"hosts": {"localhost": local}}}), encoding="utf-8")
        given.write_text(json.dumps(variables), encoding="utf-8")
        command = [ansible_rulebook, "--rulebook", rulebook, "--inventory", inventory, "--vars", given, "--verbose"]
        env = {**surroundings, "ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_NOCOLOR": "1"}
        env["PATH"] = f"{ansible_rulebook.parent}:{env['PATH']}"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=output, stderr=subprocess.STDOUT)
        running = Rulebook(process, log)
        try:
            # Its source has opened the files by then.
            running.wait_for("Waiting for events, ruleset")
            yield running
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert "Source error" not in running.output
        assert TOKEN not in running.output

    return started


def permissions(finding: Path) -> list[str]:
    """The resource ids in a finding, if there is one."""
    if not finding.exists():
        return []
    found = yaml.safe_load(finding.read_text(encoding="utf-8"))
    return sorted(permission["rid"] for permission in found["dcos_service_permissions"])


def test_shipped_rulebook_opens_findings(start: Start, impatient: Path, tmp_path: Path) -> None:
    """One for each account that is denied something, which grows, across a rotation of the file too."""
    findings, log = tmp_path / "findings", tmp_path / "audit.log"
    findings.mkdir()
    log.write_text(line("dcos:adminrouter:ops:slave", "before"), encoding="utf-8")
    finding = findings / "ci.yml"
    variables = {"dcos_audit_paths": [str(log)], "dcos_findings_dir": str(findings), "dcos_audit_compare": False}
    with start("dcos.security.dcos_audit", impatient, **variables) as rulebook:
        denied = ["dcos:adminrouter:ops:mesos", "dcos:adminrouter:package"]
        with log.open("a", encoding="utf-8") as handle:
            handle.write(line("dcos:adminrouter:acs", uid=None))
            handle.write(line("dcos:adminrouter:licensing", "happy", "allow"))
            handle.write("".join(line(rid) for rid in denied))
        rulebook.wait_for("adminrouter denied: the request had no valid token")
        rulebook.wait_until(lambda: permissions(finding) == denied)

        log.rename(log.with_suffix(".1"))
        log.write_text(line("dcos:adminrouter:acs"), encoding="utf-8")
        more = ["dcos:adminrouter:acs", *denied]
        rulebook.wait_until(lambda: permissions(finding) == more)
    assert [each.name for each in findings.iterdir()] == ["ci.yml"]


def test_documented_rulebook_works(start: Start, installed: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "docsite" / "rst" / "eda.rst").read_text(encoding="utf-8")
    (example,) = re.findall(r"^\.\. code-block:: yaml\+jinja\n\n((?:   .*\n|\n)+)", page, re.MULTILINE)
    rulebook, log = tmp_path / "mine.yml", tmp_path / "audit.log"
    rulebook.write_text(textwrap.dedent(example), encoding="utf-8")
    log.touch()
    with start(rulebook, installed, dcos_audit_paths=[str(log)]) as running:
        log.write_text(line("dcos:superuser") + line("dcos:superuser", "kafka", "allow"), encoding="utf-8")
        running.wait_for("kafka used its superuser power")
    assert "ci used" not in running.output
