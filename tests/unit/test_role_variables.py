# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role dcos_service are the same wherever they are written down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.plugins.module_utils._service.variables import OLD_NAMES, PREFIX, VARIABLES

ROLE = Path(__file__).parents[2] / "roles" / "dcos_service"


OLD_NAMES_OF_VARIABLES = {PREFIX + name for name in OLD_NAMES}
WITHOUT_DEFAULT = {PREFIX + "name", PREFIX + "uncertain_grants", *OLD_NAMES_OF_VARIABLES}


VALUES: dict[str, list[Any]] = {
    "bool": [True, False, None],
    "dict": [{}, None],
    "int": [2048, None],
    "list": [[], None],
    "path": ["/keys", None],
    "str": ["a", None],
}


def read(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def specs() -> dict[str, dict[str, Any]]:
    return dict(read("meta/argument_specs.yml")["argument_specs"]["main"]["options"])


def test_every_variable_is_declared_passed_on_and_described() -> None:
    names = {PREFIX + name for name in VARIABLES}
    assert set(specs()) == names
    assert {*read("defaults/main.yml"), *WITHOUT_DEFAULT} == names
    planned = read("vars/main.yml")["__dcos_service_planned"]
    passed = re.findall(r"'(\w+)': dcos_service_(\w+)(?:,| \| default\(none\))", planned)
    assert all(one == other for one, other in passed)
    assert {PREFIX + one for one, _other in passed} == names
    guide = (ROLE.parents[1] / "docs" / "docsite" / "rst" / "role.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - ``(\w+)``$", guide, re.M)
    assert [name for name in sorted(VARIABLES) if rows.count(name) < 1] == []


def test_defaults_are_those_of_the_specification_and_of_the_plan() -> None:
    defaults = read("defaults/main.yml")
    specified = {name: spec.get("default", "") for name, spec in specs().items() if name not in WITHOUT_DEFAULT}
    assert specified == defaults
    bare = {"name": "/a", "security_mode": "strict"}
    given = {name[len(PREFIX) :]: value for name, value in defaults.items()}
    assert plan_service({**given, **bare}) == plan_service(bare)


def test_types_are_those_that_the_plan_reads() -> None:
    """Choices, lists and dictionaries too, so that an editor, a survey and the documentation say what is meant."""
    wrong = []
    for name, spec in specs().items():
        for value in VALUES[spec["type"]] if name != PREFIX + "name" else ():
            try:
                plan_service({"name": "/a", "security_mode": "strict", name[len(PREFIX) :]: value})
            except DcosError as error:
                if "must be" in error.message or "neither true nor false" in error.message:
                    wrong.append(f"{name}: {error.message}")
    assert wrong == []
    assert {name for name, spec in specs().items() if spec["type"] == "raw"} == set()
