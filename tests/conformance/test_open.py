# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open clusters, of 1.13 and later (logins by the open IAM) and of 1.12 and before (logins by dcos-oauth)."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import jwt
import pytest
from conformance_support import KEY, OTHER_KEY, Answer, Emulator, Names, Row, login_token, public_pem, run, table

OAUTH, IAM, CLI, DOCUMENT = "dcos-oauth", "bouncer", "dcos-cli", "dcos-docs: DC/OS security"
PROBE = "/pkgpanda/active.buildinfo.full.json"
FIRST, SECOND, UNKNOWN = "first@example.com", "second@example.com", "nobody@example.com"
REFUSED = "OpenID Connect ID Token login failed: "


def start(path: Path, variant: str, **options: Any) -> Emulator:
    return Emulator(path, "permissive", variant=variant, **options)


def id_token(emulator: Emulator, email: str = FIRST, *options: str) -> str:
    made = run("id-token", "--data-dir", emulator.data_dir, "--email", email, *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def claims(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    decoded: dict[str, Any] = jwt.decode(answer.json["token"], options={"verify_signature": False})
    return decoded


def refused(answer: Answer, status: int, title: str, description: str) -> None:
    assert (answer.status, answer.json) == (status, {"title": title, "description": description})


@pytest.fixture(scope="module", params=["open", "open-1.12"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _running(tmp_path_factory, request.param)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _running(tmp_path_factory, "open")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    yield from _running(tmp_path_factory, "open-1.12")


def _running(tmp_path_factory: pytest.TempPathFactory, variant: str) -> Iterator[Emulator]:
    """A cluster with the users FIRST and SECOND, and a client that is FIRST."""
    emulator = start(tmp_path_factory.mktemp(variant), variant)
    emulator.use_token(emulator.login(token=id_token(emulator)).json["token"])
    emulator.must(201, "PUT", f"/users/{SECOND}", {})
    yield emulator
    emulator.stop()


@pytest.fixture
def names(new: Emulator) -> Names:
    return Names(new)


# Both


def test_the_sign_of_an_open_cluster(either: Emulator) -> None:
    """dcos-cli; adminrouter: the challenge of a guarded path names the kind of cluster."""
    sniffed = either.call("HEAD", PROBE, token=None)
    assert (sniffed.status, sniffed.headers["WWW-Authenticate"]) == (401, "oauthjwt")
    assert either.call("HEAD", PROBE).status == 200


def test_what_needs_a_token(either: Emulator) -> None:
    """adminrouter: all but logins, the front page and what the web interface asks for first; metadata too."""
    for path in (
        "/acs/api/v1/users",
        "/dcos-metadata/dcos-version.json",
        "/metadata",
        "/service/x",
        "/package/describe",
    ):
        assert either.call("GET", path, token=None).status == 401, path
    for path in ("/", "/dcos-metadata/ui-config.json", "/acs/api/v1/auth/logout"):
        assert either.call("GET", path, token=None).status == 200, path
    version = either.call("GET", "/dcos-metadata/dcos-version.json").json
    assert version["dcos-variant"] == "open"


def test_what_an_open_cluster_lacks(either: Emulator) -> None:
    """bouncer; adminrouter: no secret store, no CA, no security mode, no ACLs."""
    for path in ("/secrets/v1/secret/default/x", "/ca/dcos-ca.crt", "/dcos-metadata/bootstrap-config.json"):
        answer = either.call("GET", path)
        assert (answer.status, answer.content_type) == (404, "text/html; charset=UTF-8"), path
    for path in ("/acls", f"/users/{FIRST}/permissions", f"/users/{FIRST}/groups", "/groups/g", "/ldap/config"):
        assert either.iam("GET", path).status == 404, path


def test_only_the_first_user_comes_by_itself(tmp_path: Path) -> None:
    """dcos-docs: DC/OS security: the first to log in becomes a user, all others are added by users."""
    for variant, title, description in (
        ("open", "401 Unauthorized", "ID Token login failed: user unknown"),
        ("open-1.12", "Unauthorized", "User unauthorized"),
    ):
        emulator = start(tmp_path / variant, variant)
        try:

            def first_user(emulator: Emulator = emulator) -> object:
                ui_config = emulator.call("GET", "/dcos-metadata/ui-config.json", token=None).json
                return ui_config["clusterConfiguration"]["firstUser"]

            assert first_user() is True
            answer = emulator.login(token=id_token(emulator, FIRST))
            assert claims(answer)["uid"] == FIRST
            assert first_user() is False
            refused(emulator.login(token=id_token(emulator, SECOND)), 401, title, description)
            emulator.use_token(answer.json["token"])
            emulator.must(201, "PUT", f"/users/{SECOND}", {})
            assert claims(emulator.login(token=id_token(emulator, SECOND)))["uid"] == SECOND
            assert not emulator.audit()
        finally:
            emulator.stop()


def test_authentication_switched_off(tmp_path: Path) -> None:
    """dcos-docs: DC/OS security: opt-out; dcos-cli: the probe answers 200 then."""
    for variant in ("open", "open-1.12"):
        emulator = start(tmp_path / variant, variant, authentication=False)
        try:
            assert emulator.call("HEAD", PROBE, token=None).status == 200
            assert emulator.iam("PUT", f"/users/{FIRST}", {}, token=None).status == 201
            assert emulator.iam("GET", f"/users/{FIRST}", token="nonsense").status == 200
        finally:
            emulator.stop()


def test_a_variant_stays(tmp_path: Path) -> None:
    """The emulator's own promise: one data directory is one cluster."""
    emulator = start(tmp_path, "open")
    emulator.stop()
    result = run("serve", "--variant", "open-1.12", "--data-dir", tmp_path, "--detach")
    assert result.returncode == 1
    assert "--variant: the cluster in this --data-dir is open" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--variant", "enterprise"], "required: --security-mode"),
        (["--security-mode", "strict", "--authentication", "false"], "--authentication: only that of an open cluster"),
        (["--variant", "open", "--dcos-version", "1.12.4"], "--dcos-version: the variant open is that of 1.13"),
        (["--variant", "open-1.12", "--dcos-version", "1.13.0"], "--dcos-version: the variant open-1.12 is that of"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: list[str], message: str) -> None:
    """The emulator's own promise: no cluster that cannot be."""
    result = run("serve", "--data-dir", tmp_path, *options)
    assert result.returncode == 2
    assert message in result.stderr


def test_id_tokens_need_an_open_cluster(tmp_path: Path, strict: Emulator) -> None:
    """The emulator's own promise: only an open cluster trusts an identity provider."""
    for options in (("--email", FIRST), ("--email", FIRST, "--rotate-key")):
        result = run("id-token", "--data-dir", strict.data_dir, *options)
        assert (result.returncode, result.stdout) == (1, "")
        assert "no open cluster was ever started" in result.stderr
    assert run("id-token", "--data-dir", tmp_path, "--email", FIRST, "--claim", "x").returncode == 2
    assert run("id-token", "--data-dir", tmp_path, "--email", FIRST, "--claim", "x=y").returncode == 2


# 1.13 and later


def test_what_the_first_user_looks_like(new: Emulator) -> None:
    """bouncer, oidcidtokenlogin: a remote user of the provider; the e-mail address as description."""
    users = new.must(200, "GET", "/users").json["array"]
    assert users[0] == {
        "uid": FIRST,
        "description": FIRST,
        "url": f"/acs/api/v1/users/{FIRST}",
        "is_remote": True,
        "is_service": False,
        "provider_type": "oidc",
        "provider_id": "https://dcos.auth0.com/",
    }
    assert users[1] == {**users[0], "uid": SECOND, "description": "", "url": f"/acs/api/v1/users/{SECOND}"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(["--lifetime", "-5"], "token expired", id="expired"),
        pytest.param(["--claim", "exp=null"], "bad token", id="no exp"),
        pytest.param(["--claim", "sub=null"], "bad token", id="a standard claim missing"),
        pytest.param(["--claim", "iat=null"], "bad token", id="another standard claim missing"),
        pytest.param(["--claim", 'aud="another"'], "bad token", id="for another client"),
        pytest.param(["--claim", 'iss="https://idp.example/"'], "bad token", id="of another issuer"),
        pytest.param(["--claim", "iss=null"], "bad token", id="no issuer"),
        pytest.param(["--claim", "email=null"], "ID Token lacks non-standard claim: email", id="no e-mail"),
        pytest.param(
            ["--claim", "email_verified=null"], "ID Token lacks non-standard claim: email_verified", id="says nothing"
        ),
        pytest.param(
            ["--claim", "email_verified=false"], 'ID Token must have `"email_verified": true` claim', id="not verified"
        ),
    ],
)
def test_refused_id_tokens(new: Emulator, options: list[str], reason: str) -> None:
    """bouncer, oidcidtokenlogin: which ID tokens are refused, and how."""
    answer = new.login(token=id_token(new, FIRST, *options))
    refused(answer, 401, "401 Unauthorized", REFUSED + reason)
    assert answer.headers["WWW-Authenticate"] is None


@pytest.mark.parametrize("token", ["garbage", "a.b.c", login_token(KEY, iss="https://dcos.auth0.com/")])
def test_refused_signatures(new: Emulator, token: str) -> None:
    """bouncer, oidcidtokenlogin: what is no token, or is signed by nobody known."""
    refused(new.login(token=token), 401, "401 Unauthorized", REFUSED + "bad token")


def test_users_of_others(new: Emulator) -> None:
    """bouncer, auth: a user of another provider, or of none, does not come in by this one."""
    failed = "ID Token login failed: provider"
    new.must(201, "PUT", "/users/local@example.com", {"password": "a-password"})
    refused(new.login(token=id_token(new, "local@example.com")), 401, "401 Unauthorized", f"{failed} type mismatch")
    new.must(201, "PUT", "/users/other@example.com", {"provider_type": "oidc", "provider_id": "https://idp.example"})
    refused(new.login(token=id_token(new, "other@example.com")), 401, "401 Unauthorized", f"{failed} ID mismatch")


def test_a_login_with_an_id_token(new: Emulator) -> None:
    """bouncer, auth: a normal token and cookies; five days; the key set verifies it."""
    answer = new.login(token=id_token(new, FIRST, "--lifetime", "60"))
    assert list(claims(answer)) == ["uid", "exp"]
    assert claims(answer)["exp"] > time.time() + 400000
    key = jwt.PyJWKSet.from_dict(new.iam("GET", "/auth/jwks", token=None).json).keys[0].key
    assert jwt.decode(answer.json["token"], key, algorithms=["RS256"])["uid"] == FIRST
    assert "dcos-acs-auth-cookie" in SimpleCookie((answer.headers.get_all("Set-Cookie") or [])[0])
    header = {"Authorization": f"Bearer {answer.json['token']}"}
    assert new.call("GET", PROBE, headers=header, token=None).status == 200


def test_uids_made_of_odd_addresses(new: Emulator) -> None:
    """bouncer, auth: characters that a uid cannot have become underscores."""
    new.must(201, "PUT", "/users/a_b@example.com", {})
    assert claims(new.login(token=id_token(new, "a+b@example.com")))["uid"] == "a_b@example.com"


def test_keys_of_the_provider(tmp_path: Path) -> None:
    """bouncer, oidcidtokenlogin: an unknown key is fetched, a known one stays so; a provider that is away is a 500."""
    emulator = start(tmp_path, "open")
    try:
        before = id_token(emulator)
        assert emulator.login(token=before).status == 200
        after = id_token(emulator, FIRST, "--rotate-key")
        assert emulator.login(token=after).status == 200
        assert emulator.login(token=before).status == 200
        last = id_token(emulator, FIRST, "--rotate-key")
        (tmp_path / "identity-provider.key").rename(tmp_path / "away")
        away = emulator.login(token=last)
        refused(away, 500, "500 Internal Server Error", "Could not fetch public key material from token issuer")
        assert emulator.login(token=after).status == 200
    finally:
        emulator.stop()


def test_accounts_of_an_open_cluster(new: Emulator, names: Names) -> None:
    """bouncer-observed: Users PUT, Login: accounts with passwords and keys; they may do everything."""
    person, service = names["person"], names["account"]
    assert claims(new.login(uid=person, password=Names.PASSWORD))["uid"] == person
    token = new.login(uid=service, token=login_token(KEY, uid=service)).json["token"]
    assert new.call("GET", PROBE, token=token).status == 200
    new.must(204, "PATCH", f"/users/{person}", {"description": "new"}, token=token)
    refused_login = new.login(uid=service, token=login_token(OTHER_KEY, uid=service))
    assert (refused_login.status, refused_login.code) == (401, "ERR_INVALID_CREDENTIALS")
    # adminrouter: nobody asks for the user again.
    new.must(204, "DELETE", f"/users/{service}")
    assert new.call("GET", PROBE, token=token).status == 200


@table(
    Row(f"{IAM}: a uid like an address", "PUT /users/third@example.com", 201, {}),
    Row(f"{IAM}: as clients up to 1.12 do", "PUT /users/x@y.zz", 201, {"creator_uid": "a", "cluster_url": "b"}),
    Row("bouncer-observed: Users PUT: again", f"PUT /users/{SECOND}", 409, {}, code="ERR_USER_EXISTS"),
    Row(
        "bouncer-observed: Users PUT: no address",
        "PUT /users/{unknown}",
        400,
        {},
        code="ERR_INVALID_DATA",
        text="One of `password` or `public_key` must be provided",
    ),
    Row(f"{IAM}: an address with a key is a service", "PUT /users/s@y.zz", 201, {"public_key": public_pem(KEY)}),
    Row("bouncer-observed: Users GET: unknown", f"GET /users/{UNKNOWN}", 400, code="ERR_UNKNOWN_USER_ID"),
    Row("bouncer-observed: Other documents: no such route", "GET /groups", 404, answer=b""),
    Row("bouncer-observed: Other documents: no such route", "PUT /acls/dcos:x", 404, {"description": ""}, answer=b""),
)
def test_users_of_the_open_iam(row: Row, new: Emulator, names: Names) -> None:
    row.check(new, names)


def test_login_providers(new: Emulator) -> None:
    """bouncer-observed: Other documents: the third way in is that of open clusters alone."""
    providers = new.iam("GET", "/auth/providers", token=None).json
    assert list(providers) == ["dcos-users", "dcos-services", "dcos-oidc-auth0"]
    assert providers["dcos-oidc-auth0"]["authentication-type"] == "oidc-implicit-flow"
    assert providers["dcos-oidc-auth0"]["config"] == {"start_flow_url": "/login"}


# 1.12 and before


@table(
    Row(f"{OAUTH}, login: no JSON", "POST /auth/login", 400, b"{", text="JSON decode error", title="Bad Request"),
    Row(f"{OAUTH}, login: of another shape", "POST /auth/login", 400, {"token": 1}, text="JSON decode error"),
    Row(f"{OAUTH}, login: no token", "POST /auth/login", 400, {}, text="JWT parsing failed"),
    Row(
        f"{OAUTH}, login: a password", "POST /auth/login", 400, {"uid": "x", "password": ""}, text="JWT parsing failed"
    ),
    Row(f"{OAUTH}, login: no token at all", "POST /auth/login", 400, {"token": "x"}, text="JWT parsing failed"),
    Row(
        f"{OAUTH}, login: signed by nobody known",
        "POST /auth/login",
        401,
        {"uid": "x", "token": login_token(KEY, uid="x")},
        text="JWT verification failed",
        title="Unauthorized",
    ),
    Row(
        f"{OAUTH}, users: a user",
        f"GET /users/{FIRST}",
        200,
        answer={"uid": FIRST, "description": FIRST},
        answer_headers={"Content-Type": "application/json"},
    ),
    Row(
        f"{OAUTH}, users: unknown",
        f"GET /users/{UNKNOWN}",
        404,
        text="User Not Found",
        title="Not Found",
        answer_headers={"Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff"},
    ),
    Row(f"{OAUTH}, users: no address", "GET /users/svc", 500, text="invalid email", title="Internal Server Error"),
    Row(f"{OAUTH}, users: no address", "PUT /users/svc", 500, {}, text="invalid email"),
    Row(f"{OAUTH}, users: no address", "DELETE /users/svc", 500, text="invalid email"),
    Row(f"{OAUTH}, users: new", "PUT /users/a%2Bb@example.com", 201, {}, answer=b""),
    Row(f"{OAUTH}, users: as the web interface adds one", "PUT /users/x@y.zz", 201, {"creator_uid": "a"}, answer=b""),
    Row(f"{OAUTH}, users: there is one", f"PUT /users/{SECOND}", 409, b"{", text="Already Exists", title="Conflict"),
    Row(f"{OAUTH}, users: no JSON", f"PUT /users/{UNKNOWN}", 400, b"{", text="invalid user json"),
    Row(f"{OAUTH}, users: unknown", f"DELETE /users/{UNKNOWN}", 404, text="User not found"),
    Row(f"{OAUTH}, groups: none", "GET /groups", 200, answer={"array": None}),
    Row(f"{OAUTH}, routes: no such route", "GET /auth/providers", 404, answer=b"404 page not found\n"),
    Row(f"{OAUTH}, routes: no such route", "GET /auth/jwks", 404, answer=b"404 page not found\n"),
    Row(f"{OAUTH}, routes: no such method", f"PATCH /users/{FIRST}", 404, {"description": ""}),
    Row(f"{OAUTH}, routes: no such method", "GET /auth/login", 404),
)
def test_dcos_oauth(row: Row, old: Emulator) -> None:
    row.check(old, Names(old))


@pytest.mark.parametrize(
    ("options", "status", "title", "description"),
    [
        pytest.param(["--lifetime", "-5"], 401, "Unauthorized", "JWT verification failed", id="expired"),
        pytest.param(["--claim", 'aud="x"'], 401, "Unauthorized", "JWT verification failed", id="for another client"),
        pytest.param(["--claim", 'iss="x"'], 401, "Unauthorized", "JWT verification failed", id="of another issuer"),
        pytest.param(["--claim", "email_verified=false"], 400, "Bad Request", "email not verified", id="not verified"),
        pytest.param(["--claim", "email_verified=1"], 400, "Bad Request", "email not verified", id="not really true"),
        pytest.param(["--claim", "email=null"], 400, "Bad Request", "invalid email claim", id="no e-mail"),
    ],
)
def test_id_tokens_that_dcos_oauth_refuses(
    old: Emulator, options: list[str], status: int, title: str, description: str
) -> None:
    """dcos-oauth, login: which ID tokens are refused, and how."""
    refused(old.login(token=id_token(old, FIRST, *options)), status, title, description)


def test_a_login_at_dcos_oauth(old: Emulator) -> None:
    """dcos-oauth, login: all claims of the ID token and a uid, signed with a shared secret; two cookies."""
    given = id_token(old, FIRST, "--claim", "email_verified=null", "--claim", "more=1")
    answer = old.login(token=given)
    assert answer.content_type == "text/plain; charset=utf-8"
    token = answer.json["token"]
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert claims(answer) == {**jwt.decode(given, options={"verify_signature": False}), "uid": FIRST}
    auth, info = answer.headers.get_all("Set-Cookie") or []
    assert auth.startswith(f"dcos-acs-auth-cookie={token}; Path=/; Expires=")
    assert auth.endswith("; Max-Age=388800; HttpOnly")
    value = info.split(";")[0].removeprefix("dcos-acs-info-cookie=")
    assert json.loads(base64.urlsafe_b64decode(value)) == {"uid": FIRST, "description": FIRST}


def test_headers_at_dcos_oauth(old: Emulator) -> None:
    """dcos-docs: DC/OS security: the header is `token=`, `Bearer` is not understood."""
    token = old.token()
    assert old.call("GET", PROBE, headers={"Authorization": f"Bearer {token}"}, token=None).status == 401
    assert old.call("GET", PROBE, headers={"Cookie": f"dcos-acs-auth-cookie={token}"}, token=None).status == 200
    ended = old.iam("GET", "/auth/logout", token=None)
    assert (ended.status, ended.body) == (200, b"")
    assert len(ended.headers.get_all("Set-Cookie") or []) == 2


def test_tokens_end_with_their_users(tmp_path: Path) -> None:
    """dcos-docs: DC/OS security: a token cannot be taken back, its user is removed; dcos-oauth, users: then nobody."""
    emulator = start(tmp_path, "open-1.12")
    try:
        token = emulator.login(token=id_token(emulator)).json["token"]
        emulator.use_token(token)
        assert emulator.iam("GET", "/users").json == {"array": [{"uid": FIRST, "description": FIRST}]}
        assert emulator.iam("DELETE", f"/users/{FIRST}").status == 204
        assert emulator.call("GET", PROBE).status == 401
        emulator.use_token(emulator.login(token=id_token(emulator, SECOND)).json["token"])
        assert emulator.iam("GET", "/users").json == {"array": [{"uid": SECOND, "description": SECOND}]}
    finally:
        emulator.stop()


def test_keys_at_dcos_oauth(tmp_path: Path) -> None:
    """dcos-oauth, login: the provider's keys are fetched each time; without them a 500."""
    emulator = start(tmp_path, "open-1.12")
    try:
        before = id_token(emulator)
        assert emulator.login(token=before).status == 200
        after = id_token(emulator, FIRST, "--rotate-key")
        assert emulator.login(token=after).status == 200
        refused(emulator.login(token=before), 401, "Unauthorized", "JWT verification failed")
        (tmp_path / "identity-provider.key").rename(tmp_path / "away")
        away = emulator.login(token="whatever")
        refused(away, 500, "Internal Server Error", "[OIDC] Fetch provider config error")
    finally:
        emulator.stop()


def test_an_open_cluster_survives_a_restart(tmp_path: Path) -> None:
    """The emulator's own promise: users, tokens and the provider's key are kept, readable by their user alone."""
    for variant in ("open", "open-1.12"):
        emulator = start(tmp_path / variant, variant)
        given = id_token(emulator)
        token = emulator.login(token=given).json["token"]
        emulator.stop()
        emulator.start()
        try:
            assert emulator.call("GET", PROBE, token=token).status == 200
            assert emulator.login(token=given).status == 200
            for name in ("identity-provider.key", "jwt-signing.key", "auth-token-secret"):
                path = tmp_path / variant / name
                assert not path.exists() or os.stat(path).st_mode & 0o077 == 0
        finally:
            emulator.stop()
