# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which grants are wider than needed: what the permissions reference says, and what presets of services grant."""

from __future__ import annotations

import pytest

from ansible_collections.dcos.security.plugins.module_utils._access.over_wide import over_wide


@pytest.mark.parametrize(
    ("rid", "actions", "words"),
    [
        ("dcos:mesos:master:framework:role", ["create"], "every Mesos role"),
        ("dcos:mesos:master:reservation:principal", ["delete"], "every account"),
        ("dcos:mesos:master:task:user", ["create"], "every Linux user"),
        ("dcos:mesos:agent:sandbox:app_id", ["read"], "every service"),
        ("dcos:mesos:agent:endpoint:path", ["read"], "every endpoint"),
        ("dcos:mesos:master:reservation", ["delete"], "every reservation"),
        ("dcos:service:marathon:marathon:services:/", ["read", "update"], "every service"),
        ("dcos:service:marathon:mom:services:/", ["full"], "every service"),
        ("dcos:service:metronome:metronome:jobs", ["create"], "every job"),
        ("dcos:secrets:default:/*", ["read"], "every secret"),
        ("dcos:mesos:master:framework:role:a-role", ["create", "full"], "single actions: create."),
        ("dcos:mesos:agent:flags", ["full"], "single actions: read."),
        ("dcos:cluster:linker:*", ["delete"], "every link"),
        ("dcos:secrets:list:default:/", ["read", "full"], "every secret"),
    ],
)
def test_wide(rid: str, actions: list[str], words: str) -> None:
    assert words in (over_wide(rid, actions) or "")


@pytest.mark.parametrize(
    ("rid", "actions"),
    [
        ("dcos:superuser", ["full"]),
        ("dcos:mesos:master:framework:role:*", ["create"]),
        ("dcos:mesos:master:framework:role:slave_public/a-role", ["create", "read"]),
        ("dcos:mesos:agent:flags", ["read"]),
        ("dcos:mesos:master:block_disk", ["create", "delete"]),
        ("dcos:service:marathon:marathon:services:/", ["read"]),
        ("dcos:service:marathon:marathon:services:/dev", ["full"]),
        ("dcos:service:marathon:marathon:admin:events", ["full"]),
        ("dcos:service:metronome:metronome:jobs:dev", ["full"]),
        ("dcos:secrets:default:/svc/*", ["full"]),
        ("dcos:secrets:list:default:/", ["read"]),
        ("dcos:adminrouter:acs", ["full"]),
        ("dcos:test:unknown", ["full"]),
        ("dcos:adminrouter:ops:mesos", ["full"]),
    ],
)
def test_not_wide(rid: str, actions: list[str]) -> None:
    assert over_wide(rid, actions) is None
