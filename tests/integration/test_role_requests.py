# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role costs the cluster for one service, and that a token which is passed on spares all logins but one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from integration_support import PASSWORD, SUPERUSER, Emulator, Lab, Request, Run, Task, task, unique

GRANTS = 10


def provision(part: str, title: str, **variables: Any) -> Task:
    rids = [f"dcos:service:marathon:marathon:services:/it/{part}/{number}" for number in range(GRANTS)]
    given = {
        "name": f"/it/{part}",
        "security_mode": "strict",
        "permissions": [{"rid": rid, "actions": ["read"]} for rid in rids],
        **variables,
    }
    prefixed = {f"dcos_service_{name}": value for name, value in given.items()}
    return task("ansible.builtin.include_role", title, args={"name": "dcos.security.dcos_service"}, vars=prefixed)


def marker(name: str) -> Task:
    return task("ansible.builtin.debug", name)


def between(run: Run, emulator: Emulator, begin: str, end: str) -> list[Request]:
    """The requests of the time from one marker to the next."""
    return emulator.requests(run.one(begin).end, run.one(end).start)


def kinds(requests: list[Request]) -> Counter[str]:
    """How many requests of each kind; logins by who logged in."""
    return Counter(f"login of {each.uid}" if each.is_login else each.method for each in requests)


@pytest.fixture(scope="module")
def service() -> str:
    return unique("cost")


@pytest.fixture(scope="module")
def plain(own: Emulator, shared_lab: Lab, service: str) -> Run:
    """Twice, each module with a login of its own."""
    first, again = provision(service, "first"), provision(service, "again")
    return shared_lab.play([marker("start"), first, marker("middle"), again, marker("end")], own)


def test_requests_for_a_new_service(plain: Run, own: Emulator, service: str) -> None:
    asked = kinds(between(plain, own, "start", "middle"))
    # An account, a secret, ten ACLs, ten grants; three modules make them and a fourth verifies the login.
    assert asked["PUT"] == 2 + 2 * GRANTS
    assert asked[f"login of {SUPERUSER}"] == 4
    assert asked[f"login of it__{service}-principal"] == 1
    # Each named grant is looked at, where no cache answers; all the rest takes ten, with the list read at the end.
    assert asked["GET"] <= GRANTS + 10
    assert asked.keys() == {"PUT", "GET", f"login of {SUPERUSER}", f"login of it__{service}-principal"}


def test_requests_for_an_existing_service(plain: Run, own: Emulator) -> None:
    asked = kinds(between(plain, own, "middle", "end"))
    assert asked[f"login of {SUPERUSER}"] == 3
    assert asked["GET"] <= GRANTS + 8
    assert asked.keys() == {"GET", f"login of {SUPERUSER}"}


def test_one_login_for_a_play_that_passes_a_token(own: Emulator, lab: Lab) -> None:
    services = [unique("cost") for _count in range(2)]
    connection = {name: value for name, value in own.connection.items() if name in ("dcos_url", "dcos_ca_path")}
    block = {
        "block": [provision(each, each) for each in services],
        "module_defaults": {"group/dcos.security.dcos": {**connection, "dcos_token": "{{ login.token }}"}},
    }
    credentials = {"dcos_username": SUPERUSER, "dcos_password": PASSWORD}
    log_in = task("dcos_token", args={**connection, **credentials}, register="login", no_log=True)
    run = lab.play([marker("start"), log_in, block, marker("end")], defaults={})
    asked = kinds(between(run, own, "start", "end"))
    assert asked[f"login of {SUPERUSER}"] == 1
    # What was stored is tried out, which is no login of the play.
    assert [asked[f"login of it__{each}-principal"] for each in services] == [1, 1]
    assert asked["PUT"] == len(services) * (2 + 2 * GRANTS)
