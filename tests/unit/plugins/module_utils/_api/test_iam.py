# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM's endpoints: what is sent, and which refusals only mean that somebody was there before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api.gate import EnterpriseOnlyError
from ansible_collections.dcos.security.plugins.module_utils._api.iam import (
    Group,
    GroupGrant,
    Iam,
    Permissions,
    User,
    group_subject,
    user_subject,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError, OddAnswerError
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import Grant
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_ENTERPRISE,
    AT_OPEN,
    GATE,
    LOST,
    WITHOUT_AUTHENTICATION,
    Reply,
    Script,
    Sent,
    error,
    serving,
)

BASE = "/acs/api/v1"
SVC = user_subject("svc")
DEV = group_subject("dev")
GRANT = Grant("dcos:a:/b/*", "read")
GRANT_PATH = f"{BASE}/acls/dcos:a:%252Fb%252F*/users/svc"
GROUP_PATH = f"{BASE}/acls/dcos:a:%252Fb%252F*/groups/dev"


def play(exchanges: list[tuple[str, Any]], act: Callable[[Iam], Any]) -> Any:
    with Script(*exchanges).played():
        return act(cluster_for().iam)


SERVICE = {
    "uid": "svc",
    "description": "A service",
    "url": "/acs/api/v1/users/svc",
    "is_remote": False,
    "is_service": True,
    "provider_type": "internal",
    "provider_id": "",
    "public_key": "PEM",
    "something": "new",
}
ACCOUNT = User("svc", "A service", True, "internal", "PEM", "/acs/api/v1/users/svc")
ANOTHER = {**SERVICE, "public_key": "OTHER PEM"}
"""Made under the same uid by somebody else."""


def test_an_account() -> None:
    read = play([(f"GET {BASE}/users/svc", Reply(200, SERVICE))], lambda iam: iam.user("svc"))
    assert read == User("svc", "A service", True, "internal", "PEM", "/acs/api/v1/users/svc")


def test_an_account_up_to_1_12_has_no_provider() -> None:
    read = play([(f"GET {BASE}/users/a@b", Reply(200, {"uid": "a@b"}))], lambda iam: iam.user("a@b"))
    assert read == User("a@b", "", False, "internal", None, "")


FIELDS = ["uid", "gid", "rid", "array", "direct", "groups", "users", "actions", "name", "group", "user", "is_service"]
READINGS: list[tuple[str, Callable[[Iam], Any]]] = [
    ("users/svc", lambda iam: iam.user("svc")),
    ("users?type=service", lambda iam: iam.listed_service_accounts()),
    ("users", lambda iam: iam.persons()),
    ("groups", lambda iam: iam.groups()),
    ("users/svc/groups", lambda iam: iam.groups_of("svc")),
    ("groups/dev", lambda iam: iam.group("dev")),
    ("groups/dev/users", lambda iam: iam.members("dev")),
    ("users/svc/permissions", lambda iam: iam.permissions("svc")),
    ("groups/dev/permissions", lambda iam: iam.group_permissions("dev")),
    ("acls/dcos:a/permissions", lambda iam: iam.grants_on("dcos:a")),
    ("acls", lambda iam: iam.resources()),
    ("auth/jwks", lambda iam: iam.jwks()),
]

UNKNOWN_USER = [error(400, "ERR_UNKNOWN_USER_ID"), error(404, "ERR_UNKNOWN_USER_ID")]


@pytest.mark.parametrize("reply", UNKNOWN_USER)
def test_an_unknown_account_is_none(reply: Reply) -> None:
    assert play([(f"GET {BASE}/users/svc", reply)], lambda iam: iam.user("svc")) is None
    assert play([(f"GET {BASE}/users/svc/groups", reply)], lambda iam: iam.groups_of("svc")) == []
    assert play([(f"GET {BASE}/users/svc/permissions", reply)], lambda iam: iam.permissions("svc")) is None


@pytest.mark.parametrize("reply", [error(400, "ERR_INVALID_DATA"), error(400), error(403), Reply(500, "<html>")])
def test_another_refusal_of_a_read_is_an_error(reply: Reply) -> None:
    with pytest.raises(ApiError) as caught:
        play([(f"GET {BASE}/users/svc", reply)], lambda iam: iam.user("svc"))
    assert caught.value.status == reply.status


def test_a_missing_route_means_an_open_cluster() -> None:
    calls: list[tuple[str, list[tuple[str, Reply]], Callable[[Iam], Any]]] = [
        (f"GET {BASE}/users/svc/permissions", [], lambda iam: iam.permissions("svc")),
        (f"GET {BASE}/groups/dev/permissions", [], lambda iam: iam.group_permissions("dev")),
        (
            f"PUT {BASE}/acls/dcos:a",
            [(f"GET {BASE}/acls/dcos:a", error(400, "ERR_UNKNOWN_RESOURCE_ID"))],
            lambda iam: iam.create_acl("dcos:a", "d"),
        ),
    ]
    for call, after, act in calls:
        for no_route in (Reply(404), Reply(404, b"404 page not found\n", {"Content-Type": "text/plain"})):
            with pytest.raises(ApiError, match="DC/OS Enterprise only") as caught:
                play([(call, no_route), *after, AT_ENTERPRISE], act)
            assert (caught.value.status, caught.value.code) == (404, None)
            for gate in (AT_OPEN, WITHOUT_AUTHENTICATION):
                with pytest.raises(EnterpriseOnlyError, match="has no groups, ACLs and permissions") as told:
                    play([(call, no_route), *after, gate], act)
                assert (told.value.status, told.value.code) == (404, "mode")


def test_answer_about_something_else_is_refused() -> None:
    other = {"membershipurl": f"{BASE}/groups/dev/users/other", "group": {"gid": "dev"}}
    action = {"name": "full", "url": f"{BASE}/acls/dcos:superuser/users/other/full"}
    member = {"membershipurl": f"{BASE}/groups/other/users/svc", "user": SERVICE}
    answers: list[tuple[str, Any, Callable[[Iam], Any]]] = [
        ("users/svc", {**SERVICE, "uid": "other"}, lambda iam: iam.user("svc")),
        ("groups/dev", {"gid": "other"}, lambda iam: iam.group("dev")),
        ("groups/dev/users", {"array": [member]}, lambda iam: iam.members("dev")),
        ("users/svc/groups", {"array": [other]}, lambda iam: iam.groups_of("svc")),
        (
            "users/svc/permissions",
            {"direct": [{"rid": "dcos:superuser", "actions": [action]}], "groups": []},
            lambda iam: iam.permissions("svc"),
        ),
    ]
    for path, body, act in answers:
        with pytest.raises(OddAnswerError, match="about"):
            play([(f"GET {BASE}/{path}", Reply(200, body))], act)


def test_an_open_cluster_is_recognised_by_its_challenge() -> None:
    groups = f"GET {BASE}/groups"
    assert play([(groups, Reply(200, {"array": []}))], lambda iam: iam.has_permissions()) is True
    for gate in (AT_OPEN, WITHOUT_AUTHENTICATION):
        assert play([(groups, Reply(404)), gate], lambda iam: iam.has_permissions()) is False
    for answer in (Reply(401), Reply(404), Reply(200, "<html>"), Reply(500), LOST):
        with pytest.raises(ApiError, match="no such route"):
            play([(groups, Reply(404)), (GATE, answer)], lambda iam: iam.has_permissions())
    with pytest.raises(ApiError, match="no such route"):
        play([(groups, Reply(404)), AT_ENTERPRISE], lambda iam: iam.has_permissions())
    with pytest.raises(ApiError, match="HTML page"):
        play([(groups, Reply(404, "<html>"))], lambda iam: iam.has_permissions())


@pytest.mark.parametrize(
    "body", [{"gid": ""}, {"gid": ".."}, {"gid": "a b"}, {"gid": "a\x1b"}, {"gid": None}, {}, "dev", None, []]
)
def test_ids_that_cannot_be_sent_are_refused(body: Any) -> None:
    with pytest.raises(OddAnswerError):
        play([(f"GET {BASE}/groups", Reply(200, {"array": [body]}))], lambda iam: iam.groups())


@pytest.mark.parametrize("read", [Iam.persons, Iam.service_accounts, Iam.groups])
def test_null_is_no_list_of_dcos_enterprise(read: Any) -> None:
    path = {Iam.persons: "/users", Iam.service_accounts: "/users?type=service", Iam.groups: "/groups"}[read]
    with pytest.raises(OddAnswerError, match="array is null, not a list"):
        play([(f"GET {BASE}{path}", Reply(200, {"array": None})), AT_ENTERPRISE], read)


def test_users_of_dcos_oauth() -> None:
    """Open clusters up to 1.12: no error codes, no service accounts, and null for an empty list."""
    no_address = error(500, None, "Internal Server Error", "invalid email")
    unknown = error(404, None, "Not Found", "User Not Found")
    for uid, reply in (("svc", no_address), ("jo@example.com", unknown)):
        assert play([(f"GET {BASE}/users/{uid}", reply)], lambda iam, uid=uid: iam.user(uid)) is None
        with pytest.raises(DcosError, match=r"^uid: .* cannot be a service account: .* 1\.12 or before") as caught:
            play([(f"GET {BASE}/users/{uid}", reply)], lambda iam, uid=uid: iam.account_for_service(uid))
        assert caught.value.code == "mode"
    person = Reply(200, {"uid": "jo@example.com", "description": "jo@example.com"})
    found = play([(f"GET {BASE}/users/jo@example.com", person)], lambda iam: iam.account_for_service("jo@example.com"))
    assert not found.is_service
    assert play([(f"GET {BASE}/users", Reply(200, {"array": None})), AT_OPEN], lambda iam: iam.persons()) == []
    gone = [(f"DELETE {BASE}/users/svc", error(404, None, "t", "User not found"))]
    assert play(gone, lambda iam: iam.delete_user(ACCOUNT)) is False
    assert (
        play([(f"GET {BASE}/users/svc", error(400, "ERR_UNKNOWN_USER_ID"))], lambda iam: iam.account_for_service("svc"))
        is None
    )
    with pytest.raises(ApiError):
        play([(f"GET {BASE}/users/svc", error(500, None, "t", "another"))], lambda iam: iam.user("svc"))


def test_malformed_entry_of_a_list_concerns_one_account() -> None:
    body = {"array": [SERVICE, {**SERVICE, "uid": "odd", "public_key": 7}]}
    call = f"GET {BASE}/users?type=service"
    users, odd = play([(call, Reply(200, body))], lambda iam: iam.listed_service_accounts())
    assert (users, list(odd)) == ([ACCOUNT], ["odd"])
    with pytest.raises(OddAnswerError, match="public_key is a number"):
        play([(call, Reply(200, body))], lambda iam: iam.service_accounts())


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(READINGS), JSON_VALUES)
def test_any_document_becomes_typed_values_or_an_error(reading: tuple[str, Callable[[Iam], Any]], body: Any) -> None:
    _path, act = reading

    def answer(sent: Sent) -> Reply:
        return AT_ENTERPRISE[1] if sent.call == GATE else Reply(200, body)

    with suppress(DcosError), serving(answer):
        act(cluster_for().iam)


@pytest.mark.parametrize("body", [[1], "<html>", None])
def test_an_answer_that_is_not_an_object_is_not_from_the_iam(body: Any) -> None:
    with pytest.raises(OddAnswerError, match="reading account svc: what came back"):
        play([(f"GET {BASE}/users/svc", Reply(200, body))], lambda iam: iam.user("svc"))


def test_permissions() -> None:
    body = {
        "direct": [
            {"rid": "dcos:a:/b/*", "description": "d", "aclurl": "x", "actions": [{"name": "read"}, {"name": "full"}]},
            {"rid": "dcos:none", "actions": []},
        ],
        "groups": [{"rid": "dcos:superuser", "gid": "superusers", "actions": [{"name": "full"}]}],
    }
    read = play([(f"GET {BASE}/users/svc/permissions", Reply(200, body))], lambda iam: iam.permissions("svc"))
    assert read == Permissions(
        (Grant("dcos:a:/b/*", "read"), Grant("dcos:a:/b/*", "full")),
        (GroupGrant("superusers", Grant("dcos:superuser", "full")),),
    )


def test_permissions_of_a_group() -> None:
    body = {"array": [{"rid": "dcos:a", "actions": [{"name": "read"}]}]}
    call = f"GET {BASE}/groups/dev/permissions"
    assert play([(call, Reply(200, body))], lambda i: i.group_permissions("dev")) == Permissions(
        (Grant("dcos:a", "read"),)
    )
    assert play([(call, error(400, "ERR_UNKNOWN_GROUP_ID"))], lambda i: i.group_permissions("dev")) is None


def test_groups_are_sorted() -> None:
    body = {"array": [{"membershipurl": f"{BASE}/groups/{gid}/users/svc", "group": {"gid": gid}} for gid in ("b", "a")]}
    assert play([(f"GET {BASE}/users/svc/groups", Reply(200, body))], lambda i: i.groups_of("svc")) == ["a", "b"]


def test_a_remote_user() -> None:
    remote = {"uid": "bob", "is_remote": True, "provider_type": "saml", "provider_id": "sso"}
    read = play([(f"GET {BASE}/users/bob", Reply(200, remote))], lambda iam: iam.user("bob"))
    assert read == BOB


def test_groups_come_in_the_order_of_their_ids() -> None:
    body = {"array": [{"gid": gid, "description": gid.upper(), "url": f"{BASE}/groups/{gid}"} for gid in ("b", "a")]}
    read = play([(f"GET {BASE}/groups", Reply(200, body))], lambda iam: iam.groups())
    assert read == [Group("a", "A", f"{BASE}/groups/a"), Group("b", "B", f"{BASE}/groups/b")]
    assert play([(f"GET {BASE}/groups/b", Reply(200, body["array"][0]))], lambda iam: iam.group("b")) == read[1]


@pytest.mark.parametrize("code", ["ERR_INVALID_CREDENTIALS", "ERR_INVALID_CREDENTIALS_LDAP"])
def test_a_password_is_compared_by_a_login(code: str) -> None:
    call = f"POST {BASE}/auth/login"
    with Script((call, Reply(200, {"token": "t"}))).played() as script:
        assert cluster_for().iam.takes_password("bob", "S3CRET") is True
    assert script.sent[0].body == {"uid": "bob", "password": "S3CRET"}
    assert "Authorization" not in script.sent[0].headers
    assert play([(call, error(401, code))], lambda iam: iam.takes_password("bob", "S3CRET")) is False
    for reply in (error(401), Reply(401, "<html>"), error(403), Reply(200, {}), Reply(200, "<html>")):
        with pytest.raises(DcosError) as caught:
            play([(call, reply)], lambda iam: iam.takes_password("bob", "S3CRET"))
        assert "S3CRET" not in caught.value.message


BOB = User("bob", "", False, "saml", None, "", "sso", True)
WRITES: dict[str, tuple[str, Any, str, Callable[[Iam], bool]]] = {
    "remote user": (
        f"PUT {BASE}/users/bob",
        {"description": "", "provider_type": "saml", "provider_id": "sso"},
        "ERR_USER_EXISTS",
        lambda iam: iam.create_user(BOB, None),
    ),
    "group": (
        f"PUT {BASE}/groups/dev",
        {"description": "d"},
        "ERR_GROUP_EXISTS",
        lambda iam: iam.create_group("dev", "d"),
    ),
    "account": (
        f"PUT {BASE}/users/svc",
        {"description": "d", "public_key": "PEM"},
        "ERR_USER_EXISTS",
        lambda iam: iam.create_service_account("svc", "PEM", "d"),
    ),
    "member": (
        f"PUT {BASE}/groups/dev/users/svc",
        None,
        "ERR_USER_ALREADY_IN_GROUP",
        lambda iam: iam.add_to_group("dev", "svc"),
    ),
    "acl": (
        f"PUT {BASE}/acls/dcos:a:%252Fb%252F*",
        {"description": ""},
        "ERR_ACL_EXISTS",
        lambda iam: iam.create_acl(GRANT.rid, ""),
    ),
    "grant": (f"PUT {GRANT_PATH}/read", None, "ERR_PERMISSION_EXISTS", lambda iam: iam.grant(SVC, GRANT)),
    "group grant": (f"PUT {GROUP_PATH}/read", None, "ERR_PERMISSION_EXISTS", lambda iam: iam.grant(DEV, GRANT)),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_put(name: str) -> None:
    call, body, exists, act = WRITES[name]
    for status in (201, 204):
        with Script((call, Reply(status))).played() as script:
            assert act(cluster_for().iam) is True
        assert script.sent[0].body == body
    assert play([(call, error(409, exists))], act) is False
    for reply in (error(409, "ERR_OTHER"), error(400, exists), error(400, "ERR_UNKNOWN_RESOURCE_ID"), error(403)):
        with pytest.raises(ApiError) as caught:
            play([(call, reply)], act)
        assert caught.value.status == reply.status


def actions(*names: str) -> Reply:
    return Reply(200, {"array": [{"name": name} for name in names]})


READ_BACK: dict[str, tuple[str, Reply, Reply]] = {
    "remote user": (
        f"GET {BASE}/users/bob",
        Reply(200, {"uid": "bob", "provider_type": "saml", "provider_id": "sso", "is_remote": True}),
        Reply(200, {"uid": "bob", "provider_type": "saml", "provider_id": "other", "is_remote": True}),
    ),
    "group": (
        f"GET {BASE}/groups/dev",
        Reply(200, {"gid": "dev", "description": "d"}),
        error(400, "ERR_UNKNOWN_GROUP_ID"),
    ),
    "account": (
        f"GET {BASE}/users/svc",
        Reply(200, {"uid": "svc", "public_key": "PEM", "description": "d"}),
        error(400, "ERR_UNKNOWN_USER_ID"),
    ),
    "member": (
        f"GET {BASE}/users/svc/groups",
        Reply(200, {"array": [{"group": {"gid": "dev"}}]}),
        Reply(200, {"array": []}),
    ),
    "acl": (f"GET {BASE}/acls/dcos:a:%252Fb%252F*", Reply(200, {}), error(400, "ERR_UNKNOWN_RESOURCE_ID")),
    "grant": (
        f"GET {GRANT_PATH}",
        Reply(200, {"array": [{"name": "read"}]}),
        Reply(200, {"array": [{"name": "full"}]}),
    ),
    "group grant": (
        f"GET {GROUP_PATH}",
        Reply(200, {"array": [{"name": "read"}]}),
        error(400, "ERR_GROUP_NOT_IN_ACL"),
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_put_whose_answer_was_lost_is_judged_by_reading_back(name: str) -> None:
    call, _body, exists, act = WRITES[name]
    read, there, not_there = READ_BACK[name]
    assert play([(call, LOST), (read, there)], act) is True
    assert play([(call, LOST), (read, not_there), (call, Reply(201))], act) is True
    # Refused although it was not there a moment ago: somebody else's, unless it is exactly what was asked for.
    repeated = [(call, LOST), (read, not_there), (call, error(409, exists))]
    assert play([*repeated, (read, not_there)], act) is False
    assert play([*repeated, (read, there)], act) is True


@pytest.mark.parametrize(
    "other", [{"public_key": "OTHER", "description": "d"}, {"public_key": "PEM", "description": "other"}]
)
def test_an_account_created_by_others_is_not_taken_for_ours(other: dict[str, str]) -> None:
    call, _body, exists, act = WRITES["account"]
    read = (f"GET {BASE}/users/svc", Reply(200, {"uid": "svc", **other}))
    assert play([(call, LOST), read, (call, error(409, exists)), read], act) is False


def test_a_description() -> None:
    call = f"PATCH {BASE}/users/svc"
    with Script((call, Reply(204))).played() as script:
        assert cluster_for().iam.set_description(ACCOUNT, "") is True
    assert script.sent[0].body == {"description": ""}
    read = f"GET {BASE}/users/svc"
    described = (read, Reply(200, {**SERVICE, "description": "x"}))
    assert play([(call, LOST), described], lambda iam: iam.set_description(ACCOUNT, "x"))
    gone = error(400, "ERR_UNKNOWN_USER_ID")
    assert play([(call, gone)], lambda iam: iam.set_description(ACCOUNT, "x")) is False


def test_what_a_refusal_says_about_a_password_is_not_shown() -> None:
    quoting = Reply(400, {"title": "400 Bad Request", "description": "not S3CRET", "code": "ERR_INVALID_DATA"})
    local = User("bob", "", False, "internal", None, "")
    acts: list[tuple[str, Callable[[Iam], Any]]] = [
        ("PUT", lambda iam: iam.create_user(local, "S3CRET")),
        ("PATCH", lambda iam: iam.set_password(local, "S3CRET")),
    ]
    for method, act in acts:
        with pytest.raises(ApiError) as caught:
            play([(f"{method} {BASE}/users/bob", quoting)], act)
        assert "S3CRET" not in caught.value.message


def test_a_membership_that_was_gone() -> None:
    call = f"DELETE {BASE}/groups/dev/users/bob"
    assert play([(call, Reply(204))], lambda iam: iam.remove_from_group("dev", "bob")) is True
    for code in ("ERR_USER_NOT_IN_GROUP", "ERR_UNKNOWN_GROUP_ID", "ERR_UNKNOWN_USER_ID"):
        assert play([(call, error(400, code))], lambda iam: iam.remove_from_group("dev", "bob")) is False
    with pytest.raises(ApiError) as caught:
        play([(call, error(400, "ERR_NO_MORE_SUPERUSERS"))], lambda iam: iam.remove_from_group("dev", "bob"))
    assert caught.value.code == "ERR_NO_MORE_SUPERUSERS"


ODD_REFUSALS = [error(404), error(409), error(400), Reply(404, "<html>"), Reply(409, "<html>"), Reply(200, "<html>")]
"""None of them is an error of the IAM itself: something in between may have answered."""


@pytest.mark.parametrize("reply", [*ODD_REFUSALS, Reply(204, "<html>"), Reply(500, "<html>")])
@pytest.mark.parametrize("name", WRITES)
def test_put_is_read_back_if_the_iam_did_not_answer(name: str, reply: Reply) -> None:
    call, _body, _exists, act = WRITES[name]
    read, there, not_there = READ_BACK[name]
    assert play([(call, reply), (read, there)], act) is True
    with pytest.raises(DcosError) as caught:
        play([(call, reply), (read, not_there)], act)
    assert caught.value.status == reply.status


@pytest.mark.parametrize("reply", ODD_REFUSALS)
def test_deletion_is_read_back_if_the_iam_did_not_answer(reply: Reply) -> None:
    call, read = f"DELETE {BASE}/users/svc", f"GET {BASE}/users/svc"
    gone, there = error(400, "ERR_UNKNOWN_USER_ID"), Reply(200, SERVICE)
    assert play([(call, reply), (read, gone)], lambda iam: iam.delete_user(ACCOUNT)) is True
    with pytest.raises(DcosError) as caught:
        play([(call, reply), (read, there)], lambda iam: iam.delete_user(ACCOUNT))
    assert caught.value.status == reply.status


def test_a_deletion_of_a_missing_account() -> None:
    call = f"DELETE {BASE}/users/svc"
    assert play([(call, Reply(204))], lambda iam: iam.delete_user(ACCOUNT)) is True
    for status in (400, 404):
        assert play([(call, error(status, "ERR_UNKNOWN_USER_ID"))], lambda iam: iam.delete_user(ACCOUNT)) is False


def test_a_refused_deletion_is_an_error() -> None:
    with pytest.raises(ApiError) as caught:
        play([(f"DELETE {BASE}/users/svc", error(400, "ERR_NO_MORE_SUPERUSERS"))], lambda iam: iam.delete_user(ACCOUNT))
    assert caught.value.code == "ERR_NO_MORE_SUPERUSERS"


def test_a_deletion_whose_answer_was_lost_is_judged_by_reading_back() -> None:
    call, read = f"DELETE {BASE}/users/svc", f"GET {BASE}/users/svc"
    gone = error(400, "ERR_UNKNOWN_USER_ID")
    assert play([(call, LOST), (read, gone)], lambda iam: iam.delete_user(ACCOUNT)) is True
    there = (read, Reply(200, SERVICE))
    assert play([(call, LOST), there, (call, Reply(204))], lambda iam: iam.delete_user(ACCOUNT)) is True
    assert play([(call, LOST), there, (call, gone), there], lambda iam: iam.delete_user(ACCOUNT)) is False
    assert play([(call, LOST), there, (call, gone), (read, gone)], lambda iam: iam.delete_user(ACCOUNT)) is True


@pytest.mark.parametrize("other", [ANOTHER, {"uid": "svc"}])
def test_a_recreated_account_is_neither_deleted_nor_described(other: dict[str, Any]) -> None:
    read = (f"GET {BASE}/users/svc", Reply(200, other))
    assert play([(f"DELETE {BASE}/users/svc", LOST), read], lambda iam: iam.delete_user(ACCOUNT)) is True
    assert play([(f"PATCH {BASE}/users/svc", LOST), read], lambda iam: iam.set_description(ACCOUNT, "x")) is False


def test_a_changed_description_does_not_make_another_account() -> None:
    call, there = f"DELETE {BASE}/users/svc", Reply(200, {**SERVICE, "description": "described meanwhile"})
    lost = [(call, LOST), (f"GET {BASE}/users/svc", there)]
    assert play([*lost, (call, Reply(204))], lambda iam: iam.delete_user(ACCOUNT)) is True


def test_an_acl_is_deleted_only_while_unused() -> None:
    call, read = f"DELETE {BASE}/acls/dcos:a", f"GET {BASE}/acls/dcos:a/permissions"
    gone, unused = error(400, "ERR_UNKNOWN_RESOURCE_ID"), Reply(200, {"users": [], "groups": []})
    used = Reply(200, {"users": [{"uid": "other", "actions": [{"name": "read"}]}], "groups": []})
    assert play([(call, LOST), (read, gone)], lambda iam: iam.delete_acl("dcos:a")) is True
    assert play([(call, LOST), (read, unused), (call, Reply(204))], lambda iam: iam.delete_acl("dcos:a")) is True
    assert play([(call, LOST), (read, used)], lambda iam: iam.delete_acl("dcos:a")) is False


@pytest.mark.parametrize(
    "code", ["ERR_ACTION_NOT_YET_STORED", "ERR_USER_NOT_IN_ACL", "ERR_GROUP_NOT_IN_ACL", "ERR_UNKNOWN_RESOURCE_ID"]
)
def test_a_revocation_of_a_missing_grant(code: str) -> None:
    call = f"DELETE {GRANT_PATH}/read"
    assert play([(call, Reply(204))], lambda iam: iam.revoke(SVC, GRANT)) is True
    assert play([(call, error(400, code))], lambda iam: iam.revoke(SVC, GRANT)) is False
    assert play([(call, LOST), (f"GET {GRANT_PATH}", error(400, code))], lambda iam: iam.revoke(SVC, GRANT)) is True


def test_keys_of_the_iam_are_public() -> None:
    with Script((f"GET {BASE}/auth/jwks", Reply(200, {"keys": []}))).played() as script:
        assert cluster_for().iam.jwks() == []
    assert "Authorization" not in script.sent[0].headers


@pytest.mark.parametrize("answer", [Reply(200, ["svc"]), Reply(200, "<html>hello</html>")])
def test_a_malformed_list_of_accounts_is_not_an_empty_list(answer: Reply) -> None:
    with pytest.raises(OddAnswerError, match="reading all service accounts: what came back"):
        play([(f"GET {BASE}/users?type=service", answer)], lambda iam: iam.service_accounts())
