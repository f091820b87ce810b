# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Power beyond a service's own grants: superuser for a bring-up, and Marathon's right to start it as its user."""

from __future__ import annotations

from datetime import datetime

from .._errors import DcosError
from .._rules import security_modes as modes
from .._rules.permissions import Permission
from .presets import DEFAULT_USER
from .variables import Variables

RUN_AS_ACCOUNT = "dcos_marathon"
"""The account that starts the apps of a cluster, and may be granted to start them as other Linux users."""


def superuser(given: Variables, now: datetime) -> tuple[bool, list[str]]:
    """Whether the service is a superuser in this run: a bring-up that was forgotten ends by itself."""
    option = given.option("superuser")
    wanted = given.boolean("superuser", False)
    until = given.moment("superuser_until")
    if until is None:
        return wanted, []
    if not wanted:
        raise DcosError(
            f"{given.option('superuser_until')}: limits a bring-up, but {option} is false. Set that to true, or leave "
            "this variable out."
        )
    if now < until:
        return True, []
    end = until.isoformat(timespec="seconds")
    return False, [
        f"{given.option('superuser_until')}: the time of the bring-up ended at {end}, so {option} counts as false. "
        "Leave both variables out."
    ]


def run_as(
    given: Variables, user: str, mode: str, origin: str, in_advance: bool
) -> tuple[tuple[Permission, ...], list[str]]:
    """What Marathon must be granted to start the service, where that is asked for; otherwise a warning that it must.

    user: the Linux user of the scheduler, which need not be that of the tasks.
    Mesos asks for it in strict mode only, and nobody is granted from the start. The accounts of DC/OS itself exist in
    permissive and strict mode. What is outside the cluster is not started by Marathon.
    """
    asked = given.boolean("run_as_grants", False)
    if user == DEFAULT_USER or origin == modes.OUTSIDE or not (mode == modes.STRICT or in_advance):
        return (), []
    permission = Permission(f"dcos:mesos:master:task:user:{user}", ("create",))
    if asked and mode != modes.DISABLED:
        return (permission,), []
    why = f"{RUN_AS_ACCOUNT} must be granted {permission.rid} create to start the service as {user}"
    option = given.option("run_as_grants")
    if asked:
        return (), [
            f"{option}: {why}, but a cluster in disabled mode has no such account. Set it again after an upgrade."
        ]
    return (), [f"{given.option('linux_user')}: {why}; {option} true does it."] if mode == modes.STRICT else []
