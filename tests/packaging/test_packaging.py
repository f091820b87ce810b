# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the collection outside this folder: on Galaxy, in execution environments, on users' machines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from collection import ROOT
from galaxy_support import galaxy_with
from guide_support import blocks_of, run_as_printed

# Installs packages, which takes its time on a slow line.
pytestmark = pytest.mark.timeout(900)

HERE = Path(__file__).parent
COLLECTION = Path("ansible_collections", "dcos", "security")


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    """The output of a command that must work."""
    result = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def test_galaxy_importer(artifact: Path, judges: Path, surroundings: dict[str, str], tmp_path: Path) -> None:
    """Galaxy takes the tarball and has nothing to say about it."""
    env = {**surroundings, "PATH": f"{judges}:/usr/bin:/bin", "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true"}
    output = run(judges / "python", "-m", "galaxy_importer.main", "--print-result", artifact, cwd=tmp_path, env=env)
    assert not re.search(r"^(WARNING|ERROR)", output, re.MULTILINE), output
    assert "ansible-lint run complete" in output
    found = json.loads((tmp_path / "importer_result.json").read_text(encoding="utf-8"))
    kinds = [each["content_type"] for each in found["contents"]]
    modules = list((ROOT / "plugins" / "modules").glob("dcos_*.py"))
    assert kinds.count("module") == len(modules)
    assert kinds.count("role") == 2
    assert kinds.count("playbook") >= 1


def test_ansible_builder(installed: Path, judges: Path, surroundings: dict[str, str], tmp_path: Path) -> None:
    """Execution environments get all that requirements.txt names."""
    output = run(judges / "ansible-builder", "introspect", installed, cwd=tmp_path, env=surroundings)
    found = [line.partition("  #")[0] for line in yaml.safe_load(output)["python"]]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert found == [line for line in lines if line and not line.startswith("#")]


def test_action_group(installed: Path) -> None:
    """The group has every module that talks to a cluster."""
    runtime = yaml.safe_load((installed / COLLECTION / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in (installed / COLLECTION / "plugins" / "modules").glob("dcos_*.py")}
    assert set(runtime["action_groups"]["dcos"]) == modules - {"dcos_keypair"}


def test_installed(installed: Path, surroundings: dict[str, str], tmp_path: Path) -> None:
    """Roles, modules, playbook and emulator work from a collections path that is read-only."""
    before = files_below(installed)
    env = {**surroundings, "ANSIBLE_COLLECTIONS_PATH": str(installed), "ANSIBLE_LOCALHOST_WARNING": "false"}
    env["ANSIBLE_INVENTORY_UNPARSED_WARNING"] = "false"
    data = tmp_path / "cluster"

    def play(state: str, **more: str) -> tuple[int, str]:
        variables = {"dcos_emulator_data_dir": str(data), "dcos_emulator_state": state, **more}
        output = run(
            Path(sys.executable).with_name("ansible-playbook"),
            HERE / "installed.yml",
            *("-e", json.dumps(variables)),
            cwd=tmp_path,
            env=env,
        )
        assert "[WARNING]" not in output
        assert "[DEPRECATION" not in output
        changed = re.search(r"^localhost .*\bchanged=(\d+)", output, re.MULTILINE)
        assert changed, output
        return int(changed.group(1)), output

    try:
        page = tmp_path / "access.html"
        first, output = play("started", dcos_access_html=str(page))
        assert first > 5, output
        text = page.read_text(encoding="utf-8").replace("<wbr>", "")
        assert "prod__web-principal" in text, "the template was not found, or shows nothing"
        assert (data / "venv" / "bin" / "dcos-emulator").exists(), "the emulator was not installed by the role"
        asked = (data / "requests.log").read_text(encoding="utf-8")
        assert "PUT" in asked
        again, output = play("started")
        assert again == 0, output
    finally:
        play("stopped")
    assert not (data / "endpoints.json").exists()
    assert files_below(installed) == before


@pytest.mark.exhaustive
def test_the_first_hour(artifact: Path, surroundings: dict[str, str], tmp_path: Path) -> None:
    """The guide to getting started as it is printed, from its first line, for a user who has Python and pip."""
    stop = 'venv/bin/dcos-emulator stop --data-dir "$PWD/emulator" 2>/dev/null || true'
    folder = tmp_path / "work"
    folder.mkdir()
    with galaxy_with(artifact) as url:
        env = {**surroundings, "ANSIBLE_GALAXY_SERVER": url, "ANSIBLE_NOCOLOR": "1"}
        run_as_printed(blocks_of("getting_started.rst"), folder, env, at_the_end=stop)
    assert [path.name for path in folder.iterdir()] == ["venv"]


def files_below(path: Path) -> dict[str, tuple[int, int]]:
    return {str(each.relative_to(path)): (each.stat().st_size, each.stat().st_mtime_ns) for each in path.rglob("*")}
