# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: creating, describing, passwords, providers, memberships, deleting; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api.iam import User
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.user import Provider, UserAccount, read_users
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import SUPERUSER, cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_OPEN,
    Crash,
    Reply,
    error,
    serving,
)

UID = "alice"
PATH = f"/acs/api/v1/users/{UID}"
GROUPS = "/acs/api/v1/groups"
LOGIN = "POST /acs/api/v1/auth/login"
FIRST, SECOND = "first-password", "another-password"
SAML = Provider("saml", "sso")
POWER = "dcos:superuser"


def cluster(*groups: str) -> EmulatedCluster:
    """A user in some groups, and another one that must not change."""
    fake = EmulatedCluster()
    for uid in (UID, "bystander"):
        fake.add_person(uid, FIRST)
    for gid in ("dev", "ops", "others"):
        fake.set_members(gid, "bystander", *([UID] if gid in groups else []))
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, own: str = SUPERUSER, **options: Any) -> Outcome:
    uid = options.pop("uid", UID)
    with serving(fake):
        return converge(UserAccount(iam=cluster_for(own).iam, own_uid=own, uid=uid, **options), check_mode)


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


def view(**other: Any) -> dict[str, Any]:
    common = {"uid": UID, "description": UID, "provider_type": "internal", "provider_id": "", "is_remote": False}
    return {**common, "url": PATH, "groups": [], **other}


# Creating


def test_a_local_user() -> None:
    fake = EmulatedCluster()
    fake.set_members("dev")
    outcome = twice(fake, description="Alice", password=FIRST, groups=["dev"])
    assert outcome.values == {"user": view(description="Alice", groups=["dev"])}
    assert outcome.before is None
    assert fake.writes == [f"PUT {PATH}", f"PUT {GROUPS}/dev/users/{UID}"]
    assert fake.has_password(UID, FIRST)


def test_a_user_is_described_by_its_uid() -> None:
    fake = EmulatedCluster()
    assert twice(fake, password=FIRST).values == {"user": view()}
    assert fake.users[UID] == {"description": UID}


@pytest.mark.parametrize("provider", [SAML, Provider("oidc", "https://id.example.com/"), Provider("ldap")])
def test_a_remote_user(provider: Provider) -> None:
    fake = EmulatedCluster()
    uid = "alice@example.com"
    outcome = twice(fake, uid=uid, provider=provider)
    user: Any = outcome.values["user"]
    assert (user["provider_type"], user["provider_id"], user["is_remote"]) == (provider.type, provider.id, True)
    assert fake.users[uid]["provider"] == f"{provider.type} {provider.id}".strip()


def test_a_missing_user_needs_a_way_to_log_in() -> None:
    assert "provider_type" in refused(EmulatedCluster(), "ERR_INVALID_DATA", description="d")


@pytest.mark.parametrize("password", ["", "abcd"])
def test_short_passwords_are_refused_before_any_request(password: str) -> None:
    fake = cluster()
    for options in ({}, {"change_password": True}):
        message = refused(fake, "ERR_INVALID_DATA", password=password, **options)
        assert message.startswith("password: ")
        assert not password or password not in message
    assert fake.calls == []
    assert not run(fake, password=password, present=False, uid="never").changed


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_iam_takes_exactly_the_passwords_that_are_not_refused(password: str) -> None:
    fake = EmulatedCluster()
    try:
        run(fake, password=password)
    except DcosError:
        with serving(fake):
            iam = cluster_for().iam
            with pytest.raises(DcosError, match="400 ERR_INVALID_DATA"):
                iam.create_user(User(UID, "", False, "internal", None, ""), password)
    else:
        assert fake.has_password(UID, password)


# Describing and passwords


def test_what_is_left_out_is_not_managed() -> None:
    fake = cluster("dev")
    outcome = run(fake)
    assert not outcome.changed
    assert outcome.values == {"user": view(groups=["dev"])}


@pytest.mark.parametrize("description", ["", "new", "ümlaut\nand more"])
def test_a_description_is_changed(description: str) -> None:
    fake = cluster()
    outcome = twice(fake, description=description)
    assert fake.writes == [f"PATCH {PATH}"]
    assert fake.users[UID]["description"] == description
    assert outcome.before is not None
    assert outcome.before["description"] == UID


def test_the_password_of_an_existing_user_is_left_alone() -> None:
    fake = cluster()
    assert not run(fake, password=SECOND).changed
    assert LOGIN not in fake.calls
    assert fake.has_password(UID, FIRST)


def test_the_password_is_changed_where_a_login_with_it_is_refused() -> None:
    fake = cluster()
    outcome = twice(fake, password=SECOND, change_password=True)
    assert fake.writes == [f"PATCH {PATH}"]
    assert fake.has_password(UID, SECOND)
    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before["password"], outcome.after["password"]) == ("another than wanted", "as wanted")
    assert SECOND not in repr(outcome)


@pytest.mark.parametrize("reply", [Reply(401, "<html>"), error(401), error(403), Reply(200, {}), Reply(200, "<html>")])
def test_only_the_iam_itself_says_that_a_password_is_another(reply: Reply) -> None:
    fake = cluster()
    fake.replies["/auth/login"] = reply
    with pytest.raises(DcosError):
        run(fake, password=SECOND, change_password=True)
    assert fake.writes == []


def test_lost_answers_are_judged_by_reading_back_and_by_a_login() -> None:
    for lost in ("cut_after", "cut_before"):
        fake = EmulatedCluster()
        getattr(fake, lost).add(1)
        assert run(fake, password=FIRST).changed
        fake.forget_calls()
        getattr(fake, lost).add(1)
        assert run(fake, password=SECOND, change_password=True).changed
        assert fake.has_password(UID, SECOND)


def test_somebody_else_creates_the_user_at_the_same_time() -> None:
    fake = EmulatedCluster()
    fake.rivals[1] = lambda: fake.add_person(UID, SECOND)
    assert not run(fake, password=FIRST).changed
    fake.remove_account(UID)
    fake.forget_calls()
    fake.rivals[1] = lambda: fake.add_person(UID, SECOND)
    assert run(fake, password=FIRST, change_password=True).changed
    assert fake.has_password(UID, FIRST)


@pytest.mark.parametrize("lost", [set(), {1}])
@pytest.mark.parametrize("options", [{"description": "d"}, {"password": SECOND, "change_password": True}])
def test_somebody_else_deletes_the_user_before_it_is_changed(options: dict[str, Any], lost: set[int]) -> None:
    """A user that is gone cannot be changed; it is created again where the options suffice for that."""
    fake = cluster()
    fake.rivals[1] = lambda: fake.remove_account(UID)
    fake.cut_before = lost
    assert run(fake, **{"password": SECOND, **options}).changed
    assert fake.has_password(UID, SECOND)


# Providers


@pytest.mark.parametrize("provider", [SAML, Provider("ldap")])
def test_how_a_user_logs_in_cannot_be_changed(provider: Provider) -> None:
    fake = cluster()
    assert "state=absent" in refused(fake, "ERR_USER_EXISTS", provider=provider)
    fake.add_remote_person("bob", "saml", "other")
    assert "saml (other)" in refused(fake, "ERR_USER_EXISTS", uid="bob", provider=provider)
    refused(fake, "ERR_USER_EXISTS", uid="bob", provider=Provider("internal"))
    assert not run(fake, uid="bob", provider=Provider("saml", "other")).changed
    assert not run(fake, provider=Provider("internal")).changed


@pytest.mark.parametrize("change_password", [True, False])
def test_a_remote_user_has_no_password(change_password: bool) -> None:
    fake = cluster()
    fake.add_remote_person("bob", "ldap")
    given_password: dict[str, Any] = {"password": FIRST, "change_password": change_password}
    assert "no password" in refused(fake, "ERR_INVALID_DATA", uid="bob", **given_password)
    fake.forget_calls()
    assert "no password" in refused(fake, "ERR_INVALID_DATA", uid="new", provider=SAML, **given_password)
    assert fake.calls == []
    assert twice(fake, uid="bob", description="Bob").changed


# Groups


def test_groups_are_joined() -> None:
    fake = cluster("dev")
    outcome = twice(fake, groups=["ops", "dev", "ops"])
    assert fake.groups_of(UID) == {"dev", "ops"}
    assert fake.writes == [f"PUT {GROUPS}/ops/users/{UID}"]
    assert outcome.values == {"user": view(groups=["dev", "ops"])}


@pytest.mark.parametrize("groups", [[], ["ops"], ["dev", "ops"]])
def test_groups_are_exactly_these(groups: list[str]) -> None:
    fake = cluster("dev", "others")
    twice(fake, groups=groups, groups_exclusive=True)
    assert fake.groups_of(UID) == set(groups)
    assert fake.groups_of("bystander") == {"dev", "ops", "others"}
    methods = [call.partition(" ")[0] for call in fake.writes]
    assert methods == sorted(methods, reverse=True), "joined first"


def test_a_group_that_does_not_exist() -> None:
    fake = cluster()
    predicted = run(fake, True, groups=["dev", "typo"])
    assert "typo" in predicted.warnings[0]
    assert predicted.values == {"user": view(groups=["dev", "typo"])}
    with pytest.raises(DcosError, match="groups: there is no group typo") as caught:
        run(fake, groups=["dev", "typo"])
    assert caught.value.code == "ERR_UNKNOWN_GROUP_ID"
    assert fake.writes == []


def test_exclusive_needs_a_list() -> None:
    with pytest.raises(DcosError, match="groups_exclusive"):
        run(cluster(), groups_exclusive=True)


def test_membership_in_superusers_is_not_changed_here() -> None:
    fake = cluster("dev")
    assert "dcos_group" in refused(fake, "native_account", groups=["superusers"])
    fake.add_members("superusers", UID)
    assert refused(fake, "native_account", groups=["dev"], groups_exclusive=True).startswith("groups_exclusive: ")
    assert not run(fake, groups=["superusers"]).changed
    assert twice(fake, groups=["superusers"], groups_exclusive=True).changed
    assert fake.groups_of(UID) == {"superusers"}


# Interruptions


@pytest.mark.parametrize("writes", range(1, 5))
def test_a_run_that_died_is_finished_by_the_next_one(writes: int) -> None:
    fake = cluster("others")
    wanted: dict[str, Any] = {"description": "d", "password": SECOND, "change_password": True, "groups": ["dev"]}
    fake.crash_after = writes
    with pytest.raises(Crash):
        run(fake, **wanted, groups_exclusive=True)
    fake.crash_after = None
    assert run(fake, **wanted, groups_exclusive=True).changed is (writes < 4)
    assert (fake.users[UID]["description"], fake.groups_of(UID)) == ("d", {"dev"})
    assert fake.has_password(UID, SECOND)


# Deleting


def test_a_user_is_deleted() -> None:
    fake = cluster("dev")
    fake.add_grant(UID, "dcos:a", "read")
    outcome = twice(fake, present=False)
    assert outcome.values == {"user": None}
    assert (outcome.before or {})["groups"] == ["dev"]
    assert outcome.after is None
    assert UID not in fake.users
    assert fake.groups["dev"] == {"bystander"}


# Protection


@pytest.mark.parametrize("present", [True, False])
def test_a_service_account_is_refused(present: bool) -> None:
    fake = cluster()
    fake.add_account("svc", public_text("a"))
    refused(fake, "invalid_uid", uid="svc", present=present, password=FIRST)


@pytest.mark.parametrize(
    ("uid", "code"),
    [
        ("bootstrapuser", "native_account"),
        ("dcos_marathon", "native_account"),
        ("dcos_mine", "native_account"),
        ("svc.replacing", "invalid_uid"),
        ("a b", "invalid_uid"),
        ("a" * 97, "invalid_uid"),
    ],
)
def test_uids_that_are_refused_before_any_request(uid: str, code: str) -> None:
    fake = cluster()
    for present in (True, False):
        refused(fake, code, uid=uid, present=present, password=FIRST)
    assert fake.calls == []


def test_the_own_account_is_not_cut_off() -> None:
    fake = cluster("dev")
    fake.add_members("superusers", UID)
    fake.add_grant("dev", "dcos:adminrouter:acs", "full", "groups")
    fake.set_members("ops", UID)
    mine: dict[str, Any] = {"own": UID}
    refused(fake, "own_account", present=False, **mine)
    refused(fake, "own_account", password=SECOND, change_password=True, **mine)
    refused(fake, "own_account", groups=["superusers"], groups_exclusive=True, **mine)
    assert run(fake, password=FIRST, change_password=True, description="d", **mine).changed
    # A group that gives nothing which the run needs may be left.
    assert run(fake, groups=["superusers", "dev"], groups_exclusive=True, **mine).changed
    assert fake.groups_of(UID) == {"superusers", "dev"}


def test_the_last_superuser_stays_one() -> None:
    fake = cluster("dev")
    fake.set_superusers()
    fake.set_members("dev", UID)
    fake.add_grant("dev", POWER, "full", "groups")
    refused(fake, "ERR_NO_MORE_SUPERUSERS", present=False)
    refused(fake, "ERR_NO_MORE_SUPERUSERS", groups=[], groups_exclusive=True)
    fake.add_grant("bystander", POWER, "read")
    assert run(fake, groups=[], groups_exclusive=True).changed
    assert run(fake, present=False).changed


# Reading


def test_readings() -> None:
    fake = cluster("dev", "ops")
    fake.add_account("svc", public_text("a"))
    fake.add_members("dev", "svc")
    fake.add_remote_person("bob@example.com", "saml", "sso")
    with serving(fake):
        iam = cluster_for().iam
        alice = view(groups=["dev", "ops"])
        assert read_users(iam, UID) == [alice]
        assert read_users(iam, "svc") == read_users(iam, "never-made") == []
        everybody = read_users(iam, None)
    assert alice in everybody
    assert [user["uid"] for user in everybody] == [SUPERUSER, UID, "bob@example.com", "bystander"]
    assert everybody[2]["groups"] == []


def test_requests_for_all_users_grow_with_the_groups_only() -> None:
    fake = cluster("dev")
    for number in range(50):
        fake.add_person(f"p{number}")
    fake.forget_calls()
    with serving(fake):
        read_users(cluster_for().iam, None)
    assert len(fake.calls) == 1 + 1 + len(fake.groups)


def test_an_unchanged_user_takes_three_requests() -> None:
    fake = cluster("dev")
    assert not run(fake, password=FIRST, change_password=True, groups=["dev"], description=UID).changed
    assert fake.calls == [f"GET {PATH}", f"GET {PATH}/groups", LOGIN]


def test_on_an_open_cluster_users_have_no_groups() -> None:
    fake = cluster()
    fake.replies["/groups"] = Reply(404)
    fake.replies["/pkgpanda/"] = AT_OPEN[1]
    assert run(fake, description="d").values == {"user": view(description="d")}
    with serving(fake):
        assert view(description="d") in read_users(cluster_for().iam, None)
    with pytest.raises(DcosError, match="an open DC/OS cluster, which has no groups"):
        run(fake, groups=["dev"])
