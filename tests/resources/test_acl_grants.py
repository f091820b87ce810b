# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants: what is granted and revoked, in which order, and what is protected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api.iam import group_subject, user_subject
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.acl_grants import (
    ACL_DESCRIPTION,
    Grants,
    account_or_group,
)
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Permission
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Reply, Sent, serving

UID = "svc"
ACTIONS = ("create", "read", "update", "delete", "full")
Pairs = Sequence[tuple[str, str]]


def cluster(*grants: tuple[str, str]) -> EmulatedCluster:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("a"))
    fake.set_members("dev")
    for rid, action in grants:
        fake.add_grant(UID, rid, action)
    return fake


def permissions(pairs: Pairs) -> list[Permission]:
    """One entry for each rid, in order of first mention."""
    by_rid: dict[str, list[str]] = {}
    for rid, action in pairs:
        by_rid.setdefault(rid, []).append(action)
    return [Permission(rid, tuple(a for a in ACTIONS if a in actions)) for rid, actions in by_rid.items()]


def run(
    fake: EmulatedCluster, wanted: Any = (), check_mode: bool = False, own: str | None = "admin", **options: Any
) -> Outcome:
    """One run; C(wanted) is a list of permissions, or of pairs of rid and action."""
    listed = [one if isinstance(one, Permission) else None for one in wanted]
    subject = group_subject(options.pop("gid")) if "gid" in options else user_subject(options.pop("uid", UID))
    listed = wanted if wanted and isinstance(wanted[0], Permission) else permissions(wanted)
    with serving(fake):
        return converge(Grants(cluster_for().iam, own, subject, listed, **options), check_mode)


def pairs(views: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    return [(view["rid"], view["action"]) for view in views]


# Granting


def test_grants_are_made_with_their_acl() -> None:
    fake = cluster()
    outcome = run(fake, [("dcos:b:/x/*", "read"), ("dcos:b:/x/*", "full"), ("dcos:a", "create")])
    assert fake.grants_of(UID) == {("dcos:b:/x/*", "read"), ("dcos:b:/x/*", "full"), ("dcos:a", "create")}
    assert fake.acls["dcos:b:/x/*"] == fake.acls["dcos:a"] == ACL_DESCRIPTION
    assert outcome.changed
    assert outcome.values["grants"] == {
        "granted": [
            {"rid": "dcos:b:/x/*", "action": "read"},
            {"rid": "dcos:b:/x/*", "action": "full"},
            {"rid": "dcos:a", "action": "create"},
        ],
        "revoked": [],
        "direct": [{"rid": "dcos:a", "actions": ["create"]}, {"rid": "dcos:b:/x/*", "actions": ["read", "full"]}],
    }
    assert outcome.before == {"direct": []}
    assert outcome.after == {"direct": outcome.values["grants"]["direct"]}
    # One ACL for the two grants of a resource.
    assert [call for call in fake.writes if call.count("/") == 5] == [
        "PUT /acs/api/v1/acls/dcos:b:%252Fx%252F*",
        "PUT /acs/api/v1/acls/dcos:a",
    ]
    assert not run(fake, [("dcos:a", "create")]).changed


def test_an_existing_acl_keeps_its_description() -> None:
    fake = cluster()
    fake.add_acl("dcos:a", "somebody's")
    given_descriptions = [Permission("dcos:a", ("read",), "mine"), Permission("dcos:b", ("read",), "")]
    run(fake, [*given_descriptions, Permission("dcos:c", ("read",), "c")])
    assert {rid: fake.acls[rid] for rid in ("dcos:a", "dcos:b", "dcos:c")} == {
        "dcos:a": "somebody's",
        "dcos:b": "",
        "dcos:c": "c",
    }


def test_no_acl_is_created_for_a_granted_resource() -> None:
    fake = cluster(("dcos:a", "read"))
    run(fake, [("dcos:a", "full"), ("dcos:superuser", "full")])
    assert fake.writes == [
        f"PUT /acs/api/v1/acls/dcos:a/users/{UID}/full",
        f"PUT /acs/api/v1/acls/dcos:superuser/users/{UID}/full",
    ]


def test_grants_precede_revocations_and_superuser_comes_last() -> None:
    fake = cluster(("dcos:superuser", "full"), ("dcos:z", "read"))
    run(fake, [("dcos:superuser", "read"), ("dcos:a", "read")], exclusive=True)
    assert [call.replace("/acs/api/v1/acls/", "") for call in fake.writes] == [
        "PUT dcos:a",
        f"PUT dcos:a/users/{UID}/read",
        f"PUT dcos:superuser/users/{UID}/read",
        f"DELETE dcos:z/users/{UID}/read",
        f"DELETE dcos:superuser/users/{UID}/full",
    ]


def test_without_exclusive_nothing_is_revoked() -> None:
    fake = cluster(("dcos:a", "read"))
    run(fake, [("dcos:b", "read")])
    assert fake.grants_of(UID) == {("dcos:a", "read"), ("dcos:b", "read")}
    assert not run(fake, []).changed


def test_exclusive_revokes_what_is_neither_listed_nor_kept() -> None:
    fake = cluster(("dcos:a", "read"), ("dcos:a", "full"), ("dcos:b", "read"), ("dcos:c", "read"))
    keep = permissions([("dcos:b", "read"), ("dcos:new", "read")])
    outcome = run(fake, [("dcos:a", "read")], exclusive=True, keep=keep)
    assert fake.grants_of(UID) == {("dcos:a", "read"), ("dcos:b", "read")}
    assert pairs(outcome.values["grants"]["revoked"]) == [("dcos:a", "full"), ("dcos:c", "read")]
    assert run(fake, [], exclusive=True).changed
    assert fake.grants_of(UID) == set()
    assert "dcos:a" in fake.acls


def test_granting_needs_actions() -> None:
    with pytest.raises(DcosError, match=r"^actions: ") as caught:
        run(cluster(), [Permission("dcos:a", ())])
    assert caught.value.code == "invalid_rid"


# Revoking


def test_absent_revokes_what_is_listed() -> None:
    fake = cluster(("dcos:a", "read"), ("dcos:a", "full"), ("dcos:b", "read"), ("dcos:superuser", "full"))
    outcome = run(fake, [("dcos:superuser", "full"), ("dcos:a", "full"), ("dcos:none", "read")], present=False)
    assert fake.grants_of(UID) == {("dcos:a", "read"), ("dcos:b", "read")}
    assert pairs(outcome.values["grants"]["revoked"]) == [("dcos:a", "full"), ("dcos:superuser", "full")]
    assert "dcos:none" not in fake.acls
    assert not run(fake, [("dcos:a", "full")], present=False).changed


def test_absent_without_actions_revokes_all_of_them() -> None:
    fake = cluster(("dcos:a", "read"), ("dcos:a", "full"), ("dcos:ab", "read"))
    run(fake, [Permission("dcos:a", ())], present=False)
    assert fake.grants_of(UID) == {("dcos:ab", "read")}


@pytest.mark.parametrize("check_mode", [False, True])
def test_absent_succeeds_for_a_missing_account(check_mode: bool) -> None:
    outcome = run(EmulatedCluster(), [("dcos:a", "read")], check_mode, present=False)
    assert not outcome.changed
    assert outcome.warnings == []


# Missing subjects


@pytest.mark.parametrize(
    ("subject", "code"), [({}, "ERR_UNKNOWN_USER_ID"), ({"gid": "nobody"}, "ERR_UNKNOWN_GROUP_ID")]
)
@pytest.mark.parametrize("exclusive", [False, True])
def test_a_missing_subject(subject: dict[str, str], code: str, exclusive: bool) -> None:
    """An error before the first write; planned in check mode, since an earlier task may be about to create it."""
    fake = EmulatedCluster()
    with pytest.raises(DcosError, match="does not exist") as caught:
        run(fake, [("dcos:a", "read")], exclusive=exclusive, **subject)
    assert caught.value.code == code
    assert fake.writes == []
    assert "dcos:a" not in fake.acls
    outcome = run(fake, [("dcos:a", "read")], True, exclusive=exclusive, **subject)
    assert outcome.changed
    assert len(outcome.warnings) == 1
    assert "does not exist" in outcome.warnings[0]
    assert outcome.values["grants"]["granted"] == [{"rid": "dcos:a", "action": "read"}]


def test_no_warning_for_an_account_that_the_same_run_creates() -> None:
    """The accounts of DC/OS itself are made by nobody."""
    for uid, warned in ((UID, 0), ("dcos_marathon", 1)):
        # A cluster in disabled mode has no accounts of its own.
        outcome = run(EmulatedCluster("disabled"), [("dcos:a", "read")], True, uid=uid, is_made_before=True)
        assert outcome.changed
        assert len(outcome.warnings) == warned
        with pytest.raises(DcosError, match="does not exist"):
            run(EmulatedCluster("disabled"), [("dcos:a", "read")], uid=uid, is_made_before=True)


# Groups


def test_grants_of_a_group() -> None:
    fake = cluster(("dcos:a", "read"))
    fake.add_grant("dev", "dcos:old", "read", "groups")
    outcome = run(fake, [("dcos:a", "full")], gid="dev", exclusive=True)
    assert fake.grants_of("dev", "groups") == {("dcos:a", "full")}
    assert fake.grants_of(UID) == {("dcos:a", "read")}
    assert outcome.values["grants"]["direct"] == [{"rid": "dcos:a", "actions": ["full"]}]


def test_grants_through_groups_are_shown_separately() -> None:
    fake = cluster()
    fake.add_members("superusers", UID)
    fake.add_members("dev", UID)
    fake.add_grant("dev", "dcos:a", "read", "groups")
    fake.add_grant("dev", "dcos:a", "full", "groups")
    outcome = run(fake, [("dcos:a", "read")], exclusive=True)
    assert outcome.changed
    assert outcome.values["through_groups"] == [
        {"gid": "dev", "rid": "dcos:a", "actions": ["read", "full"]},
        {"gid": "superusers", "rid": "dcos:superuser", "actions": ["full"]},
    ]
    assert fake.grants_of("dev", "groups") == {("dcos:a", "read"), ("dcos:a", "full")}


# Protection


@pytest.mark.parametrize("present", [True, False])
def test_the_group_of_superusers_is_never_changed(present: bool) -> None:
    fake = cluster()
    with pytest.raises(DcosError, match="superusers") as caught:
        run(fake, [("dcos:a", "read")], gid="superusers", present=present)
    assert caught.value.code == "native_account"
    assert fake.calls == []


@pytest.mark.parametrize("uid", ["dcos_net_agent", "dcos_anonymous", "dcos_adminrouter", "bootstrapuser"])
def test_accounts_of_dcos_itself_are_refused(uid: str) -> None:
    fake = cluster()
    for options in ({}, {"present": False}, {"allow_dcos_prefix": True}):
        with pytest.raises(DcosError) as caught:
            run(fake, [("dcos:a", "read")], uid=uid, **options)
        assert caught.value.code == "native_account"
    assert fake.calls == []


@pytest.mark.parametrize("uid", ["dcos_marathon", "dcos_metronome"])
def test_marathon_and_metronome_take_single_grants_but_not_exclusive(uid: str) -> None:
    fake = cluster()
    fake.add_account(uid, public_text("b"))
    fake.add_grant(uid, "dcos:theirs", "full")
    assert run(fake, [("dcos:mesos:agent:task:user:nobody", "create")], uid=uid).changed
    with pytest.raises(DcosError, match=r"^exclusive: ") as caught:
        run(fake, [], uid=uid, exclusive=True)
    assert caught.value.code == "native_account"
    assert run(fake, [("dcos:mesos:agent:task:user:nobody", "create")], uid=uid, present=False).changed
    assert fake.grants_of(uid) == {("dcos:theirs", "full")}


def test_the_dcos_prefix_can_be_allowed() -> None:
    fake = cluster()
    fake.add_account("dcos_mine", public_text("b"))
    with pytest.raises(DcosError, match="allow_dcos_prefix"):
        run(fake, [("dcos:a", "read")], uid="dcos_mine")
    assert run(fake, [("dcos:a", "read")], uid="dcos_mine", allow_dcos_prefix=True).changed


NEEDED = ["dcos:superuser", "dcos:adminrouter:acs", "dcos:adminrouter:ops:metadata", "dcos:secrets:default:/a/*"]


@pytest.mark.parametrize("rid", NEEDED)
@pytest.mark.parametrize("check_mode", [False, True])
def test_the_connections_account_keeps_what_the_run_needs(rid: str, check_mode: bool) -> None:
    fake = cluster((rid, "full"), ("dcos:other", "full"))
    for wanted, options in (
        ([], {"exclusive": True}),
        ([(rid, "full")], {"present": False}),
        ([Permission(rid, ())], {"present": False}),
    ):
        with pytest.raises(DcosError, match="account of this connection") as caught:
            run(fake, wanted, check_mode, own=UID, **options)
        assert caught.value.code == "own_account"
    assert fake.writes == []
    assert run(fake, [("dcos:other", "full")], own=UID, present=False).changed
    assert run(fake, [("dcos:more", "full")], own=UID).changed
    assert run(fake, [(rid, "full")], own="admin", present=False).changed


def test_the_connections_account_keeps_what_its_groups_grant() -> None:
    fake = cluster()
    fake.set_members("dev", "admin")
    fake.add_grant("dev", "dcos:superuser", "full", "groups")
    with pytest.raises(DcosError, match="account of this connection") as caught:
        run(fake, [("dcos:superuser", "full")], gid="dev", present=False)
    assert caught.value.code == "own_account"
    fake.set_members("dev")
    assert run(fake, [("dcos:superuser", "full")], gid="dev", present=False).changed


# Races


def test_changes_by_others_are_not_reported_as_ours() -> None:
    fake = cluster(("dcos:old", "read"))

    def others() -> None:
        fake.add_grant(UID, "dcos:a", "read")
        fake.remove_grants(UID, "dcos:old")

    fake.rivals[1] = others
    outcome = run(fake, [("dcos:a", "read"), ("dcos:b", "read")], exclusive=True)
    assert pairs(outcome.values["grants"]["granted"]) == [("dcos:b", "read")]
    assert outcome.values["grants"]["revoked"] == []
    assert fake.grants_of(UID) == {("dcos:a", "read"), ("dcos:b", "read")}

    fake = cluster(("dcos:old", "read"))
    fake.rivals[1] = others
    outcome = run(fake, [("dcos:a", "read")], exclusive=True)
    assert not outcome.changed
    assert outcome.before == outcome.after


def after_the_last_write(fake: EmulatedCluster, writes: int, *changes: Callable[[], object]) -> None:
    """Somebody changes something before the end is read, each time."""
    left = list(changes)

    def handle(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        if sent.call.endswith(f"/users/{UID}/permissions") and len(fake.writes) >= writes and left:
            left.pop(0)()
        return answer()

    fake.answering = handle


def test_two_different_exclusive_runs_end_in_one_of_their_states() -> None:
    """The other run revokes what we granted and grants what we revoke: our result is read and restored."""
    fake = cluster()

    def other_run() -> None:
        fake.add_grant(UID, "dcos:b", "read")
        fake.remove_grants(UID, "dcos:a")

    after_the_last_write(fake, 2, other_run)
    outcome = run(fake, [("dcos:a", "read")], exclusive=True)
    assert fake.grants_of(UID) == {("dcos:a", "read")}
    assert outcome.values["grants"] == {
        "granted": [{"rid": "dcos:a", "action": "read"}],
        "revoked": [{"rid": "dcos:b", "action": "read"}],
        "direct": [{"rid": "dcos:a", "actions": ["read"]}],
    }


def test_a_run_that_is_undone_every_time_reports_a_conflict() -> None:
    fake = cluster()
    after_the_last_write(fake, 2, *[lambda: fake.remove_grants(UID, "dcos:a")] * 3)
    with pytest.raises(DcosError, match=r"somebody else each time.*Still to do: grant dcos:a read\.") as caught:
        run(fake, [("dcos:a", "read")], exclusive=True)
    assert caught.value.code == "conflict"
    assert run(fake, [("dcos:a", "read")]).changed


def test_grants_added_meanwhile_are_reported_if_they_may_stay() -> None:
    fake = cluster()
    after_the_last_write(fake, 2, lambda: fake.add_grant(UID, "dcos:theirs", "read"))
    outcome = run(fake, [("dcos:a", "read")])
    assert outcome.values["grants"]["direct"] == [
        {"rid": "dcos:a", "actions": ["read"]},
        {"rid": "dcos:theirs", "actions": ["read"]},
    ]


def test_an_account_that_is_deleted_meanwhile_is_not_reported_as_provisioned() -> None:
    fake = cluster()
    after_the_last_write(fake, 2, lambda: fake.remove_account(UID))
    with pytest.raises(DcosError, match="does not exist") as caught:
        run(fake, [("dcos:a", "read")])
    assert caught.value.code == "ERR_UNKNOWN_USER_ID"


def test_reading_back_costs_one_request_and_only_after_writes() -> None:
    fake = cluster(("dcos:old", "read"))
    run(fake, [("dcos:a", "read"), ("dcos:b", "read")], exclusive=True)
    last = max(number for number, call in enumerate(fake.calls) if call.startswith("DELETE"))
    assert fake.calls[last + 1 :] == [f"GET /acs/api/v1/users/{UID}/permissions"]
    before = len(fake.calls)
    run(fake, [("dcos:a", "read"), ("dcos:b", "read")], exclusive=True)
    assert len(fake.calls) - before == 1 + 3  # the list, and a look at each that matters


def test_a_stale_list_at_the_end_is_detected() -> None:
    """The IAM may answer from a cache of five seconds, from before our writes."""
    fake = cluster(("dcos:old", "read"))
    first: list[Reply] = []

    def cached(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        if sent.call.endswith(f"/users/{UID}/permissions"):
            first.append(answer())
            return first[0]
        return answer()

    fake.answering = cached
    outcome = run(fake, [("dcos:a", "read")], exclusive=True)
    assert outcome.values["grants"]["direct"] == [{"rid": "dcos:a", "actions": ["read"]}]
    assert pairs(outcome.values["grants"]["revoked"]) == [("dcos:old", "read")]


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_lost_answer_does_no_harm(cut: str, number: int) -> None:
    fake = cluster(("dcos:old", "read"), ("dcos:superuser", "full"))
    getattr(fake, cut).add(number)
    outcome = run(fake, [("dcos:a", "read")], exclusive=True)
    assert fake.grants_of(UID) == {("dcos:a", "read")}
    assert pairs(outcome.values["grants"]["granted"]) == [("dcos:a", "read")]
    assert pairs(outcome.values["grants"]["revoked"]) == [("dcos:old", "read"), ("dcos:superuser", "full")]


def test_an_acl_that_somebody_deletes_is_made_again() -> None:
    fake = cluster(("dcos:a", "read"))
    fake.rivals[1] = lambda: fake.remove_acl("dcos:a")
    run(fake, [("dcos:a", "full"), ("dcos:a", "read")])
    assert fake.grants_of(UID) == {("dcos:a", "full"), ("dcos:a", "read")}


def test_an_account_deleted_half_way_is_an_error_that_lists_what_was_done() -> None:
    fake = cluster()
    fake.rivals[4] = lambda: fake.remove_account(UID)
    with pytest.raises(ApiError) as caught:
        run(fake, [("dcos:a", "read"), ("dcos:b", "read")])
    assert caught.value.code == "ERR_UNKNOWN_USER_ID"
    assert "Done before that: grant dcos:a read" in caught.value.message


# Any current and any wanted set

RIDS = ["dcos:a", "dcos:b:/x/*", "dcos:superuser", "dcos:adminrouter:acs"]
PAIRS = st.sets(st.tuples(st.sampled_from(RIDS), st.sampled_from(ACTIONS)))


@settings(max_examples=60)
@given(current=PAIRS, wanted=PAIRS, keep=PAIRS, exclusive=st.booleans())
def test_any_set_becomes_any_other(
    current: set[tuple[str, str]], wanted: set[tuple[str, str]], keep: set[tuple[str, str]], exclusive: bool
) -> None:
    fake = cluster(*sorted(current))
    options: dict[str, Any] = {"exclusive": exclusive, "keep": permissions(sorted(keep))}
    predicted = run(fake, sorted(wanted), True, **options)
    assert fake.writes == []
    outcome = run(fake, sorted(wanted), **options)
    assert predicted == outcome

    expected = wanted | (current & keep if exclusive else current)
    assert fake.grants_of(UID) == expected
    shown = outcome.values["grants"]
    assert {(entry["rid"], action) for entry in shown["direct"] for action in entry["actions"]} == expected
    granted, revoked = pairs(shown["granted"]), pairs(shown["revoked"])
    assert (set(granted), set(revoked)) == (wanted - current, current - expected)
    assert outcome.changed is (current != expected)
    for listed in (granted, revoked):
        assert len(listed) == len(set(listed))
        powerful = [rid == "dcos:superuser" for rid, _action in listed]
        assert powerful == sorted(powerful)
    again = run(fake, sorted(wanted), **options)
    assert not again.changed
    assert again.values["grants"] == {"granted": [], "revoked": [], "direct": shown["direct"]}


@settings(max_examples=60)
@given(current=PAIRS, listed=PAIRS)
def test_absent_revokes_exactly_what_is_listed(current: set[tuple[str, str]], listed: set[tuple[str, str]]) -> None:
    fake = cluster(*sorted(current))
    predicted = run(fake, sorted(listed), True, present=False)
    outcome = run(fake, sorted(listed), present=False)
    assert predicted == outcome
    assert fake.grants_of(UID) == current - listed
    assert set(pairs(outcome.values["grants"]["revoked"])) == current & listed
    assert not run(fake, sorted(listed), present=False).changed


# Options


def test_account_or_group() -> None:
    assert account_or_group("a", None) == user_subject("a")
    assert account_or_group(None, "g") == group_subject("g")
    for uid, gid, option in (("a b", None, "uid"), (None, "a b", "gid"), (None, "", "gid"), ("", None, "uid")):
        with pytest.raises(DcosError, match=rf"^{option}: ") as caught:
            account_or_group(uid, gid)
        assert caught.value.code == "invalid_uid"


# The last superuser


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        ([], {"exclusive": True}),
        ([Permission("dcos:superuser", ())], {"present": False}),
        ([("dcos:superuser", "full"), ("dcos:superuser", "read")], {"present": False}),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_the_last_superuser_keeps_its_power(wanted: Any, options: dict[str, Any], check_mode: bool) -> None:
    fake = cluster(("dcos:superuser", "full"), ("dcos:superuser", "read"))
    fake.set_superusers()
    with pytest.raises(DcosError, match="without a superuser") as caught:
        run(fake, wanted, check_mode, **options)
    assert caught.value.code == "ERR_NO_MORE_SUPERUSERS"
    assert fake.writes == []


@pytest.mark.parametrize("another", ["account", "person in the group", "account in the group", "itself in a group"])
def test_superuser_power_is_revoked_if_another_superuser_remains(another: str) -> None:
    fake = cluster(("dcos:superuser", "full"))
    fake.set_superusers(*(["admin"] if another == "person in the group" else []))
    fake.add_account("other", public_text("b"))
    if another == "account":
        fake.add_grant("other", "dcos:superuser", "read")
    if another == "account in the group":
        fake.set_superusers("other")
    if another == "itself in a group":
        fake.set_members("dev", UID)
        fake.add_grant("dev", "dcos:superuser", "read", "groups")
    assert run(fake, [], exclusive=True).changed
    assert fake.grants_of(UID) == set()


def test_the_last_superuser_may_change_its_action() -> None:
    fake = cluster(("dcos:superuser", "full"), ("dcos:superuser", "read"))
    fake.set_superusers()
    assert run(fake, [("dcos:superuser", "full")], exclusive=True).changed
    assert run(fake, [("dcos:superuser", "create")], exclusive=True).changed
    assert fake.grants_of(UID) == {("dcos:superuser", "create")}


def test_the_last_group_of_superusers_keeps_its_power() -> None:
    fake = cluster()
    fake.set_superusers()
    fake.set_members("dev", UID)
    fake.add_grant("dev", "dcos:superuser", "full", "groups")
    with pytest.raises(DcosError, match="without a superuser"):
        run(fake, [("dcos:superuser", "full")], gid="dev", present=False)


def test_superusers_are_read_only_before_power_is_revoked() -> None:
    fake = cluster(("dcos:a", "read"))
    run(fake, [("dcos:b", "read")], exclusive=True)
    assert [call for call in fake.calls if "superuser" in call and call.endswith("/permissions")] == []


# ACLs that nobody uses


def test_unused_acls_are_deleted_on_request() -> None:
    fake = cluster(("dcos:mine", "read"), ("dcos:shared", "read"), ("dcos:group", "read"), ("dcos:part", "read"))
    fake.add_grant(UID, "dcos:part", "full")
    fake.add_account("other", public_text("b"))
    fake.add_grant("other", "dcos:shared", "full")
    fake.add_grant("dev", "dcos:group", "full", "groups")
    fake.add_acl("dcos:left", "nobody's")
    listed = [("dcos:mine", "read"), ("dcos:shared", "read"), ("dcos:group", "read"), ("dcos:part", "read")]
    listed += [("dcos:left", "read"), ("dcos:never", "read"), ("dcos:superuser", "full")]
    predicted = run(fake, listed, True, present=False, delete_unused_acls=True)
    assert fake.writes == []
    outcome = run(fake, listed, present=False, delete_unused_acls=True)
    assert set(fake.acls) == {"dcos:superuser", "dcos:shared", "dcos:group", "dcos:part"}
    assert outcome.values["deleted_acls"] == predicted.values["deleted_acls"] == ["dcos:mine", "dcos:left"]
    assert fake.grants_of(UID) == {("dcos:part", "full")}
    assert fake.grants_of("other") == {("dcos:shared", "full")}
    assert fake.writes[-2:] == ["DELETE /acs/api/v1/acls/dcos:mine", "DELETE /acs/api/v1/acls/dcos:left"]
    assert outcome.before is not None
    assert outcome.after is not None
    assert set(outcome.before["acls"]) - set(outcome.after["acls"]) == {"dcos:mine", "dcos:left"}
    again = run(fake, listed, present=False, delete_unused_acls=True)
    assert (again.changed, again.values["deleted_acls"]) == (False, [])


def test_unused_acls_stay_by_default() -> None:
    fake = cluster(("dcos:mine", "read"))
    outcome = run(fake, [("dcos:mine", "read")], present=False)
    assert "dcos:mine" in fake.acls
    assert "deleted_acls" not in outcome.values


def test_unused_acls_of_a_deleted_account() -> None:
    """A second run repairs what an interrupted retirement left."""
    fake = EmulatedCluster()
    fake.add_acl("dcos:mine", "left")
    assert run(fake, [("dcos:mine", "read")], present=False, delete_unused_acls=True).changed
    assert "dcos:mine" not in fake.acls


def test_an_acl_that_gets_a_grant_meanwhile_stays() -> None:
    fake = cluster(("dcos:mine", "read"))
    fake.add_account("other", public_text("b"))
    fake.rivals[1] = lambda: fake.add_grant("other", "dcos:mine", "read")
    outcome = run(fake, [("dcos:mine", "read")], present=False, delete_unused_acls=True)
    assert fake.grants_of("other") == {("dcos:mine", "read")}
    assert outcome.values["deleted_acls"] == []


GRANTS = st.tuples(st.sampled_from(["dcos:a", "dcos:b", "dcos:superuser"]), st.sampled_from(["read", "full"]))


@given(st.sets(GRANTS), st.sets(GRANTS), st.sets(GRANTS, min_size=1))
@settings(max_examples=40, deadline=None)
def test_deleting_unused_acls_revokes_no_other_grants(mine: Any, theirs: Any, listed: Any) -> None:
    fake = cluster(*mine)
    fake.add_account("other", public_text("b"))
    for rid, action in theirs:
        fake.add_grant("other", rid, action)
    run(fake, sorted(listed), present=False, delete_unused_acls=True)
    assert fake.grants_of("other") == theirs
    assert fake.grants_of(UID) == mine - listed
    used = {rid for rid, _action in theirs | (mine - listed)} | {"dcos:superuser"}
    for rid in {rid for rid, _action in listed}:
        assert (rid in fake.acls) is (rid in used)
