# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module brings along: Ansible packs each helper that is imported anywhere, Python compiles it in each task."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api import http as _http
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import PLUGINS

ROOT = Path(_http.__file__).parents[2]
COLLECTIONS = ROOT.parents[3]
HELPERS = f"{PLUGINS}.module_utils"
NAMES = sorted(path.stem for path in (ROOT / "modules").glob("*.py"))

SECRET = "_resources.service_account_secret"
LIBRARIES = {"requests", "jwt", "cryptography"}
CLUSTER = {"_api.login", "_api.cluster", "_api.iam", "_crypto.jwt", "_api.secret_store"}
"""Helpers of modules that talk to the cluster with credentials."""


def imported(path: Path) -> set[str]:
    """The helpers that a file imports, in functions and for type checkers too, as Ansible finds them."""
    package = PLUGINS.split(".") + list(path.relative_to(ROOT).parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            source = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            if source.startswith(f"{HELPERS}."):
                helper = source[len(HELPERS) + 1 :]
                if (ROOT / "module_utils" / helper.replace(".", "/")).is_dir():
                    found |= {f"{helper}.{name.name}" for name in node.names}
                else:
                    found.add(helper)
    return found


def packed(name: str) -> set[str]:
    """All helpers that travel with a module."""
    found: set[str] = set()
    files = [ROOT / "modules" / f"{name}.py"]
    while files:
        new = imported(files.pop()) - found
        found |= new
        files += [ROOT / "module_utils" / f"{helper.replace('.', '/')}.py" for helper in new]
    return found


@lru_cache(maxsize=None)
def loaded(name: str) -> frozenset[str]:
    """Everything that is in memory once a module has been imported."""
    code = f"import json, sys; import {PLUGINS}.modules.{name}; print(json.dumps(sorted(sys.modules)))"
    # ansible-test gives Ansible and the libraries to its own process only.
    path = os.pathsep.join([str(COLLECTIONS), *sys.path])
    result = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, check=True)
    return frozenset(json.loads(result.stdout))


@pytest.mark.parametrize("name", NAMES)
def test_every_transferred_helper_is_used(name: str) -> None:
    rooms = {f"{HELPERS}.{path.name}" for path in (ROOT / "module_utils").iterdir() if path.is_dir()}
    used = {each[len(HELPERS) + 1 :] for each in loaded(name) - rooms if each.startswith(f"{HELPERS}._")}
    assert packed(name) == used


@pytest.mark.parametrize(
    ("name", "without"),
    [
        (
            "dcos_keypair",
            {"_api.connection", "_api.http", "_module.cluster", "_rules.identifiers", "_module.anonymous", *CLUSTER},
        ),
        ("dcos_ca", {"_module.cluster", *CLUSTER}),
        ("dcos_acl_grant", {"_resources.service_account", SECRET, "_service.plan"}),
        (
            "dcos_acl_grant_info",
            {"_resources.service_account", "_rules.rid_catalog", SECRET},
        ),
        ("dcos_service_account", {"_resources.acl_grants", SECRET, "_service.plan"}),
        ("dcos_sa_secret", {"_resources.acl_grants", "_service.plan"}),
        (
            "dcos_cluster_info",
            {"_resources.service_account", "_resources.acl_grants", SECRET},
        ),
    ],
)
def test_helpers_of_other_modules_are_not_transferred(name: str, without: set[str]) -> None:
    assert not packed(name) & without


@pytest.mark.parametrize("name", NAMES)
def test_libraries_are_imported_where_they_are_needed(name: str) -> None:
    """Tokens are looked into only by who logs in with a key, or is given one."""
    needed = {"cryptography"} if name == "dcos_keypair" else {"cryptography", "requests"}
    assert loaded(name) & LIBRARIES == needed
