# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in, the tokens that come of it, and the documents about it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest
from conformance_support import KEY, OTHER_KEY, Answer, Emulator, Names, Row, login_token, public_pem, table

SOURCE = "bouncer-observed: Login"
EXACTLY = "Exactly one of `token` and `password` must be provided in the request body"
EMPTY = "`uid` and `password` must not be empty strings"
LIFETIME = 432000


@table(
    Row(f"{SOURCE}: neither", "POST /auth/login", 400, {"uid": "x"}, text=EXACTLY, title="400 Bad Request"),
    Row(f"{SOURCE}: empty object", "POST /auth/login", 400, {}, text=EXACTLY),
    Row(f"{SOURCE}: both", "POST /auth/login", 400, {"uid": "x", "token": "t", "password": "p"}, text=EXACTLY),
    Row(f"{SOURCE}: no uid", "POST /auth/login", 400, {"password": "p"}, text="`uid` missing in the request body"),
    Row(f"{SOURCE}: empty uid", "POST /auth/login", 400, {"uid": "", "password": "p"}, text=EMPTY),
    Row(f"{SOURCE}: empty uid with a token", "POST /auth/login", 400, {"uid": "", "token": "t"}, text=EMPTY),
    Row(f"{SOURCE}: empty password", "POST /auth/login", 400, {"uid": "x", "password": ""}, text=EMPTY),
    Row(
        f"{SOURCE}: uid not a text",
        "POST /auth/login",
        400,
        {"uid": 5, "password": "p"},
        text="Unexpected JSON input. Hint: 5 is not of type 'string'",
        title="Bad Request",
    ),
    Row(f"{SOURCE}: no Content-Type", "POST /auth/login", 400, b"{}", text="Missing Content-Type header."),
    Row(f"{SOURCE}: text/plain", "POST /auth/login", 415, b"{}", {"Content-Type": "text/plain"}),
    Row(
        f"{SOURCE}: form",
        "POST /auth/login",
        400,
        b"uid=x&password=y",
        {"Content-Type": "application/x-www-form-urlencoded"},
        text="Request has bad Content-Type or lacks JSON data",
    ),
    Row(f"{SOURCE}: no body", "POST /auth/login", 400, text="Request has bad Content-Type or lacks JSON data"),
    Row(f"{SOURCE}: malformed", "POST /auth/login", 400, b"{", {"Content-Type": "application/json"}),
    Row(
        f"{SOURCE}: a token alone is taken for an OIDC ID token",
        "POST /auth/login",
        401,
        {"token": "x.y.z"},
        text="OpenID Connect ID Token login failed: bad token",
        answer_headers={"WWW-Authenticate": None},
    ),
    Row(
        f"{SOURCE}: GET",
        "GET /auth/login",
        400,
        code="ERR_MISSING_QUERY_PARAMETERS",
        text="Expected query parameter `oidc-provider` or `saml-provider`.",
    ),
    Row(f"{SOURCE}: PUT", "PUT /auth/login", 405, {"uid": "x"}, answer_headers={"Allow": "GET, POST, OPTIONS"}),
    Row(
        "bouncer-observed: Users GET: /auth/login/ as without the slash",
        "GET /auth/login/",
        400,
        code="ERR_MISSING_QUERY_PARAMETERS",
    ),
    Row("bouncer-observed: Other documents: POST on jwks", "POST /auth/jwks", 405, {}),
    Row("iam-api section 5: POST on logout", "POST /auth/logout", 405, {}),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def refused(answer: Answer) -> None:
    """Every refused credential looks the same."""
    body = {"title": "401 Unauthorized", "description": "Invalid credentials.", "code": "ERR_INVALID_CREDENTIALS"}
    assert (answer.status, answer.json) == (401, body)
    assert answer.headers["WWW-Authenticate"] == "acsjwt"
    assert answer.headers["Set-Cookie"] is None


def now() -> int:
    return int(time.time())


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda uid: login_token(KEY, uid=uid), id="five minutes"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=...), id="no exp claim"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=now() + 366 * 86400), id="a year"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=now() + 60.5), id="fractional exp"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, iss="me", iat=now() + 3600), id="extra claims, future iat"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, headers={"kid": "k"}), id="kid in the header"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, headers={"typ": ""}), id="no typ in the header"),
    ],
)
def test_accepted_login_tokens(emulator: Emulator, names: Names, make: Callable[[str], str]) -> None:
    """bouncer-observed: Login: what a service login token may look like."""
    uid = names["account"]
    answer = emulator.iam("POST", "/auth/login", {"uid": uid, "token": make(uid), "more": 1}, token="nonsense")
    assert answer.status == 200


def _hs256(uid: str) -> str:
    """By hand: the library refuses to be part of this."""

    def segment(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    text = segment(b'{"typ":"JWT","alg":"HS256"}') + "." + segment(json.dumps({"uid": uid, "exp": now() + 60}).encode())
    return f"{text}.{segment(hmac.digest(public_pem(KEY).encode(), text.encode(), 'sha256'))}"


def _altered(uid: str) -> str:
    header, _payload, signature = login_token(KEY, uid=uid).split(".")
    payload = base64.urlsafe_b64encode(json.dumps({"uid": uid, "exp": now() + 99}).encode()).decode().rstrip("=")
    return f"{header}.{payload}.{signature}"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=now() - 1), id="expired a second ago"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=now() - 3600), id="expired an hour ago"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, nbf=now() + 600), id="nbf in the future"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, aud="x"), id="aud"),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp="soon"), id="exp is a text"),
        pytest.param(
            lambda uid: login_token(KEY, uid=uid, exp=str(now() + 60)), id="exp is a numeric text (really a 500)"
        ),
        pytest.param(lambda uid: login_token(KEY, uid=uid, exp=None), id="exp is null (really a 500)"),
        pytest.param(lambda uid: login_token(KEY), id="no uid claim"),
        pytest.param(lambda uid: login_token(KEY, uid="other"), id="another uid"),
        pytest.param(lambda uid: login_token(KEY, uid=uid.upper()), id="uid in other letter case"),
        pytest.param(lambda uid: login_token(OTHER_KEY, uid=uid), id="another key"),
        pytest.param(_altered, id="altered payload"),
        pytest.param(lambda uid: "garbage", id="garbage"),
        pytest.param(lambda uid: "a.b.c", id="a.b.c"),
        pytest.param(lambda uid: "", id="empty"),
        pytest.param(lambda uid: login_token(KEY, "RS384", uid=uid), id="RS384"),
        pytest.param(lambda uid: login_token(KEY, "RS512", uid=uid), id="RS512"),
        pytest.param(lambda uid: login_token(KEY, "PS256", uid=uid), id="PS256"),
        pytest.param(lambda uid: login_token(None, "none", uid=uid), id="none"),
        pytest.param(_hs256, id="HS256 keyed with the public key"),
    ],
)
def test_refused_login_tokens(emulator: Emulator, names: Names, make: Callable[[str], str]) -> None:
    """bouncer-observed: Login: every refusal is the same 401; iam-api section 5: where the open one breaks, 401."""
    uid = names["account"]
    refused(emulator.login(uid=uid, token=make(uid)))


def test_refused_credentials(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Login: wrong kind of credential, wrong password, unknown uid."""
    account, person, unknown = names["account"], names["person"], names["unknown"]
    refused(emulator.login(uid=unknown, password="whatever"))
    refused(emulator.login(uid=unknown, token=login_token(KEY, uid=unknown)))
    refused(emulator.login(uid=account, password="whatever"))
    refused(emulator.login(uid=person, password="wrong"))
    refused(emulator.login(uid=person, token=login_token(KEY, uid=person)))


def test_a_password_only_opens_its_own_account(emulator: Emulator, names: Names) -> None:
    """The emulator remembers that a password was right, for this person and as long as it is theirs."""
    person, other = names["person"], names["unknown"]
    emulator.must(201, "PUT", f"/users/{other}", {"password": "another-password"})
    for _turn in range(2):
        assert emulator.login(uid=person, password=Names.PASSWORD).status == 200
        refused(emulator.login(uid=person, password=Names.PASSWORD + "x"))
        refused(emulator.login(uid=other, password=Names.PASSWORD))
    emulator.must(204, "PATCH", f"/users/{person}", {"password": "a-new-password"})
    refused(emulator.login(uid=person, password=Names.PASSWORD))
    assert emulator.login(uid=person, password="a-new-password").status == 200


def claims(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    decoded: dict[str, Any] = jwt.decode(answer.json["token"], options={"verify_signature": False})
    return decoded


def test_the_authentication_token(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: The authentication token; iam-api section 5: 5 days by default."""
    before = now()
    answer = emulator.login(uid=names["person"], password=Names.PASSWORD)
    token = answer.json["token"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert list(header.items()) == [("typ", "JWT"), ("alg", "RS256")]
    assert list(claims(answer)) == ["uid", "exp"]
    assert before + LIFETIME <= claims(answer)["exp"] <= now() + LIFETIME
    key = jwt.PyJWKSet.from_dict(emulator.iam("GET", "/auth/jwks", token=None).json).keys[0].key
    assert jwt.decode(token, key, algorithms=["RS256"])["uid"] == names["person"]


def test_two_tokens_of_the_same_second_are_equal(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: The authentication token: signing is deterministic."""
    uid = names["account"]

    def tokens() -> set[str]:
        return {emulator.login(uid=uid, token=login_token(KEY, uid=uid)).json["token"] for _turn in range(2)}

    assert any(len(tokens()) == 1 for _turn in range(5))


@pytest.mark.parametrize(
    ("exp", "expected"),
    [
        (4102444800, 4102444800),
        (4102444800.9, 4102444800),
        ("4102444800", 4102444800),
        (0, None),
        (False, None),
        (1, 1),
        (True, 1),
        (-5, -5),
    ],
)
def test_legacy_exp(emulator: Emulator, names: Names, exp: object, expected: int | None) -> None:
    """bouncer-observed: `exp` in the login body, for services; a token without it never expires."""
    uid = names["account"]
    answer = emulator.login(uid=uid, token=login_token(KEY, uid=uid), exp=exp)
    assert claims(answer).get("exp") == expected
    token = answer.json["token"]
    # Taken as it is, even where that makes a token that nobody accepts.
    expired = expected is not None and expected < now()
    assert emulator.call("GET", "/metadata", token=token).status == (401 if expired else 200)


@pytest.mark.parametrize("exp", ["soon", [1], {}, "1.5"])
def test_legacy_exp_that_is_not_a_time(emulator: Emulator, names: Names, exp: object) -> None:
    """iam-api section 5: 400 where the open one breaks with a 500; a refused credential comes first."""
    uid = names["account"]
    assert emulator.login(uid=uid, token=login_token(KEY, uid=uid), exp=exp).status == 400
    refused(emulator.login(uid=uid, token=login_token(OTHER_KEY, uid=uid), exp=exp))


def test_legacy_exp_null_and_for_people(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: `exp` in the login body: null is the default; ignored for passwords."""
    uid = names["account"]
    assert claims(emulator.login(uid=uid, token=login_token(KEY, uid=uid), exp=None))["exp"] > now()
    assert claims(emulator.login(uid=names["person"], password=Names.PASSWORD, exp=0))["exp"] > now()


def test_cookies(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Login: both cookies; Max-Age is 0.95 of the lifetime, as 164160 is of 172800."""
    answer = emulator.login(uid=names["person"], password=Names.PASSWORD)
    auth, info = answer.headers.get_all("Set-Cookie") or []
    max_age = int(LIFETIME * 0.95)
    assert auth == f"dcos-acs-auth-cookie={answer.json['token']}; HttpOnly; Max-Age={max_age}; Path=/"
    assert info.endswith(f"; Max-Age={max_age}; Path=/")
    value = SimpleCookie(info)["dcos-acs-info-cookie"].value
    expected = {"uid": names["person"], "description": "P", "is_remote": False}
    assert json.loads(base64.b64decode(value)) == expected


def test_logout(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Other documents: logout clears the cookie; iam-api section 5: the token stays valid."""
    token = emulator.token(names["person"])
    answer = emulator.iam("GET", "/auth/logout", token=token)
    cleared = 'dcos-acs-auth-cookie=""; expires=Sat, 01 Jan 2000 00:00:00 GMT; HttpOnly; Path=/'
    assert (answer.status, answer.body, answer.headers["Set-Cookie"]) == (200, b"", cleared)
    assert emulator.call("GET", "/metadata", token=token).status == 200


def test_jwks(emulator: Emulator) -> None:
    """bouncer-observed: Other documents: jwks."""
    (key,) = emulator.iam("GET", "/auth/jwks", token=None).json["keys"]
    assert list(key) == ["kid", "kty", "n", "e", "alg", "use"]
    assert (key["kty"], key["e"], key["alg"], key["use"]) == ("RSA", "AQAB", "RS256", "sig")
    number = int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="), "big")
    assert number.bit_length() == 2048
    assert "=" not in key["n"]
    assert key["kid"] == hashlib.sha256(f"65537{number}RSA".encode()).hexdigest()
