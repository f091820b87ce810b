# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work whose input can be as large as one wants, for test_growth.py and "make bench".

Each function prepares an input of a size and returns what works on it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Callable, Mapping, cast

from ansible_collections.dcos.security.plugins.module_utils._access.findings import (
    Account,
    Facts,
    StoredKey,
    find,
)
from ansible_collections.dcos.security.plugins.module_utils._access.reader import AccessReading, grants_of_groups
from ansible_collections.dcos.security.plugins.module_utils._access.view import access_view
from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.iam import (
    GroupGrant,
    Iam,
    Permissions,
    Subject,
    User,
    group_subject,
    user_subject,
)
from ansible_collections.dcos.security.plugins.module_utils._fleet.collisions import collisions
from ansible_collections.dcos.security.plugins.module_utils._fleet.fleet import Fleet, quiet
from ansible_collections.dcos.security.plugins.module_utils._fleet.read_cache import Lists
from ansible_collections.dcos.security.plugins.module_utils._resources.acl_grants import Grants, GrantsState, who_may
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import (
    Grant,
    Permission,
    check_permissions,
)
from ansible_collections.dcos.security.plugins.module_utils._rules.rid_catalog import check_known
from ansible_collections.dcos.security.plugins.module_utils._service.plan import plan_service
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_key

Workload = Callable[[int], Callable[[], object]]

NOW = datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
MEMBERSHIPS = 20
ACTIONS = ("create", "read")


def _rid(number: int) -> str:
    return f"dcos:service:marathon:marathon:services:/app-{number}"


class _Holders(Iam):
    """An IAM that knows who holds a resource, and nothing else."""

    def __init__(self, size: int) -> None:
        kinds = (user_subject, group_subject)
        self._found = [
            (kinds[number % 2](f"holder-{number}"), Grant("dcos:superuser", action))
            for action in ACTIONS
            for number in range(size)
        ]

    def grants_on(self, rid: str) -> list[tuple[Subject, Grant]] | None:
        return self._found


def holders_of_a_resource(size: int) -> Callable[[], object]:
    """Who may use one resource: so many holders."""
    iam = _Holders(size)
    return lambda: who_may(iam, "dcos:superuser")


def cluster_facts(size: int) -> Facts:
    """So many accounts and groups; each account is in twenty groups and has a stored key."""
    key = public_key("shared")
    groups = {f"group-{number}": (Grant(_rid(number), "read"),) for number in range(size)}
    accounts = []
    for number in range(size):
        gids = [f"group-{(number + step) % size}" for step in range(MEMBERSHIPS)]
        through = tuple(GroupGrant(gid, grant) for gid in gids for grant in groups[gid])
        user = User(f"account-{number}", "", True, "internal", "its text", "")
        accounts.append(Account(user, key, Permissions((Grant(_rid(number), "create"),), through)))
    stored = tuple(StoredKey(f"{each.uid}/secret", each.uid, key) for each in accounts)
    return Facts(tuple(accounts), NOW, groups=groups, stored=stored, all_secrets=True)


def findings_of_a_cluster(size: int) -> Callable[[], object]:
    """Findings about so many accounts in so many groups."""
    facts = cluster_facts(size)
    return lambda: find(facts)


def view_of_a_cluster(size: int) -> Callable[[], object]:
    """The result about so many accounts in so many groups."""
    facts = cluster_facts(size)
    found = find(facts)
    return lambda: access_view("https://dcos.example.com", AccessReading(facts), found)


def grants_of_a_group(size: int) -> Callable[[], object]:
    """What one group may do, gathered from a member's permissions: so many grants."""
    through = tuple(GroupGrant("group", Grant(_rid(number), "read")) for number in range(size))
    user = User("account", "", False, "internal", None, "")
    return lambda: grants_of_groups((Account(user, None, Permissions((), through)),))


def superusers_of_a_cluster(size: int) -> Callable[[], object]:
    """What each of so many superusers holds, from the list that was read once for all services."""
    lists = Lists(cast(Cluster, SimpleNamespace(iam=_Holders(size))))
    return lambda: [lists.superuser_grants(user_subject(f"holder-{number}")) for number in range(size)]


def grants_of_an_account(size: int) -> Callable[[], object]:
    """The plan of an exclusive list of so many permissions, a half of which is there, beside as many others."""
    wanted = [Permission(_rid(number), ACTIONS) for number in range(size)]
    direct = tuple(Grant(_rid(number), "read") for number in range(size // 2, size + size // 2))
    grants = Grants(_Holders(0), None, user_subject("account"), wanted, exclusive=True)
    return lambda: _outcome(grants, GrantsState(Permissions(direct)))


def _outcome(grants: Grants, state: GrantsState) -> object:
    plan = grants.plan(state)
    return grants.result(plan, plan.steps)


def unused_acls(size: int) -> Callable[[], object]:
    """The plan of taking so many grants away, with the ACLs that nobody uses then."""
    subject = user_subject("account")
    permissions = [Permission(_rid(number), ()) for number in range(size)]
    direct = tuple(Grant(_rid(number), "read") for number in range(size))
    acls = {grant.rid: [(subject, grant)] for grant in direct}
    grants = Grants(_Holders(0), None, subject, permissions, present=False, delete_unused_acls=True)
    return lambda: _outcome(grants, GrantsState(Permissions(direct), acls=acls))


def permissions_of_a_list(size: int) -> Callable[[], object]:
    """A list of so many permissions, each rid twice."""
    listed = [{"rid": _rid(number), "actions": [action]} for action in ACTIONS for number in range(size)]
    return lambda: check_permissions(listed, "permissions")


def unknown_permissions(size: int) -> Callable[[], object]:
    """So many rids that no document knows, each looked up for the nearest one."""
    written = [("permissions", f"dcos:mesos:master:framwork:role:r{number}", ACTIONS) for number in range(size)]
    return lambda: check_known(written, "warn", "unknown_rids")


def unknown_permission(size: int) -> Callable[[], object]:
    """One unknown rid of so many parts."""
    return lambda: check_known([("permissions", "dcos:" + "part:" * size + "end", ACTIONS)], "warn", "unknown_rids")


def _service(number: int, **more: object) -> dict[str, object]:
    return {"name": f"/folder/service-{number}", "security_mode": "strict", **more}


def permissions_of_a_service(size: int) -> Callable[[], object]:
    """The plan of a service with so many permissions of its own, and a preset for so many pools."""
    listed = [{"rid": _rid(number), "actions": list(ACTIONS)} for number in range(size)]
    values = {"pool_name": [f"pool-{number}" for number in range(size)]}
    given = _service(1, permissions=listed, preset="edge-lb", preset_values=values)
    return lambda: plan_service(given)


def presets_of_a_service(size: int) -> Callable[[], object]:
    """The plan of a service with so many presets of its own."""
    presets = {
        f"preset-{number}": {"grants": [{"rid": _rid(number), "actions": list(ACTIONS)}]} for number in range(size)
    }
    given = _service(1, preset=list(presets), presets=presets, mesos_role="a", linux_user="b")
    return lambda: plan_service(given)


def collisions_of_services(size: int) -> Callable[[], object]:
    """So many services, every other one with the account of all others of its kind."""
    plans = [plan_service(_service(number, **({"account": "one"} if number % 2 else {}))) for number in range(size)]
    return lambda: list(collisions(plans))


def services_that_are_refused(size: int) -> Callable[[], object]:
    """The result and the message of a list of so many services, all of them wrong, every other one in the same way."""
    services = [_service(0 if number % 2 else number, mesos_role="no role") for number in range(size)]
    iam = SimpleNamespace(listed_service_accounts=list)

    def work() -> object:
        fleet = Fleet(cast(Cluster, SimpleNamespace(iam=iam)), services, {}, concurrency=8, progress=quiet)
        plan = fleet.plan(fleet.read())
        return fleet.result(plan, plan.steps), fleet.failure()

    return work


WORKLOADS: Mapping[str, tuple[Workload, int]] = {
    "holders of a resource": (holders_of_a_resource, 400),
    "findings of a cluster": (findings_of_a_cluster, 300),
    "view of a cluster": (view_of_a_cluster, 300),
    "grants of a group": (grants_of_a_group, 400),
    "grants of an account": (grants_of_an_account, 300),
    "superusers of a cluster": (superusers_of_a_cluster, 400),
    "unused ACLs": (unused_acls, 400),
    "permissions of a list": (permissions_of_a_list, 300),
    "unknown permissions": (unknown_permissions, 30),
    "parts of an unknown permission": (unknown_permission, 1000),
    "permissions of a service": (permissions_of_a_service, 400),
    "presets of a service": (presets_of_a_service, 100),
    "collisions of services": (collisions_of_services, 400),
    "services that are refused": (services_that_are_refused, 300),
}
"""By name: the workload, and the size with which a benchmark begins; tests are content with a tenth of it."""
