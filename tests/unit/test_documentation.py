# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written in two places must agree: documentation, argument specs, action group, versions."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dcos.security.plugins.doc_fragments import connection
from ansible_collections.dcos.security.plugins.module_utils._api import connection as _connection
from ansible_collections.dcos.security.plugins.module_utils._api import http as _http
from ansible_collections.dcos.security.plugins.module_utils._module import cluster as _module
from ansible_collections.dcos.security.plugins.module_utils._module import libraries as _deps
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import PLUGINS

ROOT = Path(_http.__file__).parents[3]
COLLECTIONS = ROOT.parents[2]
NAMES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
LOOKUPS = sorted(path.stem for path in (ROOT / "plugins" / "lookup").glob("*.py"))


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All modules."""
    return as_shown("module", NAMES, tmp_path_factory)


@pytest.fixture(scope="module")
def lookup_docs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All lookups."""
    return as_shown("lookup", LOOKUPS, tmp_path_factory)


def as_shown(kind: str, names: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Plugins as Ansible's own loader shows them, fragments merged in."""
    # Beside the interpreter, or where ansible-test has put it.
    ansible_doc = shutil.which("ansible-doc", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert ansible_doc is not None
    result = subprocess.run(
        [ansible_doc, "-t", kind, "-j", *[f"dcos.security.{name}" for name in names]],
        check=False,
        capture_output=True,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path_factory.mktemp("ansible")),
            "ANSIBLE_HOME": str(tmp_path_factory.mktemp("home")),
        },
    )
    assert result.returncode == 0, result.stderr.decode("utf-8")
    return {name.rsplit(".", 1)[1]: shown for name, shown in json.loads(result.stdout).items()}


def test_every_module_is_shown(docs: dict[str, Any]) -> None:
    assert sorted(docs) == NAMES
    assert "dcos_keypair" in NAMES


def spec_of(name: str) -> dict[str, Any]:
    """The argument spec with what the kind of module adds to it."""
    module = importlib.import_module(f"{PLUGINS}.modules.{name}")
    own = dict(getattr(module, "ARGUMENT_SPEC", {}))
    return own if name == "dcos_keypair" else {**_module.CONNECTION_SPEC, **own}


def without_file_options(documented: dict[str, Any], name: str) -> dict[str, Any]:
    """Ansible itself adds the common options of files, for which a module only sets add_file_common_args."""
    from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS

    module = importlib.import_module(f"{PLUGINS}.modules.{name}")
    if "add_file_common_args" not in inspect.getsource(module):
        return documented
    assert set(FILE_COMMON_ARGUMENTS) <= set(documented)
    return {option: shown for option, shown in documented.items() if option not in FILE_COMMON_ARGUMENTS}


def compare(documented: dict[str, Any], spec: dict[str, Any], where: str) -> None:
    assert set(documented) == set(spec), where
    for option, shown in documented.items():
        wanted, place = spec[option], f"{where}.{option}"
        assert shown.get("type", "str") == wanted.get("type", "str"), place
        assert shown.get("elements") == wanted.get("elements"), place
        assert shown.get("default") == wanted.get("default"), place
        assert bool(shown.get("required")) == bool(wanted.get("required")), place
        assert shown.get("choices") == wanted.get("choices"), place
        compare(shown.get("suboptions", {}), wanted.get("options", {}), place)


@pytest.mark.parametrize("name", NAMES)
def test_documentation_and_argument_spec_say_the_same(name: str, docs: dict[str, Any]) -> None:
    documented = docs[name]["doc"].get("options", {})
    compare(without_file_options(documented, name), spec_of(name), name)


@pytest.mark.parametrize("name", LOOKUPS)
def test_lookups_take_the_connection_of_modules_from_variables_too(name: str, lookup_docs: dict[str, Any]) -> None:
    options = lookup_docs[name]["doc"]["options"]
    connection = {option: shown for option, shown in options.items() if option.startswith("dcos_")}
    compare(connection, _module.CONNECTION_SPEC, name)
    variables = {option: [each["name"] for each in shown["vars"]] for option, shown in connection.items()}
    assert variables == {option: [f"ansible_{option}"] for option in connection}
    lookup = importlib.import_module(f"{PLUGINS}.lookup.{name}").LookupModule
    assert options.keys() - connection.keys() - {"_terms"} == lookup.own_options


@pytest.mark.parametrize("name", NAMES)
def test_secret_looking_options_are_hidden_or_marked(name: str) -> None:
    for option, spec in spec_of(name).items():
        if (
            option.endswith(("password", "private_key", "_token"))
            and spec.get("type") == "str"
            and "choices" not in spec
        ):
            assert spec.get("no_log") is True, option


def test_the_action_group_holds_every_module_with_connection_options(docs: dict[str, Any]) -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    connected = {name for name in NAMES if "dcos_url" in docs[name]["doc"].get("options", {})}
    assert set(runtime["action_groups"]["dcos"]) == connected
    assert len(runtime["action_groups"]["dcos"]) == len(connected)
    assert set(NAMES) - connected == {"dcos_keypair"}
    said = {name for name in NAMES if "action_group" in docs[name]["doc"].get("attributes", {})}
    assert said == connected


def test_every_module_has_an_integration_target_where_deprecations_are_shown() -> None:
    aliases = {path.parent.name: path.read_text().split() for path in ROOT.glob("tests/integration/targets/*/aliases")}
    run = {name: lines for name, lines in aliases.items() if "hidden" not in lines}
    assert set(NAMES) <= {*run, *(line for lines in run.values() for line in lines)}
    # ansible-test switches them off otherwise.
    assert [name for name in run if "env/set/ANSIBLE_DEPRECATION_WARNINGS/true" not in run[name]] == []


def test_each_environment_variable_is_documented_with_its_option() -> None:
    read = re.findall(r'"(dcos_\w+)", "(DCOS_\w+)"', inspect.getsource(_connection))
    by_token_and_login = set(re.findall(r"DCOS_[A-Z_]+", inspect.getsource(_connection._from_environment)))
    options = yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)["options"]
    said = {name: set(re.findall(r"E\((\w+)\)", str(option["description"]))) for name, option in options.items()}
    for option, variable in read:
        assert variable in said[option], option
    assert {variable for _option, variable in read} | by_token_and_login == set().union(*said.values())


def test_versions_of_libraries_are_documented(docs: dict[str, Any]) -> None:
    for name in NAMES:
        requirements = docs[name]["doc"]["requirements"]
        libraries = [_deps.KEYS] if name == "dcos_keypair" else [_deps.HTTP, _deps.JWT, _deps.KEYS]
        shown = [line for line in requirements if ">=" in line]
        assert sorted(shown) == sorted(library.requirement for library in libraries), name


def test_the_version_of_the_collection_is_sent() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == _http.COLLECTION_VERSION


@pytest.mark.parametrize("name", NAMES)
def test_examples_use_only_documented_options(name: str, docs: dict[str, Any]) -> None:
    options = set(docs[name]["doc"].get("options", {}))
    tasks = yaml.safe_load(docs[name]["examples"])
    used = [task[f"dcos.security.{name}"] for task in tasks if f"dcos.security.{name}" in task]
    assert used
    for arguments in used:
        assert set(arguments or {}) <= options


def test_the_readme_lists_everything() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    playbooks = [f"dcos.security.{path.stem}" for path in (ROOT / "playbooks").glob("*.yml")]
    filters = [path.stem for path in (ROOT / "plugins" / "filter").glob("*.yml")]
    roles = [path.name for path in (ROOT / "roles").iterdir()]
    assert len(playbooks) * len(filters) * len(roles) > 0
    lookups = readme.partition("| Lookups |")[2].partition("\n\n")[0]
    assert [name for name in LOOKUPS if f"`{name}`" not in lookups] == [], "there are modules of the same names"
    assert [name for name in [*NAMES, *playbooks, *filters, *roles] if f"`{name}`" not in readme] == []
