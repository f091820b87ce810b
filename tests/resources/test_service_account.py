# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service accounts: creating, describing, deleting, and every state that a key replacement can leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.iam import Iam
from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint, same_key
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources import service_account as _account
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import LostRaceError, Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import (
    Journal,
    ServiceAccount,
)
from ansible_collections.dcos.security.plugins.module_utils._rules.identifiers import journal_uid
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_key, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_OPEN,
    Crash,
    Reply,
    Sent,
    error,
    serving,
)

UID = "svc"
JOURNAL = "svc.replacing"
POWER = {("dcos:superuser", "full")}
GRANTS = {("dcos:a", "read"), ("dcos:a", "full"), ("dcos:secrets:default:/svc/*", "read"), *POWER}
GROUPS = {"developers", "operators"}


def populated() -> EmulatedCluster:
    """An account with the key "old" and everything that hangs on it, and another one that nobody may touch."""
    fake = EmulatedCluster()
    for uid in (UID, "bystander"):
        fake.add_account(uid, public_text("old"), "Service\nwith ümlaut")
        for rid, action in GRANTS:
            fake.add_grant(uid, rid, action)
    fake.set_members("developers", UID, "bystander")
    fake.set_members("operators", UID)
    fake.set_members("others", "bystander")
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, own: str = "admin", **options: Any) -> Outcome:
    """One run of the module; C(key) is the name of a key."""
    name = options.pop("key", None)
    uid = options.pop("uid", UID)
    with serving(fake):
        iam = cluster_for(own).iam
        key = None if name is None else public_key(name)
        return converge(ServiceAccount(iam, own, uid, key=key, **options), check_mode)


def write_journal(fake: EmulatedCluster, key: str, description: str = "from the journal") -> None:
    """As it is when a replacement by C(key) was interrupted."""
    grants: dict[str, list[str]] = {}
    for rid, action in sorted(GRANTS):
        grants.setdefault(rid, []).append(action)
    document = {
        "description": description,
        "grants": [{"rid": rid, "actions": actions} for rid, actions in grants.items()],
        "groups": sorted(GROUPS),
    }
    fake.add_account(JOURNAL, public_text(key), json.dumps(document))


def assert_whole(
    fake: EmulatedCluster, key: str, description: str = "Service\nwith ümlaut", powerless: bool = False
) -> None:
    """Everything is as it was, with this key, and no journal is left.

    powerless: superuser power was not given back, since it might have been taken meanwhile.
    """
    assert fake.users[UID] == {"description": description, "public_key": public_text(key)}
    assert fake.grants_of(UID) == (GRANTS - POWER if powerless else GRANTS)
    assert fake.groups_of(UID) == GROUPS
    assert JOURNAL not in fake.users
    assert_bystander_untouched(fake)


def assert_bystander_untouched(fake: EmulatedCluster) -> None:
    before = populated()
    assert fake.users["bystander"] == before.users["bystander"]
    assert fake.grants_of("bystander") == GRANTS
    assert fake.groups_of("bystander") == {"developers", "others"}


# Without a replacement


def test_a_new_account() -> None:
    fake = EmulatedCluster()
    outcome = run(fake, key="new", description="A service")
    assert fake.users[UID] == {"description": "A service", "public_key": public_text("new")}
    assert outcome.changed
    assert outcome.values == {
        "service_account": {
            "uid": UID,
            "description": "A service",
            "public_key": public_text("new"),
            "fingerprint": fingerprint(public_key("new")),
            "provider_type": "internal",
            "url": "/acs/api/v1/users/svc",
        },
        "created": True,
    }
    assert outcome.before is None
    assert outcome.after == {
        "uid": UID,
        "description": "A service",
        "fingerprint": fingerprint(public_key("new")),
    }
    assert not run(fake, key="new", description="A service").changed
    assert fake.writes == ["PUT /acs/api/v1/users/svc"]


@pytest.mark.parametrize(("description", "stored"), [(None, UID), ("", ""), ("x", "x")])
def test_the_description_of_a_new_account(description: str | None, stored: str) -> None:
    fake = EmulatedCluster()
    run(fake, key="new", description=description)
    assert fake.users[UID]["description"] == stored


def test_a_missing_description_is_not_managed() -> None:
    fake = populated()
    assert not run(fake).changed
    assert not run(fake, key="old").changed
    assert fake.writes == []


@pytest.mark.parametrize("description", ["", "another"])
def test_a_given_description_is_set(description: str) -> None:
    fake = populated()
    outcome = run(fake, description=description)
    assert outcome.changed
    assert fake.users[UID] == {"description": description, "public_key": public_text("old")}
    assert fake.writes == ["PATCH /acs/api/v1/users/svc"]
    assert fake.grants_of(UID) == GRANTS
    assert not run(fake, description=description).changed


def test_the_same_key_in_another_form_is_no_change() -> None:
    fake = populated()
    fake.change_account(UID, "a comment\n" + public_text("old", form="PKCS1").replace("\n", "\r\n"))
    outcome = run(fake, key="old")
    assert not outcome.changed
    assert outcome.values["service_account"]["public_key"] == public_text("old")


def test_a_missing_account_needs_a_key() -> None:
    fake = EmulatedCluster()
    with pytest.raises(DcosError, match="public_key_path") as caught:
        run(fake)
    assert caught.value.code == "invalid_key"
    assert fake.writes == []


def test_another_key_is_refused_before_any_write() -> None:
    fake = populated()
    for check_mode in (False, True):
        with pytest.raises(DcosError, match="replace_key") as caught:
            run(fake, check_mode, key="new", description="x")
        assert caught.value.code == "key_mismatch"
        assert fingerprint(public_key("old")) in caught.value.message
        assert fingerprint(public_key("new")) in caught.value.message
    assert fake.writes == []


def test_a_person_is_refused() -> None:
    fake = EmulatedCluster()
    fake.add_person(UID)
    for options in ({"key": "new"}, {"description": "x"}, {"key": "new", "replace_key": True}, {"present": False}):
        with pytest.raises(DcosError, match="account of a person") as caught:
            run(fake, **options)
        assert caught.value.code == "invalid_uid"
    assert fake.writes == []


@pytest.mark.parametrize(
    ("uid", "code"),
    [
        ("dcos_marathon", "native_account"),
        ("dcos_metronome", "native_account"),
        ("dcos_net_agent", "native_account"),
        ("bootstrapuser", "native_account"),
        ("dcos_mine", "native_account"),
        ("a b", "invalid_uid"),
        ("", "invalid_uid"),
        ("a" * 97, "invalid_uid"),
        ("svc.replacing", "invalid_uid"),
    ],
)
def test_uids_that_are_refused_before_any_request(uid: str, code: str) -> None:
    fake = EmulatedCluster()
    for present in (True, False):
        with pytest.raises(DcosError) as caught:
            run(fake, uid=uid, key="new", present=present)
        assert caught.value.code == code
    assert fake.calls == []


def test_the_dcos_prefix_can_be_allowed_except_for_native_accounts() -> None:
    fake = EmulatedCluster()
    assert run(fake, uid="dcos_mine", key="new", allow_dcos_prefix=True).changed
    with pytest.raises(DcosError):
        run(fake, uid="dcos_marathon", key="new", allow_dcos_prefix=True)


# Absent


def test_absent_deletes_the_account_and_a_journal() -> None:
    fake = populated()
    write_journal(fake, "new")
    predicted = run(fake, True, present=False)
    outcome = run(fake, present=False)
    assert predicted == outcome
    assert outcome.changed
    assert outcome.values == {"service_account": None, "created": False}
    assert outcome.before is not None
    assert "journal" in outcome.before
    assert outcome.after is None
    assert set(fake.users) == {"admin", "bystander"}
    assert_bystander_untouched(fake)
    assert not run(fake, present=False).changed


@pytest.mark.parametrize("crash_after", [1])
def test_an_interrupted_deletion_is_finished_by_the_next_run(crash_after: int) -> None:
    fake = populated()
    write_journal(fake, "new")
    fake.crash_after = crash_after
    with pytest.raises(Crash):
        run(fake, present=False)
    fake.crash_after = None
    assert run(fake, present=False).changed
    assert set(fake.users) == {"admin", "bystander"}


def test_an_interrupted_deletion_restores_nothing() -> None:
    """The journal is deleted first: later it must not restore grants to a new account with this uid."""
    fake = populated()
    write_journal(fake, "new")
    fake.crash_after = 1
    with pytest.raises(Crash):
        run(fake, present=False)
    assert not (UID not in fake.users and JOURNAL in fake.users)


def test_the_connections_account_is_neither_deleted_nor_replaced() -> None:
    fake = populated()
    for options in ({"present": False}, {"key": "new", "replace_key": True}):
        for check_mode in (False, True):
            with pytest.raises(DcosError, match="account of this connection") as caught:
                run(fake, check_mode, own=UID, **options)
            assert caught.value.code == "own_account"
    assert fake.writes == []
    assert run(fake, own=UID, description="x").changed


# Replacing


def test_a_replacement_restores_everything() -> None:
    fake = populated()
    predicted = run(fake, True, key="new", replace_key=True)
    assert fake.writes == []
    outcome = run(fake, key="new", replace_key=True)
    assert predicted == outcome
    assert outcome.changed
    assert outcome.values["service_account"]["fingerprint"] == fingerprint(public_key("new"))
    assert_whole(fake, "new")
    assert fake.writes[:3] == [
        f"PUT /acs/api/v1/users/{JOURNAL}",
        "DELETE /acs/api/v1/users/svc",
        "PUT /acs/api/v1/users/svc",
    ]
    assert fake.writes[-1] == f"DELETE /acs/api/v1/users/{JOURNAL}"
    assert not run(fake, key="new", replace_key=True).changed


def test_no_replacement_with_a_key_that_is_not_stored() -> None:
    """Another run may have taken the next key for a leftover; its journal was not to be seen then."""
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    asked = []

    def is_stored(key: Any) -> bool:
        asked.append((same_key(key, public_key("new")), f"{UID}.replacing" in fake.users))
        return len(asked) == 1

    with pytest.raises(DcosError, match=r"no longer stored.*still has its old key") as caught:
        run(fake, key="new", replace_key=True, is_stored=is_stored)
    assert caught.value.code == "key_mismatch"
    assert asked == [(True, False), (True, True)]  # again once the journal tells others that it is needed
    assert fake.users[UID]["public_key"] == public_text("old")
    run(fake, key="old")
    assert f"{UID}.replacing" not in fake.users


def test_a_key_that_is_not_stored_is_reported_before_the_first_write() -> None:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    with pytest.raises(DcosError, match=r"^secret_path: .*still has its old key") as caught:
        run(fake, key="new", replace_key=True, is_stored=lambda key: False)
    assert caught.value.code == "key_mismatch"
    assert "Done before that" not in caught.value.message
    assert fake.writes == []


def test_the_journal_holds_what_must_be_restored_and_no_power() -> None:
    fake = populated()
    fake.crash_after = 1
    with pytest.raises(Crash):
        run(fake, key="new", replace_key=True)
    journal = fake.users[JOURNAL]
    assert journal["public_key"] == public_text("new")
    document = json.loads(journal["description"])
    assert set(document) == {"description", "grants", "groups"}
    assert document["description"] == "Service\nwith ümlaut"
    assert {(entry["rid"], action) for entry in document["grants"] for action in entry["actions"]} == GRANTS
    assert set(document["groups"]) == GROUPS
    assert fake.grants_of(JOURNAL) == set()
    assert fake.groups_of(JOURNAL) == set()


def test_a_replacement_with_a_new_description() -> None:
    fake = populated()
    run(fake, key="new", replace_key=True, description="")
    assert_whole(fake, "new", "")


def test_no_more_than_needed_is_restored() -> None:
    """Power that the account has through a group is not granted to it directly."""
    fake = populated()
    fake.add_grant("developers", "dcos:group-only", "full", "groups")
    run(fake, key="new", replace_key=True)
    assert_whole(fake, "new")


REPLACEMENT = {"key": "new", "replace_key": True}
STEPS = 3 + len(GRANTS) + len(GROUPS) + 1
MADE_AGAIN = 3
"""The step that makes the account again. Only who does that gives power back, with the next one."""


def interrupted(fake: EmulatedCluster, step: int, **options: Any) -> None:
    """A run that dies once so many of its writes took effect."""
    fake.crash_after = len(fake.writes) + step
    with pytest.raises(Crash):
        run(fake, **options)
    fake.crash_after = None


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_replacement_interrupted_anywhere_is_finished_by_the_same_task(step: int) -> None:
    fake = populated()
    interrupted(fake, step, **REPLACEMENT)
    outcome = run(fake, **REPLACEMENT)
    assert_whole(fake, "new", powerless=step == MADE_AGAIN)
    assert len(outcome.warnings) == (step in (MADE_AGAIN - 1, MADE_AGAIN))
    assert not run(fake, **REPLACEMENT).changed


@pytest.mark.parametrize("step", range(1, STEPS + 1))
@pytest.mark.parametrize("key", [None, "new"])
def test_any_later_run_repairs_without_replace_key(step: int, key: str | None) -> None:
    """Before the deletion the replacement is dropped, afterwards it is finished; nothing is lost either way."""
    fake = populated()
    interrupted(fake, step, **REPLACEMENT)
    still_old = fake.users.get(UID, {}).get("public_key") == public_text("old")
    if still_old and key == "new":
        with pytest.raises(DcosError) as caught:
            run(fake, key=key)
        assert caught.value.code == "key_mismatch"
        return
    predicted = run(fake, True, key=key)
    outcome = run(fake, key=key)
    assert predicted == outcome
    assert_whole(fake, "old" if still_old else "new", powerless=step == MADE_AGAIN)
    assert outcome.changed is (step < STEPS)
    assert outcome.values["created"] is False
    assert not run(fake, key=key).changed


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_run_with_the_old_key_drops_or_refuses(step: int) -> None:
    fake = populated()
    interrupted(fake, step, **REPLACEMENT)
    if fake.users.get(UID, {}).get("public_key") != public_text("old"):
        with pytest.raises(DcosError) as caught:
            run(fake, key="old")
        assert caught.value.code == "key_mismatch"
        return
    run(fake, key="old")
    assert_whole(fake, "old")


def ending(fake: EmulatedCluster, **options: Any) -> str:
    """How a run ends: C(done), C(crash) or the code of its error."""
    try:
        run(fake, **options)
    except Crash:
        return "crash"
    except DcosError as exc:
        return str(exc.code)
    return "done"


REPAIRS: dict[str, dict[str, Any]] = {
    "no-key": {},
    "same-key": {"key": "new"},
    "again": REPLACEMENT,
    "third": {"key": "third"},
    "third-replace": {"key": "third", "replace_key": True},
}


@pytest.mark.parametrize("first", range(1, STEPS + 1))
@pytest.mark.parametrize("repair", REPAIRS)
def test_an_interrupted_repair_loses_nothing(first: int, repair: str) -> None:
    """Each write of each repair may be the last one of its run; the run after that still brings everything back."""
    end, second = "crash", 0
    while end == "crash":
        second += 1
        fake = populated()
        interrupted(fake, first, **REPLACEMENT)
        made_again = [fake.writes[-1]]
        fake.crash_after = len(fake.writes) + second
        end = ending(fake, **REPAIRS[repair])
        fake.crash_after = None
        made_again += [fake.writes[-1]] if end == "crash" else []
        powerless = f"PUT /acs/api/v1/users/{UID}" in made_again
        if end == "crash":
            assert ending(fake, **REPAIRS[repair]) in ("done", "key_mismatch")
        # Whatever the repair refused to do, the account is whole after one that has no wish of its own.
        run(fake)
        key = next(k for k in ("old", "new", "third") if public_text(k) == fake.users[UID]["public_key"])
        assert_whole(fake, key, powerless=powerless)
    assert end == "done" or (end == "key_mismatch" and not REPAIRS[repair].get("replace_key"))


# The table of states


@pytest.mark.parametrize("replace_key", [False, True])
@pytest.mark.parametrize("given", [None, "old", "new", "third"])
@pytest.mark.parametrize("has_journal", [False, True])
@pytest.mark.parametrize("account", [None, "old", "new", "other"])
def test_every_state(account: str | None, has_journal: bool, given: str | None, replace_key: bool) -> None:
    """account: the key that it has; the journal is one of a replacement by "new"."""
    fake = populated()
    if account is None or account == "new":
        # As after the deletion: nothing hangs on the account any more.
        fake.remove_account(UID)
    if account == "new":
        fake.add_account(UID, public_text(account), "Service\nwith ümlaut")
    elif account is not None:
        fake.change_account(UID, public_text(account))
    if has_journal:
        write_journal(fake, "new")
    before = fake.state()

    # What an interrupted replacement left is finished first, so that the given key is compared with the journal's.
    has = account or ("new" if has_journal else None)
    must_replace = has is not None and given is not None and given != has
    if account is None and given is None and not has_journal:
        expected_error = "invalid_key"
    elif must_replace and not replace_key:
        expected_error = "key_mismatch"
    else:
        expected_error = ""
    if expected_error:
        for check_mode in (True, False):
            with pytest.raises(DcosError) as caught:
                run(fake, check_mode, key=given, replace_key=replace_key)
            assert caught.value.code == expected_error
        assert fake.state() == before
        return

    predicted = run(fake, True, key=given, replace_key=replace_key)
    assert fake.state() == before
    outcome = run(fake, key=given, replace_key=replace_key)
    assert predicted == outcome

    key = given or account or "new"
    assert fake.users[UID]["public_key"] == public_text(key)
    assert JOURNAL not in fake.users
    assert_bystander_untouched(fake)
    unfinished = has_journal and account in (None, "new")
    had_all = account in ("old", "other")
    whole = unfinished or had_all
    powerless = unfinished and account == "new"
    assert fake.grants_of(UID) == (GRANTS - POWER if powerless else GRANTS if whole else set())
    assert fake.groups_of(UID) == (GROUPS if whole else set())
    if unfinished and account is None:
        assert fake.users[UID]["description"] == "from the journal"
    elif account is not None:
        assert fake.users[UID]["description"] == "Service\nwith ümlaut"
    assert outcome.changed is (has_journal or account is None or must_replace)
    assert not run(fake, key=given, replace_key=replace_key).changed


@pytest.mark.parametrize("powerful", [True, False])
@pytest.mark.parametrize("account", [None, "new", "old"])
def test_only_the_run_that_recreates_the_account_restores_superuser_power(account: str | None, powerful: bool) -> None:
    fake = EmulatedCluster()
    if account is not None:
        fake.add_account(UID, public_text(account))
    grants = [{"rid": "dcos:superuser" if powerful else "dcos:other", "actions": ["full"]}]
    text = json.dumps({"description": "d", "grants": grants, "groups": []})
    fake.add_account(JOURNAL, public_text("new"), text)
    predicted = run(fake, True, key=account)
    outcome = run(fake, key=account)
    assert predicted.warnings == outcome.warnings
    restored = powerful and account is None
    assert (fake.grants_of(UID) >= POWER) is restored
    if not powerful or account == "old":
        assert outcome.warnings == []
    elif restored:
        assert outcome.warnings[0].startswith(f"Service account {UID} gets dcos:superuser back")
    else:
        assert outcome.warnings[0].startswith(f"Service account {UID} had dcos:superuser full when the replacement")
        assert "is not restored" in outcome.warnings[0]


def test_a_given_description_wins_over_the_journal() -> None:
    fake = populated()
    fake.remove_account(UID)
    write_journal(fake, "new")
    run(fake, description="")
    assert fake.users[UID]["description"] == ""


def test_a_refused_membership_is_reported_and_made_by_a_later_run() -> None:
    fake = populated()
    fake.refused["/groups/developers/users/"] = 403
    with pytest.raises(ApiError, match=r"adding account .* to group developers") as caught:
        run(fake, **REPLACEMENT)
    assert caught.value.status == 403
    assert "Done before that: " in caught.value.message
    fake.refused.clear()
    run(fake)
    assert_whole(fake, "new")


def test_a_replacement_without_its_journal_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = populated()
    read, found = _account.read_journal, []

    def drop_after_the_plan(iam: Iam, uid: str) -> Journal | None:
        if found:
            fake.remove_account(JOURNAL)
        found.append(read(iam, uid))
        return found[-1]

    monkeypatch.setattr(_account, "read_journal", drop_after_the_plan)
    with pytest.raises(DcosError, match="another run dropped the journal") as caught:
        run(fake, **REPLACEMENT)
    assert caught.value.code == "key_mismatch"
    assert_whole(fake, "old")


# The journal's account


JOURNAL_TEXT = '{"description": "", "grants": [], "groups": []}'


def test_an_account_with_only_the_name_of_a_journal_is_left_alone() -> None:
    fake = populated()
    odd = [
        {"description": "", "grants": 7, "groups": []},
        {"description": "", "grants": [{"rid": "dcos:x", "actions": "full"}], "groups": []},
        {"description": "", "grants": [], "groups": [""]},
    ]
    for description in ("somebody's own", "{}", "[]", "null", "[" * 100_000, *map(json.dumps, odd)):
        fake.add_account(JOURNAL, public_text("other"), description)
        before = fake.state()
        for options in ({}, {"key": "new", "replace_key": True}, {"present": False}):
            with pytest.raises(DcosError, match="no such journal") as caught:
                run(fake, **options)
            assert JOURNAL in caught.value.message
        assert fake.state() == before


def test_an_account_without_a_usable_key_is_no_journal() -> None:
    fake = populated()
    fake.add_account(JOURNAL, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", JOURNAL_TEXT)
    with pytest.raises(DcosError, match="no such journal"):
        run(fake)


def test_a_journal_that_appears_meanwhile_is_read() -> None:
    """Two runs replace at once: the second one sees the first one's journal."""
    fake = populated()
    fake.rivals[1] = lambda: write_journal(fake, "new", "Service\nwith ümlaut")
    run(fake, **REPLACEMENT)
    assert_whole(fake, "new")


def test_an_account_replaced_by_another_run_is_read_again() -> None:
    """Between our journal and our deletion another run has given the account a key and one grant more."""
    fake = populated()

    def rival() -> None:
        fake.change_account(UID, public_text("other"))
        fake.add_grant(UID, "dcos:late", "read")

    fake.rivals[1] = rival
    run(fake, **REPLACEMENT)
    assert fake.grants_of(UID) == {*GRANTS, ("dcos:late", "read")}
    assert fake.users[UID]["public_key"] == public_text("new")
    assert JOURNAL not in fake.users


def test_another_journal_is_not_removed() -> None:
    fake = populated()

    def rival(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if sent.call == f"PUT /acs/api/v1/users/{UID}":
            write_journal(fake, "other", "of another run")
        return reply

    fake.answering = rival
    run(fake, **REPLACEMENT)
    assert fake.users[UID]["public_key"] == public_text("new")
    assert fake.grants_of(UID) == GRANTS


def test_on_an_open_cluster_there_is_nothing_to_restore() -> None:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"), "d")
    fake.replies = dict.fromkeys(("/groups", "/acls", "/permissions"), Reply(404))
    fake.replies["/pkgpanda/"] = AT_OPEN[1]
    assert run(fake, **REPLACEMENT).changed
    assert fake.users[UID] == {"description": "d", "public_key": public_text("new")}
    assert JOURNAL not in fake.users
    assert run(fake, present=False).changed
    assert UID not in fake.users


def test_a_long_uid_has_no_room_for_a_journal() -> None:
    fake = EmulatedCluster()
    longest = "a" * (96 - len(".replacing"))
    assert len(journal_uid(longest)) == 96
    for uid in (longest, longest + "a"):
        fake.add_account(uid, public_text("old"))
        assert run(fake, uid=uid, description="x").changed
    assert run(fake, uid=longest, **REPLACEMENT).changed
    with pytest.raises(DcosError, match="too long for replace_key") as caught:
        run(fake, uid=longest + "a", **REPLACEMENT)
    assert caught.value.code == "invalid_uid"
    assert run(fake, uid=longest + "a", present=False).changed


# Races and lost answers


def test_an_account_created_by_another_run_is_compared() -> None:
    fake = EmulatedCluster()
    fake.rivals[1] = lambda: fake.add_account(UID, public_text("new"), UID)
    outcome = run(fake, key="new")
    assert not outcome.changed
    assert outcome.values["service_account"]["fingerprint"] == fingerprint(public_key("new"))

    fake = EmulatedCluster()
    fake.rivals[1] = lambda: fake.add_account(UID, public_text("other"))
    with pytest.raises(DcosError) as caught:
        run(fake, key="new")
    assert caught.value.code == "key_mismatch"


def test_a_run_that_always_loses_the_race_stops() -> None:
    fake = EmulatedCluster()

    def comes_and_goes() -> None:
        fake.add_account(UID, public_text("other"))

    fake.rivals = dict.fromkeys((1, 2, 3), comes_and_goes)

    def and_goes(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        if sent.method == "PUT":
            fake.remove_account(UID)
        return reply

    fake.answering = and_goes
    with pytest.raises(LostRaceError) as caught:
        run(fake, key="new")
    assert caught.value.failure()["status"] == 409


@pytest.mark.parametrize("cut", ["cut_after", "cut_before"])
@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_lost_answer_at_any_write_loses_nothing(cut: str, number: int) -> None:
    fake = populated()
    getattr(fake, cut).add(number)
    outcome = run(fake, **REPLACEMENT)
    assert outcome.changed
    assert_whole(fake, "new")


def test_a_grant_is_restored_with_its_deleted_acl() -> None:
    fake = populated()
    interrupted(fake, 2, **REPLACEMENT)
    fake.remove_acl("dcos:a")
    run(fake)
    assert fake.grants_of(UID) == GRANTS
    assert fake.users[UID]["public_key"] == public_text("new")
    assert JOURNAL not in fake.users


def test_a_deleted_group_does_not_block_the_repair() -> None:
    fake = populated()
    interrupted(fake, 2, **REPLACEMENT)
    fake.remove_group("operators")
    run(fake)
    assert fake.grants_of(UID) == GRANTS
    assert fake.groups_of(UID) == {"developers"}
    assert JOURNAL not in fake.users


def test_a_refusal_half_way_lists_what_was_done_and_keeps_the_journal() -> None:
    fake = populated()

    def refuse(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        return error(403) if sent.method == "PUT" and "/acls/dcos:a" in sent.path else answer()

    fake.answering = refuse
    with pytest.raises(ApiError) as caught:
        run(fake, **REPLACEMENT)
    assert caught.value.status == 403
    assert "Done before that: write the journal svc.replacing; delete service account svc; " in caught.value.message
    assert JOURNAL in fake.users
    fake.answering = lambda sent, answer: answer()
    run(fake)
    assert_whole(fake, "new")


# What somebody else changes meanwhile


def after(fake: EmulatedCluster, call: str, change: Callable[[], object], times: int = 1) -> None:
    """Somebody changes something once a call was answered."""
    before, left = fake.answering, [change] * times

    def handle(sent: Sent, answer: Callable[[], Reply]) -> Any:
        reply = before(sent, answer)
        if sent.call == call and left:
            left.pop()()
        return reply

    fake.answering = handle


WRITE_JOURNAL = f"PUT /acs/api/v1/users/{JOURNAL}"
LATE = ("dcos:late", "read")


def revoke(fake: EmulatedCluster, *grants: tuple[str, str]) -> None:
    kept = fake.grants_of(UID) - set(grants)
    fake.remove_grants(UID)
    for rid, action in kept:
        fake.add_grant(UID, rid, action)


def describe(fake: EmulatedCluster, description: str) -> None:
    grants, groups = fake.grants_of(UID), fake.groups_of(UID)
    fake.add_account(UID, fake.users[UID]["public_key"], description)
    for rid, action in grants:
        fake.add_grant(UID, rid, action)
    for gid in groups:
        fake.add_members(gid, UID)


CHANGES: dict[str, tuple[Callable[[EmulatedCluster], object], str]] = {
    "power taken": (lambda fake: revoke(fake, *POWER), "took away dcos:superuser full"),
    "grant taken": (lambda fake: revoke(fake, ("dcos:a", "read")), "took away dcos:a read"),
    "grant added": (lambda fake: fake.add_grant(UID, *LATE), "gave it dcos:late read"),
    "power added": (lambda fake: fake.add_grant(UID, "dcos:superuser", "read"), "gave it dcos:superuser read"),
    "member no more": (
        lambda fake: fake.set_members("operators"),
        "took away the membership in group operators",
    ),
    "member now": (lambda fake: fake.add_members("others", UID), "gave it the membership in group others"),
    "described": (lambda fake: describe(fake, "theirs"), "changed its description"),
}


def belongings(fake: EmulatedCluster) -> tuple[Any, ...]:
    return fake.users[UID]["description"], fake.grants_of(UID), fake.groups_of(UID)


@pytest.mark.parametrize("change", CHANGES)
def test_changes_before_the_deletion_are_not_undone(change: str) -> None:
    act, told = CHANGES[change]
    changed, fake = populated(), populated()
    act(changed)
    after(fake, WRITE_JOURNAL, lambda: act(fake))
    outcome = run(fake, **REPLACEMENT)
    assert belongings(fake) == belongings(changed)
    assert fake.users[UID]["public_key"] == public_text("new")
    assert JOURNAL not in fake.users
    assert_bystander_untouched(fake)
    assert outcome.warnings == [
        f"While the replacement of the key of service account {UID} was prepared, somebody else {told}. The account "
        "was replaced as it was after that."
    ]
    # The journal is never away, so that nobody takes the next key for a leftover.
    assert fake.writes[:3] == [WRITE_JOURNAL, f"PATCH /acs/api/v1/users/{JOURNAL}", f"DELETE /acs/api/v1/users/{UID}"]


def test_a_given_description_wins_over_a_concurrent_one() -> None:
    fake = populated()
    after(fake, WRITE_JOURNAL, lambda: describe(fake, "theirs"))
    assert run(fake, description="mine", **REPLACEMENT).warnings == []
    assert fake.users[UID]["description"] == "mine"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("step", range(1, STEPS + 3))
def test_an_interrupted_replacement_after_a_concurrent_change_loses_nothing(change: str, step: int) -> None:
    act, _told = CHANGES[change]
    changed, fake = populated(), populated()
    act(changed)
    after(fake, WRITE_JOURNAL, lambda: act(fake))
    fake.crash_after = step
    ending(fake, **REPLACEMENT)
    fake.crash_after = None
    if step == 1:
        act(fake)  # the process died before the answer came
    description, grants, groups = belongings(changed)
    if fake.users.get(UID, {}).get("public_key") == public_text("new"):  # power that was not given back by then is not
        grants -= {grant for grant in grants - fake.grants_of(UID) if grant[0] == "dcos:superuser"}
    run(fake)
    assert belongings(fake) == (description, grants, groups)
    assert JOURNAL not in fake.users


def test_endless_concurrent_changes_stop_the_replacement_before_the_deletion() -> None:
    fake = populated()
    numbers = iter(range(99))
    for call in (WRITE_JOURNAL, f"PATCH /acs/api/v1/users/{JOURNAL}"):
        after(fake, call, lambda: fake.add_grant(UID, f"dcos:late-{next(numbers)}", "read"), 9)
    with pytest.raises(LostRaceError, match="somebody else changes it"):
        run(fake, **REPLACEMENT)
    assert fake.users[UID]["public_key"] == public_text("old")
    run(fake)
    assert fake.grants_of(UID) > GRANTS
    assert JOURNAL not in fake.users


def test_superuser_power_is_read_last_before_the_deletion() -> None:
    fake = populated()
    run(fake, **REPLACEMENT)
    deletion = fake.calls.index(f"DELETE /acs/api/v1/users/{UID}")
    assert fake.calls[deletion - 1] == f"GET /acs/api/v1/acls/dcos:superuser/users/{UID}"


@pytest.mark.parametrize("step", range(MADE_AGAIN, STEPS))
def test_superuser_power_revoked_after_an_interruption_is_not_restored(step: int) -> None:
    fake = populated()
    interrupted(fake, step, **REPLACEMENT)
    revoke(fake, *POWER)
    outcome = run(fake)
    assert_whole(fake, "new", powerless=True)
    assert "dcos:superuser full" in outcome.warnings[0]
    assert run(fake).warnings == []


def test_superuser_power_through_a_group_revoked_after_an_interruption_is_not_restored() -> None:
    fake = populated()
    fake.add_grant("operators", "dcos:superuser", "full", "groups")
    interrupted(fake, STEPS - 1, **REPLACEMENT)
    fake.set_members("operators")
    outcome = run(fake)
    assert fake.grants_of(UID) == GRANTS
    assert fake.groups_of(UID) == {"developers"}
    assert "had the membership in group operators when" in outcome.warnings[0]


def test_a_key_dropped_by_another_run_during_the_deletion_is_not_used() -> None:
    """That run took the replacement for an interrupted one: with the new key nobody could log in any more."""
    fake = populated()
    stored = [True]

    def drop() -> None:
        fake.remove_account(JOURNAL)
        stored.clear()

    fake.rivals[2] = drop
    with pytest.raises(DcosError, match="created again as it was, with its old key") as caught:
        run(fake, is_stored=lambda key: bool(stored), **REPLACEMENT)
    assert caught.value.code == "key_mismatch"
    assert_whole(fake, "old")


@pytest.mark.parametrize("reading", ["before the plan", "before the deletion"])
def test_an_account_deleted_during_the_read_is_restored_from_its_journal(reading: str) -> None:
    """The memberships of an account that is not there are none: that must not get into the journal."""
    fake = populated()
    looks: list[str] = []

    def other_run(sent: Sent, answer: Callable[[], Reply]) -> Reply:
        if sent.call.endswith(f"/users/{UID}/groups"):
            looks.append(sent.call)
            if len(looks) == (1 if reading == "before the plan" else 2):
                if reading == "before the plan":
                    write_journal(fake, "new", "Service\nwith ümlaut")
                fake.remove_account(UID)
        return answer()

    fake.answering = other_run
    run(fake, **REPLACEMENT)
    assert_whole(fake, "new")


def test_a_journal_is_kept_if_the_account_is_deleted_after_the_read() -> None:
    fake = populated()
    write_journal(fake, "new", "Service\nwith ümlaut")
    after(fake, f"GET /acs/api/v1/users/{JOURNAL}", lambda: fake.remove_account(UID))
    run(fake)
    assert_whole(fake, "new")


def test_an_account_created_by_others_during_a_replacement_is_left_alone() -> None:
    """The answer to our deletion is lost, and by the time we look there is another account under the uid."""
    fake = populated()
    fake.cut_after.add(2)
    after(fake, f"DELETE /acs/api/v1/users/{UID}", lambda: fake.add_account(UID, public_text("other"), "theirs"))
    with pytest.raises(DcosError, match="somebody else created it again") as caught:
        run(fake, **REPLACEMENT)
    assert caught.value.code == "key_mismatch"
    assert fake.users[UID] == {"public_key": public_text("other"), "description": "theirs"}
    assert fake.writes.count(f"DELETE /acs/api/v1/users/{UID}") == 1


def test_a_retirement_with_a_lost_answer_keeps_a_newly_created_account() -> None:
    fake = populated()
    fake.cut_after.add(1)
    after(fake, f"DELETE /acs/api/v1/users/{UID}", lambda: fake.add_account(UID, public_text("other"), "theirs"))
    assert run(fake, present=False).changed
    assert fake.users[UID] == {"public_key": public_text("other"), "description": "theirs"}


def test_a_journal_written_by_another_run_meanwhile_is_kept() -> None:
    fake = populated()
    fake.cut_after.add(STEPS)
    after(fake, f"DELETE /acs/api/v1/users/{JOURNAL}", lambda: write_journal(fake, "other"))
    run(fake, **REPLACEMENT)
    assert fake.users[JOURNAL]["public_key"] == public_text("other")


# The last superuser


@pytest.mark.parametrize("options", [{"present": False}, REPLACEMENT])
@pytest.mark.parametrize("through", ["a grant", "a group"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_the_last_superuser_is_neither_deleted_nor_replaced(
    options: dict[str, Any], through: str, check_mode: bool
) -> None:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    fake.set_superusers(*([UID] if through == "a group" else []))
    if through == "a grant":
        fake.add_grant(UID, "dcos:superuser", "read")
    with pytest.raises(DcosError, match="without a superuser") as caught:
        run(fake, check_mode=check_mode, **options)
    assert caught.value.code == "ERR_NO_MORE_SUPERUSERS"
    assert fake.writes == []


@pytest.mark.parametrize("options", [{"present": False}, REPLACEMENT])
def test_one_of_several_superusers_can_be_deleted_and_replaced(options: dict[str, Any]) -> None:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    fake.add_grant(UID, "dcos:superuser", "full")
    assert run(fake, **options).changed


def test_without_superusers_accounts_can_be_deleted() -> None:
    fake = EmulatedCluster()
    fake.add_account(UID, public_text("old"))
    fake.set_superusers()
    assert run(fake, present=False).changed


def test_a_description_for_new_accounts_only() -> None:
    """This also holds when the key of the account is replaced."""
    fake = EmulatedCluster()
    with serving(fake):
        for key, replaces in (("a", False), ("b", True)):
            if "svc" not in fake.users:
                fake.add_account("svc", public_text("a"), "somebody's")
            account = ServiceAccount(
                cluster_for().iam,
                "admin",
                "svc",
                description="derived",
                key=public_key(key),
                replace_key=replaces,
                describe_new_only=True,
            )
            assert converge(account, False).changed is replaces
            assert fake.users["svc"]["description"] == "somebody's"
