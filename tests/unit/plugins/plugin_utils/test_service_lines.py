# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results for services, as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.dcos.security.plugins.filter import services_summary as summary_filter

services_summary: Any = summary_filter.FilterModule().filters()["services_summary"]

KEY = "SHA256:9Yb0vrXhPqE1ZZkVZg8sYbnmHkPRUxXA7hkzV4QmKkQ"
PREDICTED = "Nothing was changed. This is what a run would do:"


def service(name: str = "/team/api", **values: Any) -> dict[str, Any]:
    """One that is in order and was left alone."""
    return {
        "name": name,
        "state": "present",
        "changed": False,
        "failed": False,
        "account": f"{name[1:].replace('/', '__')}-principal",
        "security_mode": "strict",
        "secret": f"{name[1:]}/secret",
        "fingerprint": KEY,
        "granted": [],
        "revoked": [],
        "left_out": [],
        "superuser": False,
        "key_changed": False,
        "verified": False,
        "created": False,
        "permissions_held": 2,
        "warnings": [],
        **values,
    }


def grants(*rids: str) -> list[dict[str, str]]:
    return [{"rid": rid, "action": action} for rid in rids for action in ("create", "read")]


NEW = {"changed": True, "created": True, "key_changed": True, "verified": True, "granted": grants("dcos:a", "dcos:b")}
NOTHING = {"account": None, "secret": None, "fingerprint": None, "permissions_held": None}
BROKEN = {**NOTHING, "state": None, "failed": True, "msg": "services[2].colour: there is no such variable."}


def summary(*services: dict[str, Any], **values: Any) -> list[str]:
    return list(services_summary({"services": list(services), **values}))


# One


def test_an_unchanged_service_says_what_there_is() -> None:
    assert summary(service()) == [
        "Service      /team/api: unchanged",
        "Account      team__api-principal",
        "Secret       team/api/secret",
        f"Key          {KEY}",
        "Permissions  2 held",
        "Superuser    no",
    ]


def test_a_new_service_says_what_was_done() -> None:
    left_out = [{"rid": "dcos:c", "actions": ["read"]}]
    lines = summary(service(**NEW, superuser=True, left_out=left_out, revoked=grants("dcos:d")))
    assert lines == [
        "Service      /team/api: new",
        "Account      team__api-principal",
        "Secret       team/api/secret",
        f"Key          {KEY}, a new one",
        "Permissions  2 held, 2 granted, 1 revoked, 1 not enforced in strict mode",
        "Superuser    yes",
        "Login        worked with the stored key",
    ]


def test_a_predicted_key_is_not_shown() -> None:
    lines = summary(service(**{**NEW, "verified": False}), provisional=True)
    assert lines[0] == PREDICTED
    assert "Key          a new key" in lines
    assert KEY not in "".join(lines)
    assert KEY in "".join(summary(service(changed=True, granted=grants("dcos:a")), provisional=True))


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({}, "unchanged"),
        ({"changed": True}, "changed"),
        (NEW, "new"),
        ({"state": "rotated", "changed": True}, "rotated"),
        ({"state": "rotated"}, "unchanged"),
        ({"state": "absent", "changed": True, **NOTHING}, "retired"),
        ({"state": "absent", **NOTHING}, "already gone"),
        ({"state": "skip", **NOTHING}, "skipped"),
        ({"changed": True, "failed": True, "msg": "No."}, "failed"),
        (BROKEN, "failed"),
    ],
)
def test_outcomes(values: dict[str, Any], outcome: str) -> None:
    (line,) = (line for line in summary(service(**values)) if line.startswith("Service"))
    assert line.split(": ")[1] == outcome
    assert summary(service(**values), service(**values))[0] == f"2 services: 2 {outcome}"


def test_a_failed_service_says_why() -> None:
    assert summary(service("/bad", **BROKEN)) == [
        "Service  /bad: failed",
        "Reason   services[2].colour: there is no such variable.",
        "Account  none",
    ]


# Many


def test_services_are_counted_and_listed_the_failed_first() -> None:
    lines = summary(
        service(), service("/n", **NEW), service("/s", superuser=True, permissions_held=1), service("/b", **BROKEN)
    )
    assert lines == [
        "4 services: 1 failed, 1 new, 2 unchanged",
        "",
        "outcome    service    account              details",
        "failed     /b         -                    services[2].colour: there is no such variable.",
        "new        /n         n-principal          2 permissions, 2 granted, a new key, login worked",
        "unchanged  /team/api  team__api-principal  2 permissions",
        "unchanged  /s         s-principal          1 permission, superuser",
    ]


def test_what_no_service_has_is_no_column() -> None:
    gone = {"state": "absent", "changed": True, **NOTHING}
    assert summary(service("/a", **gone), service("/b", **gone))[2:] == [
        "outcome  service",
        "retired  /a",
        "retired  /b",
    ]


def test_a_large_fleet_is_cut_and_counted() -> None:
    many = [service(f"/s{number}") for number in range(398)] + [service(f"/n{number}", **NEW) for number in range(2)]
    lines = summary(*many)
    assert lines[0] == "400 services: 2 new, 398 unchanged"
    assert len(lines) == 1 + 1 + 1 + 20 + 1
    assert lines[3].startswith("new ")
    assert lines[-1] == "and 380 unchanged"
    assert services_summary({"services": many}, 1)[-1] == "and 1 new, 398 unchanged"
    assert services_summary({"services": many}, 0) == [lines[0]]


def test_no_services() -> None:
    assert summary() == ["0 services"]
    assert summary(provisional=True) == [PREDICTED, "0 services"]


def test_what_came_from_the_cluster_cannot_change_the_terminal() -> None:
    hostile = service(**{**BROKEN, "msg": "\x1b[31m\u202e"})
    assert all(line.isprintable() for line in (*summary(hostile), *summary(hostile, service())))


@pytest.mark.parametrize("given", [[], {}, {"services": "x"}, None])
def test_other_input_is_refused(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="dcos_services"):
        services_summary(given)
