# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that show a report on audit lines, and that make permissions of it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter import audit_tables as tables_filter
from ansible_collections.dcos.security.plugins.filter import permissions_from_audit as permissions_filter
from ansible_collections.dcos.security.plugins.module_utils._audit.report import Window
from ansible_collections.dcos.security.plugins.module_utils._resources.audit_log import Sources, audit_log
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_text

audit_tables = tables_filter.FilterModule().filters()["audit_tables"]
permissions_from_audit = permissions_filter.FilterModule().filters()["permissions_from_audit"]

SERVICE = {"name": "/prod/cassandra", "security_mode": "strict"}
UID = "prod__cassandra-principal"
PRESET = {**SERVICE, "preset": "scheduler_stateful"}


def line(rid: str, action: str, uid: str = UID, result: str = "deny", component: str = "mesos-master") -> str:
    return f"type=audit authorizer={component} uid={uid} object={rid} action={action} result={result}"


def report(*lines: str, mode: str | None = None) -> dict[str, Any]:
    return dict(audit_log(Sources(lines), Window(), None, None, print, lambda: mode).read())


def of_preset() -> list[str]:
    return [line(each.rid, action) for each in plan_service(PRESET).permissions for action in each.actions]


def test_a_preset_is_recognised_in_any_order() -> None:
    lines = of_preset()
    random.Random(1).shuffle(lines)
    found = permissions_from_audit(report(*lines), UID, service=SERVICE)
    assert found["permissions"] == sorted(plan_service(PRESET).view()["permissions"], key=lambda each: each["rid"])
    assert {"name": "scheduler_stateful", "beyond": []} in found["presets"]
    assert next(each["beyond"] for each in found["presets"]) == []


def test_a_preset_shows_what_it_grants_beyond() -> None:
    lines = of_preset()
    found = permissions_from_audit(report(*lines[:-1]), UID, service=SERVICE)
    (fit,) = (each for each in found["presets"] if each["name"] == "scheduler_stateful")
    assert len(fit["beyond"]) == 1
    own = {**SERVICE, "own_presets": {"tight": {"grants": [{"rid": "dcos:x", "actions": ["read"]}]}}}
    assert permissions_from_audit(report(line("dcos:x", "read")), UID, service=own)["presets"] == [
        {"name": "tight", "beyond": []}
    ]
    assert permissions_from_audit(report(line("dcos:other", "read")), UID, service=own)["presets"] == []
    assert permissions_from_audit(report(), UID, service=own)["presets"] == []


def test_earlier_rounds_are_kept_and_repeating_changes_nothing() -> None:
    known = [{"rid": "dcos:z", "actions": ["read"], "description": "by hand"}, {"rid": "dcos:a", "actions": ["update"]}]
    seen = report(line("dcos:a", "read"), line("x", "moon"), line("dcos:other", "read", uid="else"))
    first = permissions_from_audit(seen, UID, known)
    assert first["permissions"] == [
        {"rid": "dcos:a", "actions": ["read", "update"]},
        {"rid": "dcos:z", "actions": ["read"], "description": "by hand"},
    ]
    assert [each["action"] for each in first["unmapped"]] == ["moon"]
    assert permissions_from_audit(seen, UID, first["permissions"], first["unmapped"]) == first
    quiet = permissions_from_audit(report(), UID, first["permissions"], first["unmapped"])
    assert quiet == first


def test_tables_show_everything_without_control_characters() -> None:
    lines = audit_tables(
        report(
            line("dcos:adminrouter:package", "full", component="\x1b[31m"),
            line("dcos:mesos:master:task:user:nobody", "create", result="allow"),
            line("x\u202e", "moon"),
            "type=audit authorizer=adminrouter object=dcos:x action=full result=deny",
            f"Service login for `{UID}`: invalid token `eyJhbGciOi.J9.x`: expired",
        )
    )
    text = "\n".join(lines)
    for each in (
        f"ACCOUNT {UID}",
        "denied",
        "allowed",
        "missing:",
        "NOT MAPPED",
        "moon",
        "WITHOUT AN ACCOUNT",
        "clocks",
    ):
        assert each in text
    assert "no grant helps" in text
    assert text.replace("\n", "").isprintable()
    assert "eyJ" not in text
    assert [each for each in audit_tables(report()) if "none" in each]


def test_presets_and_unread_hosts_are_shown() -> None:
    presets = [{"name": "tight", "beyond": []}, {"name": "wide", "beyond": [{"rid": "dcos:x", "actions": ["read"]}]}]
    lines = audit_tables(report(), presets=presets, unread=[{"host": "m2", "reason": "no route"}])
    assert "m2  no route" in lines
    assert "tight  exactly" in lines
    assert "wide   and beyond that: dcos:x read" in lines


@pytest.mark.parametrize("mode", ["permissive", "disabled"])
def test_what_a_looser_mode_does_not_log_is_shown(mode: str) -> None:
    text = "\n".join(audit_tables(report(mode=mode)))
    assert f"WHAT THE LINES DO NOT SHOW\nThe cluster is in {mode} mode. In this mode Mesos" in text


@pytest.mark.parametrize("mode", ["strict", None])
def test_where_all_is_logged_or_the_mode_is_not_known_nothing_is_said(mode: str | None) -> None:
    assert report(mode=mode)["notes"] == []
    assert "DO NOT SHOW" not in "\n".join(audit_tables(report(mode=mode)))


def test_wrong_input_is_reported() -> None:
    for call in (lambda: audit_tables({}), lambda: permissions_from_audit([], UID)):
        with pytest.raises(AnsibleFilterError, match="expects the result of"):
            call()
    with pytest.raises(AnsibleFilterError, match="known"):
        permissions_from_audit(report(), UID, [{"rid": "no", "actions": ["read"]}])


def test_a_private_key_among_the_variables_is_not_quoted() -> None:
    service = {**SERVICE, "groups": [private_text("a")]}
    with pytest.raises(AnsibleFilterError, match="dcos_service_groups: this holds the text of a private key"):
        permissions_from_audit(report(), UID, service=service)
