# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tarball, and the collection as it is after its installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.extend(
    str(Path(__file__).resolve().parents[2] / name) for name in ("scripts", "tests/integration", "tests/packaging")
)

from check_artifact import build_artifact
from collection import ROOT
from pythons import environment, pip_settings

BUILD = ROOT / ".build"


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_artifact(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder with the commands of galaxy-importer and ansible-builder."""
    wanted = ["-r", str(ROOT / "requirements" / "dist.txt")]
    return environment(BUILD / "dist", Path(sys.executable), wanted).parent


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a user for whom nothing is prepared but pip."""
    home = tmp_path / "home"
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.touch(mode=0o600)
    settings.write_text(pip_settings(), encoding="utf-8")
    return {
        "HOME": str(home),
        "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_CACHE_DIR": str(BUILD / "pip"),
        # Root may write where nobody else may: bytecode would end up in the collection.
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy") or "SSL_CERT" in name},
    }


@pytest.fixture(scope="session")
def installed(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that was empty before, and that nobody may write to any more."""
    path = tmp_path_factory.mktemp("installed") / "collections"
    command = ["ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(path), str(artifact)]
    # On PYTHONPATH there is the collection of this folder, which would count as installed.
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH"}}
    env["HOME"] = str(path.parent)
    subprocess.run(command, env=env, cwd=path.parent, check=True, capture_output=True)
    assert (path / "ansible_collections" / "dcos" / "security").is_dir()
    for each in sorted(path.rglob("*"), reverse=True):
        each.chmod(each.stat().st_mode & ~0o222)
    return path
