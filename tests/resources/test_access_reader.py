# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a whole cluster: how often it is asked, what may not be read is reported, and errors stay errors."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from ansible_collections.dcos.security.plugins.module_utils._access.findings import Account, find
from ansible_collections.dcos.security.plugins.module_utils._access.reader import AccessReading, Wanted, read_access
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError, UnreachableError
from ansible_collections.dcos.security.plugins.module_utils._rules.identifiers import NATIVE_ACCOUNTS
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_text,
    public_key,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Reply, Sent, serving

NOW = datetime(2026, 11, 22, 10, tzinfo=timezone.utc)


def document(uid: str, key: str) -> str:
    return json.dumps({"uid": uid, "private_key": private_text(key), "scheme": "RS256"})


@pytest.fixture
def fake() -> EmulatedCluster:
    """Two services in order, and secrets that hold no keys."""
    fake = EmulatedCluster()
    fake.set_members("developers")
    fake.set_members("empty")
    fake.add_grant("developers", "dcos:adminrouter:package", "full", "groups")
    fake.add_grant("empty", "dcos:adminrouter:acs", "full", "groups")
    for uid in ("a", "b"):
        fake.add_account(uid, public_text(uid))
        fake.add_grant(uid, f"dcos:mesos:master:framework:role:{uid}-role", "create")
        fake.store_secret(f"{uid}/{uid}-secret", document(uid, uid))
    fake.add_members("developers", "a")
    fake.store_secret("a/password", "s3cret")
    fake.store_secret("b/file", b"\xff\x00")
    return fake


def read(fake: EmulatedCluster, wanted: Wanted | None = None) -> AccessReading:
    with serving(fake):
        return read_access(cluster_for(), wanted or Wanted(), {}, NOW)


def accounts_of(reading: AccessReading) -> list[Account]:
    """Those that the fixture made, and the superuser: without the accounts of DC/OS itself."""
    return [each for each in reading.facts.accounts if each.uid in ("a", "admin", "b")]


def told(reading: AccessReading) -> list[tuple[str, str | None]]:
    return sorted((each.part, each.subject) for each in reading.unknown)


def test_everything(fake: EmulatedCluster) -> None:
    reading = read(fake)
    facts = reading.facts
    accounts = accounts_of(reading)
    assert [(each.uid, each.kind) for each in accounts] == [
        ("a", "service"),
        ("admin", "person"),
        ("b", "service"),
    ]
    assert accounts[0].key == public_key("a")
    assert accounts[0].direct == (Grant("dcos:mesos:master:framework:role:a-role", "create"),)
    assert facts.groups == {
        "developers": (Grant("dcos:adminrouter:package", "full"),),
        "empty": (Grant("dcos:adminrouter:acs", "full"),),
        "superusers": (Grant("dcos:superuser", "full"),),
    }
    assert [(each.path, each.uid) for each in facts.stored] == [("a/a-secret", "a"), ("b/b-secret", "b")]
    assert facts.all_secrets
    assert (reading.security_mode, reading.unknown) == ("strict", [])
    assert facts.memberships == {"empty": []}
    assert facts.all_memberships
    assert [(finding.kind, finding.subject) for finding in find(facts)] == [
        ("superuser_through_group", "admin"),
        ("empty_group", "empty"),
    ]


def test_number_of_requests(fake: EmulatedCluster) -> None:
    """The mode, four lists, one for each account, four secrets, and three for the group without members."""
    accounts = len(read(fake).facts.accounts)
    assert accounts == 3 + len(NATIVE_ACCOUNTS)
    assert len(fake.calls) == 1 + 4 + accounts + 4 + 3
    assert not fake.writes
    assert "GET /acs/api/v1/groups/empty/permissions" in fake.calls
    assert "GET /acs/api/v1/groups/developers/permissions" not in fake.calls


def test_members_of_a_group_without_grants(fake: EmulatedCluster) -> None:
    """Only its lists tell who they are: one of persons, one of services."""
    fake.add_person("joe")
    fake.set_members("plain")
    fake.add_members("plain", "joe", "b")
    facts = read(fake).facts
    assert facts.memberships == {"empty": [], "plain": ["b", "joe"]}
    assert facts.members["plain"] == ["b", "joe"]


def test_secrets_are_left_alone(fake: EmulatedCluster) -> None:
    reading = read(fake, Wanted(secrets=False))
    assert not [call for call in fake.calls if "/secrets/" in call]
    assert told(reading) == [("secrets", None)]
    assert not reading.facts.all_secrets


def test_some_secrets(fake: EmulatedCluster) -> None:
    reading = read(fake, Wanted(patterns=["a/*-secret"]))
    assert [call for call in fake.calls if "/secrets/" in call][1:] == ["GET /secrets/v1/secret/default/a/a-secret"]
    assert told(reading) == [("secrets", None)]
    assert "3 of 4" in reading.unknown[0].reason
    assert not reading.facts.all_secrets
    assert read(fake, Wanted(patterns=["a/*", "b/*"])).facts.all_secrets


@pytest.mark.parametrize("status", [403, 404])
def test_refused_permissions_are_not_requested_one_by_one(status: int, fake: EmulatedCluster) -> None:
    fake.refused = {"/groups": status}
    reading = read(fake)
    assert told(reading) == [("permissions", None)]
    assert str(status) in reading.unknown[0].reason
    assert not [call for call in fake.calls if "permissions" in call]
    assert {each.permissions for each in reading.facts.accounts} == {None}
    assert find(reading.facts) == []


def test_single_things_that_may_not_be_read(fake: EmulatedCluster) -> None:
    fake.refused = {"/users/a/permissions": 403, "/groups/empty/permissions": 403, "/default/b/b-secret": 403}
    reading = read(fake)
    assert told(reading) == [("groups", "empty"), ("permissions", "a"), ("secrets", "b/b-secret")]
    assert accounts_of(reading)[0].permissions is None
    assert accounts_of(reading)[2].permissions is not None
    assert "empty" not in reading.facts.groups
    assert "empty" not in reading.facts.members
    assert not reading.facts.all_memberships
    assert not reading.facts.all_secrets


def test_secrets_that_may_not_be_listed(fake: EmulatedCluster) -> None:
    fake.refused = {"list=true": 403}
    assert told(read(fake)) == [("secrets", None)]


@pytest.mark.usefixtures("sleeps")
def test_sealed_store(fake: EmulatedCluster) -> None:
    fake.seal()
    reading = read(fake)
    assert told(reading) == [("secrets", None)]
    assert "sealed" in reading.unknown[0].reason


@pytest.mark.parametrize("text", ["[" * 200_000, '{"uid": "a", "private_key": ' + "[" * 200_000, "{", "7", "null"])
def test_malicious_secrets(text: str, fake: EmulatedCluster) -> None:
    fake.store_secret("a/hurts", text)
    reading = read(fake)
    assert [each.path for each in reading.facts.stored] == ["a/a-secret", "b/b-secret"]
    assert reading.unknown == []


def test_path_that_cannot_be_requested(fake: EmulatedCluster) -> None:
    fake.store_secret("a/../../../acs/api/v1/users", "x")
    reading = read(fake)
    assert told(reading) == [("secrets", "a/../../../acs/api/v1/users")]


def test_account_that_is_deleted_meanwhile(fake: EmulatedCluster) -> None:
    def handler(sent: Sent) -> object:
        if sent.url.endswith("/users/b/permissions"):
            fake.remove_account("b")
        return fake(sent)

    with serving(handler):
        reading = read_access(cluster_for(), Wanted(secrets=False), {}, NOW)
    assert [each.uid for each in accounts_of(reading)] == ["a", "admin"]


def test_accounts_that_may_not_be_listed_are_an_error(fake: EmulatedCluster) -> None:
    fake.refused = {"/users": 403}
    with pytest.raises(ApiError, match="lacks the permission"):
        read(fake)


@pytest.mark.usefixtures("sleeps")
@pytest.mark.parametrize("part", ["/groups", "/users/a/permissions", "/default/a/a-secret"])
def test_lost_connections_are_an_error(part: str, fake: EmulatedCluster) -> None:
    def handler(sent: Sent) -> object:
        return LOST if part in sent.url else fake(sent)

    with serving(handler), pytest.raises(UnreachableError):
        read_access(cluster_for(), Wanted(), {}, NOW)


@pytest.mark.usefixtures("sleeps")
def test_broken_iam_is_an_error(fake: EmulatedCluster) -> None:
    fake.refused = {"/users/a/permissions": 503}
    with pytest.raises(ApiError):
        read(fake)


def test_no_request_is_started_after_an_error(fake: EmulatedCluster) -> None:
    for number in range(200):
        fake.add_person(f"u{number:03}")
    fake.refused = {"/users/a/permissions": 500}
    with pytest.raises(ApiError):
        read(fake)
    assert len([call for call in fake.calls if call.endswith("/permissions")]) < 100


def test_answer_that_is_not_a_list(fake: EmulatedCluster) -> None:
    def handler(sent: Sent) -> object:
        return Reply(200, {"array": "x"}) if "list=true" in sent.url else fake(sent)

    with serving(handler), pytest.raises(DcosError, match="array is text, not a list"):
        read_access(cluster_for(), Wanted(), {}, NOW)
