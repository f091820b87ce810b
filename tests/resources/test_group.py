# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups: creating, describing, who is in them, deleting; what is refused, and how many requests large ones take."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.iam import group_subject
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.acl_grants import Grants
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.group import AccountGroup, read_groups
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Permission
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import SUPERUSER, cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Crash, Reply, serving

GID = "crew"
PATH = f"/acs/api/v1/groups/{GID}"
POWER = "dcos:superuser"


def cluster(*members: str) -> EmulatedCluster:
    """Two users and two service accounts, and a group with some of them; no group without any."""
    fake = EmulatedCluster()
    for uid in ("alice", "bob@example.com"):
        fake.add_person(uid)
    for uid in ("svc", "deployer"):
        fake.add_account(uid, public_text("a"))
    fake.set_members("others", "alice", "svc")
    if members:
        fake.set_members(GID, *members)
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, own: str = SUPERUSER, **options: Any) -> Outcome:
    gid = options.pop("gid", GID)
    with serving(fake):
        return converge(AccountGroup(iam=cluster_for(own).iam, own_uid=own, gid=gid, **options), check_mode)


def twice(fake: EmulatedCluster, **options: Any) -> Outcome:
    """Predicted, done, and unchanged when done again."""
    before = fake.state()
    predicted = run(fake, True, **options)
    assert fake.writes == []
    assert fake.state() == before
    outcome = run(fake, **options)
    assert outcome == predicted
    assert outcome.changed
    written = list(fake.writes)
    again = run(fake, **options)
    assert not again.changed
    assert (again.values, again.before) == (outcome.values, again.after)
    assert fake.writes == written
    return outcome


def refused(fake: EmulatedCluster, code: str, **options: Any) -> str:
    for check_mode in (True, False):
        with pytest.raises(DcosError) as caught:
            run(fake, check_mode, **options)
        assert caught.value.code == code
    assert fake.writes == []
    return caught.value.message


def view(*members: str, description: str = GID) -> dict[str, Any]:
    return {"gid": GID, "description": description, "url": PATH, "members": list(members)}


# Present


def test_a_new_group_of_users_and_services() -> None:
    fake = cluster()
    outcome = twice(fake, description="The crew", members=["svc", "alice", "svc"])
    assert outcome.values == {"group": view("alice", "svc", description="The crew")}
    assert outcome.before is None
    assert fake.writes == [f"PUT {PATH}", f"PUT {PATH}/users/alice", f"PUT {PATH}/users/svc"]


def test_a_group_is_described_by_its_gid() -> None:
    assert twice(cluster()).values == {"group": view()}


@pytest.mark.parametrize("description", ["", "new"])
def test_a_description_is_changed(description: str) -> None:
    fake = cluster("svc")
    assert twice(fake, description=description).values == {"group": view("svc", description=description)}
    assert fake.writes == [f"PATCH {PATH}"]


def test_what_is_left_out_is_not_managed() -> None:
    fake = cluster("svc")
    outcome = run(fake)
    assert (outcome.changed, outcome.values) == (False, {"group": view("svc")})


def test_members_join() -> None:
    fake = cluster("svc")
    twice(fake, members=["bob@example.com"])
    assert fake.groups[GID] == {"svc", "bob@example.com"}
    assert fake.groups["others"] == {"alice", "svc"}


@pytest.mark.parametrize("members", [[], ["alice"], ["alice", "svc", "deployer"]])
def test_members_are_exactly_these(members: list[str]) -> None:
    fake = cluster("svc", "bob@example.com")
    twice(fake, members=members, members_exclusive=True)
    assert fake.groups[GID] == set(members)
    methods = [call.partition(" ")[0] for call in fake.writes]
    assert methods == sorted(methods, reverse=True), "they join before others leave"


def test_exclusive_needs_a_list() -> None:
    with pytest.raises(DcosError, match="members_exclusive"):
        run(cluster(), members_exclusive=True)


def test_a_member_that_does_not_exist() -> None:
    fake = cluster("svc")
    uids = [f"typo{number}" for number in range(7)]
    predicted = run(fake, True, members=["alice", *uids])
    assert "typo4 and 2 more" in predicted.warnings[0]
    with pytest.raises(DcosError, match="members: there is no account typo0, typo1") as caught:
        run(fake, members=["alice", *uids])
    assert caught.value.code == "ERR_UNKNOWN_USER_ID"
    assert fake.writes == []


# Absent


def test_a_deletion_names_what_goes_with_it() -> None:
    fake = cluster("alice", "svc")
    fake.add_grant(GID, "dcos:a", "read", "groups")
    fake.add_grant(GID, "dcos:a", "full", "groups")
    outcome = twice(fake, present=False, members=["ignored"])
    assert outcome.values == {"group": None}
    assert outcome.before == {
        "gid": GID,
        "description": GID,
        "members": ["alice", "svc"],
        "permissions": [{"rid": "dcos:a", "actions": ["read", "full"]}],
    }
    assert outcome.after is None
    assert GID not in fake.groups
    assert {"alice", "svc"} <= set(fake.users)


# Superusers


def test_the_group_of_superusers_is_only_changed_on_request() -> None:
    fake = cluster()
    message = refused(fake, "native_account", gid="superusers", members=["alice"])
    assert "allow_superusers" in message
    assert fake.calls == []
    twice(fake, gid="superusers", members=["alice"], allow_superusers=True)
    assert fake.groups["superusers"] == {SUPERUSER, "alice"}


def test_the_group_of_superusers_is_never_deleted() -> None:
    fake = cluster()
    for allowed in (True, False):
        refused(fake, "native_account", gid="superusers", present=False, allow_superusers=allowed)
    assert fake.calls == []


def test_the_last_member_of_superusers_stays() -> None:
    fake = cluster()
    fake.set_superusers("alice")
    fake.add_grant("deployer", POWER, "full")
    options: dict[str, Any] = {"gid": "superusers", "allow_superusers": True, "members_exclusive": True}
    refused(fake, "ERR_NO_MORE_SUPERUSERS", members=[], **options)
    assert run(fake, members=["bob@example.com"], **options).changed
    assert fake.groups["superusers"] == {"bob@example.com"}


@pytest.mark.parametrize("options", [{"present": False}, {"members": [], "members_exclusive": True}])
def test_the_last_superuser_stays_one_through_any_group(options: dict[str, Any]) -> None:
    fake = cluster("alice")
    fake.set_superusers()
    fake.add_grant(GID, POWER, "full", "groups")
    refused(fake, "ERR_NO_MORE_SUPERUSERS", **options)
    fake.add_grant("svc", POWER, "read")
    assert run(fake, **options).changed


@pytest.mark.parametrize("options", [{"present": False}, {"members": ["bob@example.com"], "members_exclusive": True}])
@pytest.mark.parametrize("rid", [POWER, "dcos:adminrouter:acs", "dcos:secrets:default:/*"])
def test_the_own_account_keeps_what_the_run_needs(rid: str, options: dict[str, Any]) -> None:
    fake = cluster("alice", "svc")
    fake.add_members("superusers", "alice")
    fake.add_grant(GID, rid, "full", "groups")
    assert "(alice)" in refused(fake, "own_account", own="alice", **options)
    assert run(fake, own="alice", members=["alice"], members_exclusive=True).changed
    fake.add_members(GID, "svc")
    fake.remove_grants(GID, kind="groups")
    fake.add_grant(GID, "dcos:other", "full", "groups")
    assert run(fake, own="alice", **options).changed


# Accounts of DC/OS itself


@pytest.mark.parametrize(
    ("uid", "code"),
    [
        ("bootstrapuser", "native_account"),
        ("dcos_marathon", "native_account"),
        ("dcos_mine", "native_account"),
        ("svc.replacing", "invalid_uid"),
        ("a b", "invalid_uid"),
    ],
)
def test_who_does_not_join(uid: str, code: str) -> None:
    fake = cluster("svc")
    assert refused(fake, code, members=[uid]).startswith("members: ")


def test_who_does_not_leave() -> None:
    fake = cluster("svc", "dcos_marathon")
    fake.add_account("dcos_mine", public_text("a"))
    fake.add_members(GID, "dcos_mine")
    message = refused(fake, "native_account", members=["svc"], members_exclusive=True)
    assert "dcos_marathon" in message
    assert "List it among members" in message
    fake.remove_account("dcos_marathon")
    refused(fake, "native_account", members=["svc"], members_exclusive=True)
    assert run(fake, members=["svc"], members_exclusive=True, allow_dcos_prefix=True).changed
    assert fake.groups[GID] == {"svc"}


def test_who_is_in_it_may_be_listed() -> None:
    fake = cluster("svc", "dcos_marathon")
    assert not run(fake, members=["dcos_marathon", "svc"], members_exclusive=True).changed


@pytest.mark.parametrize("gid", ["", "a b", "a/b", "..", "a" * 97])
def test_gids_that_are_refused_before_any_request(gid: str) -> None:
    fake = cluster()
    assert refused(fake, "invalid_uid", gid=gid).startswith("gid: ")
    assert fake.calls == []


# Interruptions


@pytest.mark.parametrize("writes", range(1, 5))
def test_a_run_that_died_is_finished_by_the_next_one(writes: int) -> None:
    fake = cluster("svc")
    wanted: dict[str, Any] = {"description": "d", "members": ["alice", "deployer"], "members_exclusive": True}
    fake.crash_after = writes
    with pytest.raises(Crash):
        run(fake, **wanted)
    fake.crash_after = None
    assert run(fake, **wanted).changed is (writes < 4)
    assert fake.groups[GID] == {"alice", "deployer"}


# Others at the same time


def test_somebody_else_creates_the_group_at_the_same_time() -> None:
    fake = cluster()
    fake.rivals[1] = lambda: fake.set_members(GID, "svc")
    assert run(fake, members=["svc", "alice"]).changed
    assert fake.groups[GID] == {"svc", "alice"}


@pytest.mark.parametrize("lost", [set(), {1}])
def test_somebody_else_deletes_the_group_before_it_is_changed(lost: set[int]) -> None:
    fake = cluster("svc")
    fake.rivals[1] = lambda: fake.remove_group(GID)
    fake.cut_before = lost
    assert run(fake, description="d", members=["svc"]).changed
    assert fake.groups[GID] == {"svc"}


@pytest.mark.parametrize("lost", ["cut_before", "cut_after"])
def test_lost_answers_are_judged_by_reading_back(lost: str) -> None:
    fake = cluster("svc")
    setattr(fake, lost, {1, 3, 5})
    assert run(fake, description="d", members=["alice"], members_exclusive=True).changed
    assert fake.groups[GID] == {"alice"}
    fake.forget_calls()
    setattr(fake, lost, {1})
    assert run(fake, present=False).changed
    assert GID not in fake.groups


# Reading


def test_readings() -> None:
    fake = cluster("alice", "svc")
    with serving(fake):
        iam = cluster_for().iam
        assert read_groups(iam, GID) == [view("alice", "svc")]
        assert read_groups(iam, "never-made") == []
        everything = read_groups(iam, None)
    assert [(group["gid"], group["members"]) for group in everything] == [
        (GID, ["alice", "svc"]),
        ("others", ["alice", "svc"]),
        ("superusers", [SUPERUSER]),
    ]


def test_an_open_cluster_has_no_groups() -> None:
    fake = cluster()
    fake.replies["/groups"] = Reply(404)
    with pytest.raises(DcosError, match="DC/OS Enterprise only"):
        run(fake, members=["alice"])


# Large ones

MANY = 1000


def test_a_thousand_members() -> None:
    fake = cluster()
    uids = [f"p{number}" for number in range(MANY)]
    for uid in uids:
        fake.add_person(uid)
    fake.set_members(GID, *uids[: MANY - 2], "svc")
    options: dict[str, Any] = {"members": uids, "members_exclusive": True}
    assert run(fake, **options).changed
    reads = [call for call in fake.calls if call.startswith("GET")]
    assert len(reads) == 6, "group, members twice, accounts twice, and what the group may do"
    assert fake.writes == [f"PUT {PATH}/users/{uid}" for uid in uids[-2:]] + [f"DELETE {PATH}/users/svc"]
    fake.forget_calls()
    assert not run(fake, **options).changed
    assert fake.calls == [f"GET {PATH}", f"GET {PATH}/users", f"GET {PATH}/users?type=service"]


def test_a_thousand_grants_of_a_group() -> None:
    fake = cluster("svc")
    permissions = [Permission(f"dcos:a:{number}", ("read",)) for number in range(MANY)]
    for permission in permissions[2:]:
        fake.add_grant(GID, permission.rid, "read", "groups")
    fake.add_grant(GID, "dcos:old", "read", "groups")

    def grant() -> Outcome:
        fake.forget_calls()
        with serving(fake):
            iam = cluster_for().iam
            return converge(Grants(iam, SUPERUSER, group_subject(GID), permissions, exclusive=True), False)

    assert grant().changed
    assert len(fake.writes) == 2 * 2 + 1, "two ACLs with a grant each, and a revocation"
    assert len(fake.calls) - len(fake.writes) == 4, "what the group may do, and the own groups, twice each"
    assert not grant().changed
    assert fake.calls == [f"GET {PATH}/permissions", f"GET /acs/api/v1/users/{SUPERUSER}/groups"]
