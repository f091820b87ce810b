# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role dcos_service are the same everywhere they are written down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.plugins.module_utils._service.variables import PREFIX, VARIABLES

ROLE = Path(__file__).parents[2] / "roles" / "dcos_service"


def read(name: str) -> Any:
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


def specs() -> dict[str, dict[str, Any]]:
    return dict(read("meta/argument_specs.yml")["argument_specs"]["main"]["options"])


def test_every_variable_is_declared_passed_on_and_described() -> None:
    names = {PREFIX + name for name in VARIABLES}
    assert set(specs()) == names
    assert {*read("defaults/main.yml"), PREFIX + "name"} == names
    passed = re.findall(r"'(\w+)': dcos_service_(\w+),", read("vars/main.yml")["__dcos_service_planned"])
    assert all(one == other for one, other in passed)
    assert {PREFIX + one for one, _other in passed} == names
    readme = (ROLE / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", readme, re.M)
    assert [name for name in sorted(VARIABLES) if rows.count(name) < 1] == []


def test_defaults_are_those_of_the_specification_and_of_the_plan() -> None:
    defaults = read("defaults/main.yml")
    assert {name: spec["default"] for name, spec in specs().items() if "default" in spec} == defaults
    bare = {"name": "/a", "security_mode": "strict"}
    given = {name[len(PREFIX) :]: value for name, value in defaults.items()}
    assert plan_service({**given, **bare}) == plan_service(bare)


def test_null_and_empty_text_pass_for_every_variable_but_the_name() -> None:
    """ansible-core before 2.19 refuses null for text, and every one refuses it where there are choices."""
    strict = [name for name, spec in specs().items() if spec["type"] != "raw" or "choices" in spec]
    assert strict == ["dcos_service_name"]
