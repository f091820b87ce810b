# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of finding: planted and found, and not found where things are in order; one fault is one finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._access import findings as access
from ansible_collections.dcos.security.plugins.module_utils._access.findings import Account, Facts, StoredKey, find
from ansible_collections.dcos.security.plugins.module_utils._api.iam import GroupGrant, Permissions, User
from ansible_collections.dcos.security.plugins.module_utils._crypto.rsa_keys import fingerprint
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import public_key

NOW = datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
SUPERUSER = Grant("dcos:superuser", "full")
NARROW = Grant("dcos:mesos:master:framework:role:a-role", "create")
WIDE = Grant("dcos:mesos:master:framework:role", "create")


def service(
    uid: str, *grants: Grant, key: str | None = "", groups: tuple[GroupGrant, ...] = (), **more: Any
) -> Account:
    """An account in order: with a key of its own, and with a grant."""
    user = User(uid, "", True, "internal", "its text", "")
    public = None if key is None else public_key(key or uid, **more)
    return Account(user, public, Permissions(grants or (NARROW,), groups))


def person(uid: str, *grants: Grant, groups: tuple[GroupGrant, ...] = ()) -> Account:
    return Account(User(uid, "", False, "internal", None, ""), None, Permissions(grants, groups))


def stored(path: str, uid: str, key: str | None = None) -> StoredKey:
    return StoredKey(path, uid, public_key(key or uid))


def facts(*accounts: Account, secrets: tuple[StoredKey, ...] | None = None, **more: Any) -> Facts:
    """Facts in order: each service has its secret, unless others are given."""
    if secrets is None:
        secrets = tuple(
            StoredKey(f"{each.uid}/secret", each.uid, each.key) for each in accounts if each.kind == access.SERVICE
        )
    return Facts(accounts, NOW, stored=secrets, **{"all_secrets": True, **more})


def found(given: Facts) -> list[tuple[str, str]]:
    return [(finding.kind, finding.subject) for finding in find(given)]


def member(gid: str, grant: Grant = SUPERUSER) -> tuple[GroupGrant, ...]:
    return (GroupGrant(gid, grant),)


def test_no_findings_in_a_clean_cluster() -> None:
    marathon = replace(service("dcos_marathon"), permissions=Permissions())
    group = {"developers": (NARROW,)}
    someone = person("someone", groups=member("developers", NARROW))
    assert found(facts(service("a"), service("b"), marathon, someone, groups=group)) == []


def test_every_kind_has_a_title() -> None:
    assert set(access.TITLES) == set(access.REMEDIES)


# Superusers


@pytest.mark.parametrize("action", ["create", "read", "update", "delete", "full"])
def test_superuser_by_any_action(action: str) -> None:
    given = facts(service("a", Grant("dcos:superuser", action)))
    assert found(given) == [("superuser", "a")]
    assert find(given)[0].severity == access.HIGH


@pytest.mark.parametrize(
    ("account", "severity"),
    [
        (service("a", groups=member("superusers")), access.HIGH),
        (person("a", groups=member("superusers")), access.LOW),
        (person("a", groups=member("operators")), access.HIGH),
        (service("dcos_marathon", groups=member("superusers")), access.LOW),
    ],
)
def test_superuser_through_a_group(account: Account, severity: str) -> None:
    (finding,) = find(facts(account))
    assert (finding.kind, finding.severity, finding.accounts) == ("superuser_through_group", severity, (account.uid,))
    assert account.through_groups[0].gid in finding.detail


@pytest.mark.parametrize(
    ("account", "severity"),
    [(person("a", SUPERUSER), access.MEDIUM), (service("dcos_marathon", SUPERUSER), access.LOW)],
)
def test_severity_of_direct_superusers(account: Account, severity: str) -> None:
    assert [finding.severity for finding in find(facts(account))] == [severity]


def test_direct_and_group_superusers_are_both_reported() -> None:
    given = facts(service("a", SUPERUSER, groups=member("operators")))
    assert found(given) == [("superuser", "a"), ("superuser_through_group", "a")]


def test_a_group_that_makes_superusers_and_has_no_members() -> None:
    given = facts(groups={"empty": (SUPERUSER,)})
    assert found(given) == [("superuser", "empty")]
    assert find(given)[0].subject_type == "group"
    with_member = facts(person("p", groups=member("empty")), groups={"empty": (SUPERUSER,)})
    assert found(with_member) == [("superuser_through_group", "p")]


@pytest.mark.parametrize("account", [service("a", SUPERUSER), service("a", groups=member("operators"))])
def test_superuser_after_its_date(account: Account) -> None:
    past, future = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    given = facts(account, superuser_until={"a": past})
    assert found(given) == [("superuser_expired", "a")]
    assert past.isoformat() in find(given)[0].detail
    assert ("superuser_expired", "a") not in found(facts(account, superuser_until={"a": future}))
    assert found(facts(service("a"), superuser_until={"a": past})) == []


# Grants


@pytest.mark.parametrize("make", [service, person])
def test_account_without_grants(make: Any) -> None:
    bare = replace(make("a"), permissions=Permissions())
    assert found(facts(bare)) == [("no_grants", "a")]
    in_group = replace(bare, permissions=Permissions((), member("g", NARROW)))
    assert found(facts(in_group)) == []
    unread = replace(bare, permissions=None)
    assert found(facts(unread)) == []


def test_wide_grant() -> None:
    given = facts(service("a", NARROW, WIDE))
    assert found(given) == [("over_wide", "a")]
    assert find(given)[0].rid == WIDE.rid


def test_grant_that_no_document_knows() -> None:
    slip = Grant("dcos:mesos:master:framwork:role:a-role", "create")
    assert found(facts(service("a", slip))) == [("unknown_rid", "a")]
    assert "dcos:mesos:master:framework:role:a-role" in find(facts(service("a", slip)))[0].detail
    assert found(facts(groups={"g": (slip,)})) == [("unknown_rid", "g")]
    wrong_action = Grant(NARROW.rid, "update")
    assert found(facts(service("a", wrong_action))) == [("unknown_rid", "a")]
    too_much = Grant("dcos:mesos:agent:flags", "full")
    assert found(facts(service("a", too_much))) == [("over_wide", "a")]


def test_wide_grant_of_a_group_is_reported_once() -> None:
    members = [person(uid, groups=member("g", WIDE)) for uid in ("p", "q")]
    given = facts(*members, groups={"g": (WIDE,)})
    assert found(given) == [("over_wide", "g")]
    assert find(given)[0].accounts == ("p", "q")


def test_native_accounts_are_not_judged() -> None:
    assert found(facts(service("dcos_marathon", WIDE))) == []


# Keys


def test_shared_key() -> None:
    given = facts(service("a", key="k"), service("b", key="k"), service("c"))
    assert found(given) == [("shared_key", fingerprint(public_key("k")))]
    assert find(given)[0].accounts == ("a", "b")


def test_weak_key() -> None:
    assert found(facts(service("a", size=1024))) == [("weak_key", "a")]


def test_key_that_cannot_be_read() -> None:
    given = facts(service("a", key=None), secrets=(stored("folder/s", "a"),))
    assert found(given) == [("unreadable_key", "a")]
    assert found(facts(service("dcos_marathon", key=None))) == []


# Secrets


def test_secret_with_another_key() -> None:
    given = facts(service("a"), secrets=(stored("folder/s", "a", "other"), stored("folder/copy", "a")))
    assert found(given) == [("key_mismatch", "folder/s")]
    assert fingerprint(public_key("other")) in find(given)[0].detail


def test_secret_with_an_unusable_key() -> None:
    assert found(facts(service("a"), secrets=(StoredKey("folder/s", "a"),))) == [("secret_unusable", "folder/s")]


def test_secret_that_every_service_can_read() -> None:
    given = facts(service("a"), secrets=(stored("secret", "a"),))
    assert found(given) == [("open_secret", "secret")]
    assert "log in as a" in find(given)[0].detail


def test_open_secret_is_reported_only_if_its_key_can_log_in() -> None:
    assert found(facts(service("a"), secrets=(stored("secret", "a", "other"),))) == [("key_mismatch", "secret")]
    assert found(facts(secrets=(stored("secret", "gone"),))) == [("secret_without_account", "secret")]


def test_secret_without_account() -> None:
    assert found(facts(secrets=(stored("folder/s", "gone"),))) == [("secret_without_account", "folder/s")]
    given = facts(person("p", NARROW), secrets=(stored("folder/s", "p"),))
    assert found(given) == [("secret_without_account", "folder/s")]
    assert "a person" in find(given)[0].detail


def test_account_without_secret() -> None:
    given = facts(service("a"), service("dcos_marathon"), person("p", NARROW), secrets=())
    assert found(given) == [("no_secret", "a")]
    assert found(replace(given, all_secrets=False)) == []


# Groups, persons and plain secrets


def test_a_group_without_members() -> None:
    given = facts(groups={"g": (NARROW,), "plain": ()}, memberships={"g": (), "plain": ()})
    assert found(given) == [("empty_group", "g"), ("empty_group", "plain")]
    assert [finding.severity for finding in find(given)] == [access.LOW] * 2
    assert "1 resource" in find(given)[0].detail
    joined = facts(person("p", NARROW), memberships={"plain": ("p",)}, all_memberships=True)
    assert found(joined) == []
    power = facts(groups={"g": (SUPERUSER,)}, memberships={"g": ()})
    assert found(power) == [("superuser", "g")], "one fault is one finding"


def test_a_person_without_a_group() -> None:
    alone = person("p", NARROW, WIDE)
    given = facts(alone, person("q", groups=member("g", NARROW)), service("a"), all_memberships=True)
    assert ("person_without_group", "p") in found(given)
    assert not [subject for kind, subject in found(given) if kind == "person_without_group" and subject != "p"]
    assert "2 resources" in next(each.detail for each in find(given) if each.kind == "person_without_group")
    for known in (replace(given, all_memberships=False), replace(given, memberships={"plain": ("p",)})):
        assert "person_without_group" not in [kind for kind, _subject in found(known)]
    superuser = facts(person("root", SUPERUSER), all_memberships=True)
    assert found(superuser) == [("superuser", "root")]


def reader(rid: str, action: str = "read") -> Account:
    return service("a", Grant(f"dcos:secrets:default:{rid}", action))


@pytest.mark.parametrize(
    "account",
    [
        reader("/prod/app/password"),
        reader("prod/app/password", "full"),
        reader("/prod/*", "full"),
        service("a", groups=member("g", Grant("dcos:secrets:default:/prod/app/password", "read"))),
    ],
)
def test_a_secret_with_a_reader(account: Account) -> None:
    groups = {entry.gid: (entry.grant,) for entry in account.through_groups}
    assert found(facts(account, secret_paths=("prod/app/password",), groups=groups)) == []


def test_a_secret_without_a_reader() -> None:
    paths = ("prod/app/password", "a/secret", "open", "a/other")
    others = (reader("/prod/app/password", "update"), service("b", Grant("dcos:secrets:list:default:/prod/*", "read")))
    for account in (service("a"), *others):
        given = facts(account, secret_paths=paths, secrets=(stored("a/secret", account.uid),))
        assert found(given) == [("secret_without_reader", "prod/app/password")], account
        assert find(given)[0].subject_type == "secret"
        assert found(replace(given, all_secrets=False)) == []
        unread = replace(given, accounts=(*given.accounts, Account(person("p").user)))
        assert found(unread) == [], "nobody knows what p may read"
    below = facts(service("a"), secret_paths=paths[:1], secrets=(stored("prod/app/deeper/key", "a"),))
    assert found(below) == [], "a service reads the folders above its own"


@pytest.mark.parametrize(("live", "waiting"), [("a", "new"), ("old", "a"), ("old", "new"), ("a", "a")])
def test_leftovers_of_a_rotation(live: str, waiting: str) -> None:
    """Told once, wherever the rotation stopped; only a live key that nobody's is comes on top."""
    given = facts(service("a"), secrets=(stored("folder/s", "a", live), stored("folder/s-next", "a", waiting)))
    mismatch = [("key_mismatch", "folder/s")] if (live, waiting) == ("old", "new") else []
    assert found(given) == [*mismatch, ("rotation_unfinished", "folder/s-next")]
    told = [finding.detail for finding in find(given) if finding.kind == "rotation_unfinished"]
    assert ("still holds the old one" in told[0]) is (live == "old" and waiting == "a")


def test_a_name_ending_in_next_is_not_a_rotation() -> None:
    assert found(facts(service("a"), secrets=(stored("folder/what-next", "a"),))) == []
    others = (stored("folder/s", "b"), stored("folder/s-next", "a"))
    assert found(facts(service("a"), service("b"), secrets=others)) == []


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (None, "is missing"),
        (service("a"), "still has its old key"),
        (service("a", key="new"), "has its new key"),
    ],
)
def test_journal(account: Account | None, words: str) -> None:
    """It explains what its account, the secret and the next secret look like meanwhile."""
    journal = replace(service("a.replacing", key="new"), permissions=Permissions())
    secrets = (stored("folder/s", "a", "old"), stored("folder/s-next", "a", "new"))
    given = facts(*([account] if account else []), journal, secrets=secrets)
    assert found(given) == [("journal_left", "a")]
    assert words in find(given)[0].detail
    without_secret = facts(*([account] if account else []), journal, secrets=())
    assert found(without_secret) == [("journal_left", "a")]


def test_order() -> None:
    given = facts(
        replace(service("z"), permissions=Permissions()),
        service("y", WIDE),
        service("x", SUPERUSER),
        service("b", SUPERUSER),
        service("w", key="k"),
        service("v", key="k"),
    )
    assert [kind for kind, _subject in found(given)] == [
        "superuser",
        "superuser",
        "shared_key",
        "over_wide",
        "no_grants",
    ]
    assert [subject for kind, subject in found(given) if kind == "superuser"] == ["b", "x"]
