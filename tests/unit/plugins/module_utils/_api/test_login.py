# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in: bodies, one login per run, renewal, and what a refusal tells."""

from __future__ import annotations

import re
import time
from email.utils import formatdate
from typing import Any

import jwt
import pytest

from ansible_collections.dcos.security.plugins.module_utils._api import login as auth
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._api.http import Answer, HttpClient, Request
from ansible_collections.dcos.security.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    OddAnswerError,
    UnreachableError,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import LOST, Reply, Script, error

LOGIN = "POST /acs/api/v1/auth/login"
NOW = 1_800_000_000
USER = PasswordCredentials("admin", "S3CRET")
SERVICE = KeyCredentials("svc", private_key("svc"))
GRANTED = Reply(200, {"token": "new"})
REFUSED = error(401, "ERR_INVALID_CREDENTIALS", "401 Unauthorized", "S3CRET")


def client() -> HttpClient:
    return HttpClient("https://dcos.example.com", False)


def logged_in(credentials: Any, answers: list[Any], **options: Any) -> tuple[str, Script]:
    with Script(*[(LOGIN, answer) for answer in answers]).played() as script:
        return auth.log_in(client(), credentials, **options), script


def test_a_user_logs_in_with_a_password() -> None:
    token, script = logged_in(USER, [GRANTED])
    assert token == "new"
    assert script.sent[0].body == {"uid": "admin", "password": "S3CRET"}
    assert "Authorization" not in script.sent[0].headers


@pytest.mark.parametrize(("options", "lifetime"), [({}, 300), ({"lifetime": 60}, 60)])
def test_a_service_logs_in_with_a_token_that_it_signs(options: dict[str, int], lifetime: int) -> None:
    token, script = logged_in(SERVICE, [GRANTED], **options)
    assert token == "new"
    body = script.sent[0].body
    assert set(body) == {"uid", "token"}
    claims = jwt.decode(body["token"], public_text("svc"), algorithms=["RS256"])
    assert claims["uid"] == body["uid"] == "svc"
    assert set(claims) == {"uid", "exp"}
    assert lifetime - 10 < claims["exp"] - time.time() <= lifetime


def test_a_lost_login_is_repeated(sleeps: list[float]) -> None:
    assert logged_in(USER, [LOST, Reply(503), GRANTED])[0] == "new"
    assert len(sleeps) == 2


@pytest.mark.parametrize(
    ("credentials", "cause"),
    [(USER, "the user is unknown or the password is wrong"), (SERVICE, "its public key does not belong to this")],
)
def test_a_refusal_names_possible_causes(credentials: Any, cause: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        logged_in(credentials, [REFUSED])
    assert caught.value.message.startswith(f"logging in as {credentials.uid}: https://dcos.example.com refused")
    assert cause in caught.value.message
    assert "S3CRET" not in caught.value.message
    assert caught.value.failure() == {"status": 401, "code": "credentials", "title": "401 Unauthorized"}


@pytest.mark.parametrize(
    ("ahead", "side", "expired"),
    [
        (0, None, False),
        (25, None, False),
        (-25, None, False),
        (35, "behind", False),
        (-35, "ahead of", False),
        (290, "behind", False),
        (310, "behind", True),
        (-3600, "ahead of", False),
    ],
)
def test_clock_skew_is_reported_with_its_sign(ahead: int, side: str | None, expired: bool) -> None:
    dated = Reply(401, REFUSED.body, {"Date": formatdate(time.time() + ahead, usegmt=True)})
    with pytest.raises(CredentialsError) as caught:
        logged_in(SERVICE, [dated])
    told = re.search(r"The clock of this machine is (\d+) seconds (\w.*) the cluster's\.", caught.value.message)
    assert (told and told.group(2)) == side
    assert told is None or abs(int(told.group(1)) - abs(ahead)) <= 4
    assert ("had expired on arrival" in caught.value.message) is expired
    with pytest.raises(CredentialsError) as caught:
        logged_in(USER, [dated])
    assert "expired" not in caught.value.message


@pytest.mark.parametrize("ahead", [-3600, -1, 0, 1, 300])
def test_the_skew_is_positive_if_the_server_is_ahead(ahead: int) -> None:
    answer = Answer(401, headers={"Date": formatdate(NOW + ahead, usegmt=True)})
    assert auth.clock_skew(answer, lambda: NOW) == ahead


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Oct 2026 07:28:00 GMT", "1"])
def test_a_malformed_date_gives_no_skew(date: str) -> None:
    assert auth.clock_skew(Answer(401, headers={"Date": date})) is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {}),
        Reply(200, {"token": ""}),
        Reply(200, {"token": 7}),
        Reply(200, {"token": "a\n"}),
        Reply(200, [1]),
        Reply(200, "<html>"),
    ],
)
def test_an_answer_without_a_token_is_not_from_the_iam(reply: Reply) -> None:
    with pytest.raises(DcosError, match="logging in as admin: what came back") as caught:
        logged_in(USER, [reply])
    assert caught.value.status == 200


def test_a_token_of_another_account_is_refused() -> None:
    assert logged_in(SERVICE, [Reply(200, {"token": token_of("svc")})])[0] == token_of("svc")
    with pytest.raises(OddAnswerError, match="token is that of another account"):
        logged_in(SERVICE, [Reply(200, {"token": token_of("other")})])


@pytest.mark.parametrize("status", [400, 403, 500])
def test_other_errors_do_not_show_the_servers_description(status: int) -> None:
    with pytest.raises(ApiError) as caught:
        logged_in(USER, [error(status, None, "t", "S3CRET")])
    assert caught.value.status == status
    assert "S3CRET" not in caught.value.message


def test_a_url_without_a_cluster_is_reported() -> None:
    """Not as a route that an open cluster lacks: every cluster has logins."""
    with pytest.raises(UnreachableError, match=r"answered 404: .*Check host and path of dcos_url") as caught:
        logged_in(USER, [error(404, None, "t", "S3CRET")])
    assert "S3CRET" not in caught.value.message


# One connection


def connected(credentials: Any, hidden: list[str] | None = None) -> tuple[HttpClient, auth.Login]:
    http = client()
    login = auth.Login(http, credentials, "task", ([] if hidden is None else hidden).append)
    http.tokens = login
    return http, login


def test_login_happens_once_with_the_first_request() -> None:
    hidden: list[str] = []
    with Script((LOGIN, GRANTED), ("GET /x", Reply(200)), ("GET /x", Reply(200))).played() as script:
        http, login = connected(USER, hidden)
        assert script.sent == []
        assert login.uid == "admin"
        http.send(Request("GET", "/x", "reading"))
        http.send(Request("GET", "/x", "reading"))
    assert [sent.headers.get("Authorization") for sent in script.sent] == [None, "token=new", "token=new"]
    assert hidden == ["new"]


def test_an_expired_token_is_renewed_once() -> None:
    hidden: list[str] = []
    second = Reply(200, {"token": "newer"})
    exchanges = [
        (LOGIN, GRANTED),
        ("GET /x", Reply(401)),
        (LOGIN, second),
        ("GET /x", Reply(200)),
        ("GET /x", Reply(200)),
    ]
    with Script(*exchanges).played() as script:
        http, _login = connected(SERVICE, hidden)
        http.send(Request("GET", "/x", "reading"))
        http.send(Request("GET", "/x", "reading"))
    assert [sent.headers.get("Authorization") for sent in script.sent][3:] == ["token=newer"] * 2
    assert hidden == ["new", "newer"]


def test_a_token_renewed_by_another_request_is_used() -> None:
    with Script((LOGIN, GRANTED), (LOGIN, Reply(200, {"token": "newer"}))).played():
        _http, login = connected(USER)
        assert login.token() == "new"
        assert login.renew("new") is True
        assert login.renew("new") is True
        assert login.token() == "newer"


def test_two_refused_tokens_name_their_account() -> None:
    exchanges = [(LOGIN, GRANTED), ("GET /x", Reply(401)), (LOGIN, GRANTED), ("GET /x", Reply(401))]
    with Script(*exchanges).played(), pytest.raises(CredentialsError, match="issued to admin just now"):
        connected(USER)[0].send(Request("GET", "/x", "reading"))


def test_a_failed_login_during_renewal_is_reported() -> None:
    with Script((LOGIN, GRANTED), ("GET /x", Reply(401)), (LOGIN, REFUSED)).played():
        http = connected(USER)[0]
        with pytest.raises(CredentialsError, match="logging in as admin"):
            http.send(Request("GET", "/x", "reading"))


def test_a_given_token_is_never_exchanged() -> None:
    given = token_of("svc")
    with Script(("GET /x", Reply(401, "<html>"))).played() as script:
        http, login = connected(TokenCredentials(given))
        assert login.uid == "svc"
        with pytest.raises(CredentialsError, match=r"The token \(from: task\) has expired") as caught:
            http.send(Request("GET", "/x", "reading"))
    assert script.sent[0].headers["Authorization"] == f"token={given}"
    assert given not in caught.value.message


@pytest.mark.parametrize("token", ["opaque", jwt.encode({"exp": 1}, "k" * 32), jwt.encode({"uid": 7}, "k" * 32)])
def test_an_opaque_token_has_no_uid(token: str) -> None:
    assert connected(TokenCredentials(token))[1].uid is None
