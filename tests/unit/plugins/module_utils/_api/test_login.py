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
    IdTokenCredentials,
    KeyCredentials,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._api.http import Answer, HttpClient, Request
from ansible_collections.dcos.security.plugins.module_utils._api.id_token import is_for, user_of
from ansible_collections.dcos.security.plugins.module_utils._api.refusal import clock_skew
from ansible_collections.dcos.security.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    OddAnswerError,
    UnreachableError,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_ENTERPRISE,
    AT_OPEN,
    GATE,
    LOST,
    WITHOUT_AUTHENTICATION,
    Reply,
    Script,
    error,
)

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
    assert clock_skew(answer, lambda: NOW) == ahead


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Wed, 99 Oct 2026 07:28:00 GMT", "1", f"Wed, {10**20} Oct 2026 07:28:00 GMT"]
)
def test_a_malformed_date_gives_no_skew(date: str) -> None:
    assert clock_skew(Answer(401, headers={"Date": date})) is None


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


# ID tokens: both generations of open clusters


def id_token(**claims: object) -> str:
    return jwt.encode({"email": "jo@example.com", "exp": time.time() + 60, **claims}, "k" * 32)


def refused_by_dcos_oauth(status: int, sentence: str) -> Reply:
    title = {400: "Bad Request", 401: "Unauthorized"}[status]
    return error(status, None, title, sentence)


def refused_by_iam(sentence: str) -> Reply:
    return error(401, None, "401 Unauthorized", sentence)


def test_an_id_token_is_exchanged() -> None:
    given = id_token()
    for granted in (GRANTED, Reply(200, b'{"token":"new"}\n', {"Content-Type": "text/plain; charset=utf-8"})):
        token, script = logged_in(IdTokenCredentials(given), [granted])
        assert token == "new"
        assert script.sent[0].body == {"token": given}
        assert "Authorization" not in script.sent[0].headers


@pytest.mark.parametrize(
    ("answer", "claims", "cause"),
    [
        (
            refused_by_iam("OpenID Connect ID Token login failed: token expired"),
            {},
            "has expired. A person must log in",
        ),
        (refused_by_dcos_oauth(401, "JWT verification failed"), {"exp": 1}, "has expired. A person must log in"),
        (refused_by_dcos_oauth(401, "JWT verification failed"), {}, "issuer, its client id (aud) or its signature"),
        (refused_by_dcos_oauth(401, "JWT verification failed"), {"exp": "x"}, "or its signature is another"),
        (refused_by_iam("OpenID Connect ID Token login failed: bad token"), {}, "issuer, its client id (aud) or its"),
        (refused_by_iam("ID Token login failed: user unknown"), {}, "jo@example.com is unknown there"),
        (refused_by_dcos_oauth(401, "User unauthorized"), {}, "jo@example.com is unknown there"),
        (refused_by_iam('...: ID Token must have `"email_verified": true` claim'), {}, "is not verified"),
        (refused_by_dcos_oauth(400, "email not verified"), {}, "address of jo@example.com is not verified"),
        (refused_by_iam("...: ID Token lacks non-standard claim: email_verified"), {}, "is not verified"),
        (refused_by_iam("...: ID Token lacks non-standard claim: email"), {"email": None}, "names no e-mail address"),
        (refused_by_dcos_oauth(400, "invalid email claim"), {"email": 1}, "names no e-mail address"),
        (refused_by_iam("ID Token login failed: provider type mismatch"), {}, "of another identity provider"),
        (refused_by_dcos_oauth(400, "JWT parsing failed"), {}, "what was given is no ID token"),
        (error(401, None, "t", "S3CRET"), {}, "or its signature is another"),
    ],
)
def test_a_refused_id_token_says_why(answer: Reply, claims: dict[str, object], cause: str) -> None:
    given = id_token(**claims)
    with pytest.raises(CredentialsError) as caught:
        logged_in(IdTokenCredentials(given), [answer])
    assert cause in caught.value.message
    assert caught.value.message.startswith("logging in with an ID token")
    assert (caught.value.code, caught.value.status) == ("credentials", answer.status)
    assert given not in caught.value.message
    assert "S3CRET" not in caught.value.message


@pytest.mark.parametrize("credentials", [USER, SERVICE])
@pytest.mark.parametrize(("status", "sentence"), [(400, "JWT parsing failed"), (401, "JWT verification failed")])
def test_what_dcos_oauth_takes_for_an_id_token(credentials: Any, status: int, sentence: str) -> None:
    with pytest.raises(CredentialsError, match=r"1.12 or before.*Give an ID token \(dcos_id_token\)") as caught:
        logged_in(credentials, [refused_by_dcos_oauth(status, sentence)])
    assert caught.value.status == status


def test_who_an_id_token_is_for() -> None:
    odd = IdTokenCredentials(id_token(email="jo+x@example.com"))
    assert user_of(odd) == "jo+x@example.com"
    assert user_of(IdTokenCredentials("x")) is user_of(IdTokenCredentials(id_token(email=7))) is None
    assert is_for(odd, "jo+x@example.com")
    assert is_for(odd, "jo_x@example.com")
    assert not is_for(odd, "jo@example.com")
    assert not is_for(IdTokenCredentials("x"), None)
    assert auth.Login(client(), odd, "task").uid == "jo+x@example.com"


# Authentication switched off


def test_without_authentication_nothing_is_sent_along() -> None:
    for credentials, login in ((NoCredentials("none"), []), (USER, [(LOGIN, REFUSED)])):
        calls = [*login, WITHOUT_AUTHENTICATION, ("GET /x", Reply(200)), ("GET /x", Reply(200))]
        with Script(*calls).played() as script:
            http = connected(credentials)[0]
            for _turn in range(2):
                assert http.send(Request("GET", "/x", "reading")).status == 200
        assert all("Authorization" not in sent.headers for sent in script.sent)


@pytest.mark.parametrize(
    "gate", [AT_OPEN, AT_ENTERPRISE, (GATE, Reply(200, "<html>")), (GATE, Reply(503)), (GATE, LOST), (GATE, Reply(302))]
)
def test_with_authentication_missing_credentials_are_the_error(gate: tuple[str, Any], sleeps: list[float]) -> None:
    for credentials, login, message in ((NoCredentials("none"), [], "none"), (USER, [(LOGIN, REFUSED)], "as admin")):
        with Script(*login, gate).played(), pytest.raises(CredentialsError, match=message):
            connected(credentials)[0].send(Request("GET", "/x", "reading"))
    assert sleeps == []


def test_a_401_without_a_token_is_told() -> None:
    with Script(WITHOUT_AUTHENTICATION, ("GET /x", Reply(401))).played():
        http = connected(NoCredentials("none"))[0]
        with pytest.raises(CredentialsError, match="Give credentials"):
            http.send(Request("GET", "/x", "reading"))


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
    with Script((LOGIN, GRANTED), ("GET /x", Reply(401)), (LOGIN, REFUSED), AT_ENTERPRISE).played():
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
