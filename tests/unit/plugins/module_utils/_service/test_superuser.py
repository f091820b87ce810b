# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marathon's right to start a service as its Linux user: granted on request, told where it is missing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Permission
from ansible_collections.dcos.security.plugins.module_utils._service.plan import Plan, plan_service

CLUSTER = {"url": "https://c", "version": "2.2.4", "variant": "enterprise"}
RUN_AS_APP = Permission("dcos:mesos:master:task:user:app", ("create",))


def plan(mode: str = "strict", **raw: Any) -> Plan:
    return plan_service({"name": "/prod/x", "linux_user": "app", **raw}, {**CLUSTER, "security_mode": mode})


@pytest.mark.parametrize(
    ("mode", "raw", "run_as", "told"),
    [
        ("strict", {"run_as_grants": True}, True, None),
        ("strict", {}, False, "dcos_service_linux_user"),
        ("strict", {"run_as_grants": True, "linux_user": "nobody"}, False, None),
        ("strict", {"linux_user": ""}, False, None),
        ("strict", {"run_as_grants": True, "origin": "outside"}, False, None),
        ("strict", {"origin": "outside"}, False, None),
        ("permissive", {}, False, None),
        ("permissive", {"run_as_grants": True}, False, None),
        ("permissive", {"run_as_grants": True, "enforce_in_advance": True}, True, None),
        ("permissive", {"enforce_in_advance": True}, False, None),
        ("disabled", {"run_as_grants": True, "enforce_in_advance": True}, False, "dcos_service_run_as_grants"),
        ("strict", {"run_as_grants": True, "state": "absent"}, False, None),
    ],
)
def test_run_as(mode: str, raw: dict[str, Any], run_as: bool, told: str | None) -> None:
    made = plan(mode, **raw)
    assert made.run_as == ((RUN_AS_APP,) if run_as else ())
    assert [text.partition(":")[0] for text in made.warnings] == ([] if told is None else [told])
    assert all("dcos_marathon" in text and RUN_AS_APP.rid in text for text in made.warnings)


def test_run_as_grants_are_never_revoked() -> None:
    made = plan(run_as_grants=True, state="absent", delete_unused_acls=True)
    assert made.run_as == made.delete_unused_acls == ()
