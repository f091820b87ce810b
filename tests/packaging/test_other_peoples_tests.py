# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to the emulator, followed by somebody who has the tarball, an empty environment, and tests of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from collection import ROOT
from pythons import environment

# Installs packages, which takes its time on a slow line.
pytestmark = pytest.mark.timeout(900)

GUIDE = (ROOT / "docs" / "docsite" / "rst" / "emulator.rst").read_text(encoding="utf-8")
ROLE = ROOT / "roles" / "dcos_emulator"
COLLECTION = Path(".ansible", "collections", "ansible_collections", "dcos", "security")


def block(language: str, first_words: str) -> str:
    """The example of the guide that begins like this."""
    for body in re.findall(rf"^\.\. code-block:: {language}\n((?: {{3}}.*\n|\n)+)", GUIDE, re.MULTILINE):
        text = textwrap.dedent(body).strip("\n") + "\n"
        if text.startswith(first_words):
            return text
    raise AssertionError(f"The guide has no {language} that begins with {first_words!r}")


CONVERGE = block("yaml", "- name: Provision a service")
WORKFLOW = block("yaml", "name: Test")


@dataclass(frozen=True)
class Stranger:
    """A user with a project, and a home with the collection from the tarball."""

    project: Path
    home: Path
    environment: Mapping[str, str]

    def run(self, step: str, **more: str) -> tuple[int, str]:
        """What a shell says to a step of the workflow."""
        command = ["bash", "-e", "-o", "pipefail", "-c", step]
        env = {**self.environment, **more}
        result = subprocess.run(command, cwd=self.project, env=env, capture_output=True, text=True, check=False)
        return result.returncode, f"{result.stdout}\n{result.stderr}"

    def must(self, step: str, **more: str) -> str:
        code, output = self.run(step, **more)
        assert code == 0, f"{step}\n{output}"
        return output


def steps() -> list[str]:
    """What the workflow of the guide runs."""
    workflow = yaml.load(WORKFLOW, yaml.BaseLoader)  # "on" stays a word
    assert list(workflow) == ["name", "on", "permissions", "jobs"]
    (job,) = workflow["jobs"].values()
    assert job["runs-on"] == "ubuntu-latest"
    for step in job["steps"]:
        assert ("uses" in step) is not ("run" in step)
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.fixture(scope="module")
def stranger(artifact: Path, shared_surroundings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """The files of the guide are in place, and those steps are done that come before the tests."""
    project, home = tmp_path_factory.mktemp("project"), Path(shared_surroundings["HOME"])
    python = environment(tmp_path_factory.mktemp("environment") / "venv", Path(sys.executable), [])
    path = f"{python.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    user = Stranger(project, home, {**shared_surroundings, "PATH": path, "NO_COLOR": "1"})
    scenario = project / "molecule" / "default"
    scenario.mkdir(parents=True)
    (scenario / "molecule.yml").touch()
    (scenario / "converge.yml").write_text(CONVERGE)
    (scenario / "verify.yml").write_text(block("yaml", "- name: Verify"))
    (project / "site.yml").write_text(block("yaml", "- name: Provision the cart"))
    (project / "test_site.py").write_text(block("python", "import os"))
    readme = (ROLE / "files" / "README.md").read_text(encoding="utf-8")
    (short,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (project / "test_short.py").write_text(short)
    for step in steps():
        if step.startswith("ansible-galaxy"):
            # From the tarball, since nothing is published: Galaxy is not asked for what is there.
            user.must(f"ansible-galaxy collection install --offline {artifact}")
        if not step.startswith(("pytest", "molecule")):
            user.must(step)
    return user


def emulators(*folders: Path) -> list[str]:
    """The commands of the emulators that run on something in these folders."""
    found = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    commands = [line for line in found.splitlines() if "dcos_emulator serve" in line]
    return [line for line in commands if any(str(folder) in line for folder in folders)]


def must_end(*folders: Path) -> None:
    """All of them end within seconds."""
    deadline = time.monotonic() + 15
    while found := emulators(*folders):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def role(user: Stranger, variables: Mapping[str, object], **environment: str) -> tuple[int, str]:
    """A run of the role dcos_emulator."""
    arguments = ["-m", "include_role", "-a", "name=dcos.security.dcos_emulator", "-e", json.dumps(variables)]
    return user.run(shlex.join(["ansible", "localhost", *arguments]), **environment)


def test_ten_lines_are_a_molecule_scenario(stranger: Stranger) -> None:
    assert len(CONVERGE.splitlines()) <= 10
    output = stranger.must("molecule test")
    for action in ("converge", "idempotence", "verify"):
        assert re.search(rf"default \S {action}: Executed: Successful", output)
    assert re.search(r"changed=[1-9]", output), "nothing was provisioned"
    assert not re.search(r"failed=[1-9]", output)
    must_end(stranger.home)


def test_fixtures_of_pytest(stranger: Stranger) -> None:
    output = stranger.must("pytest -n 2 -W error --strict-markers", TMPDIR=str(stranger.home))
    assert " 4 passed" in output
    assert emulators(stranger.home) == []


def test_nothing_is_left_of_a_killed_worker(stranger: Stranger, tmp_path: Path) -> None:
    """Each of two workers has the cluster that all its tests share."""
    (tmp_path / "test_killed.py").write_text(
        "import os, pytest\n"
        "@pytest.mark.parametrize('number', range(2))\n"
        "def test(dcos_session_cluster, number):\n"
        "    with open('seen', 'a') as seen:\n"
        "        print(dcos_session_cluster.pid, dcos_session_cluster.url, file=seen)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    code, output = stranger.run(f"cd {tmp_path} && pytest -n 2 --max-worker-restart 0", TMPDIR=str(stranger.home))
    assert code == 1, output
    seen = [line.split() for line in (tmp_path / "seen").read_text().splitlines()]
    assert seen, output
    assert len({url for _pid, url in seen}) == len(seen)
    must_end(stranger.home)


@pytest.mark.exhaustive
def test_wheels_without_an_index(stranger: Stranger, tmp_path: Path) -> None:
    """By the documented command; the second time pip has nothing to do, even if it could do nothing."""
    (command,) = re.findall(r"^\$ (python3 -m pip wheel .*)$", (ROLE / "README.md").read_text(), re.MULTILINE)
    wheels = tmp_path / "wheelhouse"
    stranger.must(f"cd {stranger.home / COLLECTION} && {command.replace('wheelhouse', str(wheels), 1)}")
    unreachable = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    places = {"dcos_emulator_data_dir": str(tmp_path / "cluster"), "dcos_emulator_virtualenv": str(tmp_path / "venv")}
    stopped = {**places, "dcos_emulator_state": "stopped"}
    # An earlier run was interrupted before pip was there.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)

    code, output = role(stranger, places, **unreachable)
    assert code != 0
    assert "dcos_emulator_wheelhouse names a folder of wheels" in output
    code, output = role(stranger, {**places, "dcos_emulator_wheelhouse": f"{wheels}-none"}, **unreachable)
    assert code != 0
    assert f"dcos_emulator_wheelhouse: there is no folder {wheels}-none with wheels" in output

    def must(variables: Mapping[str, object]) -> None:
        code, output = role(stranger, variables, **unreachable)
        assert code == 0, output

    try:
        must({**places, "dcos_emulator_wheelhouse": str(wheels)})
        assert len(emulators(tmp_path)) == 1
        must(stopped)
        must(places)
        must(stopped)
        # What somebody changed is not what the role holds.
        (changed,) = (tmp_path / "venv").glob("lib/*/site-packages/dcos_emulator/seed.py")
        changed.write_text(changed.read_text() + "# changed\n")
        # By its full name, the connection counts as one to another machine.
        must({**places, "dcos_emulator_wheelhouse": str(wheels), "ansible_connection": "ansible.builtin.local"})
        assert "# changed" not in changed.read_text()
        assert (tmp_path / "cluster" / "package" / "pyproject.toml").exists()
        assert list((tmp_path / "cluster" / "wheelhouse").glob("hatchling-*.whl"))
    finally:
        must(stopped)
    assert emulators(tmp_path) == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"dcos_emulator_data_dir": "cluster"}, "dcos_emulator_data_dir: cluster is not an absolute path"),
        ({"dcos_emulator_wheelhouse": "wheels"}, "dcos_emulator_wheelhouse: wheels is not an absolute path"),
        ({"dcos_emulator_data_dir": ""}, "dcos_emulator_data_dir: empty"),
        ({"dcos_emulator_http_port": 70000}, "dcos_emulator_http_port: not a port number: '70000'"),
        ({"dcos_emulator_auth_token_lifetime": 0}, "dcos_emulator_auth_token_lifetime: not a number of seconds"),
        ({"dcos_emulator_superuser_password": "odd"}, "dcos_emulator_superuser_password: the password must have"),
    ],
)
def test_bad_input_is_refused_by_name(
    stranger: Stranger, tmp_path: Path, variables: dict[str, object], message: str
) -> None:
    places = {"dcos_emulator_data_dir": str(tmp_path / "cluster"), "dcos_emulator_executable": "dcos-emulator"}
    code, output = role(stranger, {**places, **variables})
    assert code != 0
    assert message in output
    assert "odd" not in output
