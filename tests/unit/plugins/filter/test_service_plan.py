# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter adds nothing to the plan but Ansible's errors and warnings."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter import service_plan as subject
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.plugins.module_utils._service.variables import VARIABLES
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text


class _Display:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> _Display:
    shown = _Display()
    monkeypatch.setattr(subject, "Display", lambda: shown)
    return shown


def test_the_filter_returns_the_plan(display: _Display) -> None:
    service_plan = subject.FilterModule().filters()["service_plan"]
    variables = {"name": "/a", "security_mode": "strict", "secret_path": "b/c"}
    plan = service_plan(variables)
    assert plan == plan_service(variables).view()
    assert display.warnings == plan["warnings"]
    assert len(display.warnings) == 1
    assert service_plan(variables, {}) == plan
    cluster = {"url": "https://c", "security_mode": "strict", "version": None, "variant": "enterprise"}
    assert service_plan({"name": "/a"}, cluster)["security_mode"] == "strict"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"name": "/a", "preset": "nope"}, "dcos_service_preset: there is no preset 'nope'"),
        ("x", "expects a dictionary"),
    ],
)
def test_errors_are_ansible_errors(display: _Display, variables: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        subject.service_plan(variables)
    assert display.warnings == []


@pytest.mark.parametrize("refuse", [True, False])
def test_a_private_key_is_not_quoted(refuse: bool, display: _Display) -> None:
    key = private_text("a")
    for variables in ({"preset": [key]}, {"secret_path": base64.b64encode(key.encode()).decode()}):
        try:
            said = subject.service_plan({"name": "/a", "security_mode": "strict", **variables}, refuse=refuse)["error"]
        except AnsibleFilterError as exc:
            said = str(exc)
        assert str(said).startswith(f"dcos_service_{next(iter(variables))}: this holds the text of a private key")
        assert display.warnings == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dcos_service_prest", "preset"),
        ("dcos_service_presetts", "presets"),
        ("dcos_service_superuser_untill", "superuser_until"),
    ],
)
def test_a_misspelt_variable_is_refused(name: str, meant: str, display: _Display) -> None:
    with pytest.raises(
        AnsibleFilterError, match=rf"^{name}: there is no such variable; did you mean dcos_service_{meant}\?"
    ):
        subject.service_plan({"name": "/a"}, named=["dcos_service_name", name])


def test_other_variables_with_the_prefix_are_ignored(display: _Display) -> None:
    others = [
        "dcos_service_result",
        "dcos_service_x",
        "dcos_service_of_mine",
        "dcos_services",
        "other",
        "dcos_service_",
    ]
    known = [f"dcos_service_{name}" for name in sorted(VARIABLES)]
    assert (
        subject.service_plan({"name": "/a", "security_mode": "strict"}, named=[*others, *known])["stage"] == "present"
    )


def test_errors_as_a_plan(display: _Display) -> None:
    plan = subject.service_plan({"name": "/a", "preset": "nope"}, refuse=False)
    assert plan["error"].startswith("dcos_service_preset: there is no preset 'nope'")
    assert (plan["stage"], plan["read_cluster"]) == ("refused", False)
    assert display.warnings == []
