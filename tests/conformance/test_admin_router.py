# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets in, to what, and what the cluster says about itself."""

from __future__ import annotations

import hashlib
import io
import socket
import ssl
import warnings
import zipfile
from typing import Any

import pytest
from conformance_support import IAM, KEY, SECRETS, Answer, Emulator, Names, login_token

GUARD = "dcos:adminrouter:acs"
METADATA = "/dcos-metadata/bootstrap-config.json"


def status(emulator: Emulator, uid: str, path: str, method: str = "GET") -> int:
    return emulator.call(method, path, token=emulator.token(uid)).status


@pytest.mark.parametrize(
    ("source", "header", "expected"),
    [
        ("iam-api section 6: the documented form", "token={}", 200),
        ("iam-api section 6: the newer form", "Bearer {}", 200),
        ("iam-api section 6: no scheme", "{}", 401),
        ("iam-api section 6: rubbish", "foo", 401),
        ("iam-api section 6: no token", "token=", 401),
        ("iam-api section 6: no JWT", "token=X", 401),
        ("chosen: a scheme in other letter case", "bearer {}", 401),
        ("iam-api section 6: a damaged signature", "token={}AAAA", 401),
        ("chosen: empty", "", 401),
    ],
)
def test_authorization_header(emulator: Emulator, source: str, header: str, expected: int) -> None:
    headers = {"Authorization": header.format(emulator.token())}
    assert emulator.call("GET", f"{IAM}/users", headers=headers, token=None).status == expected


def test_cookie(emulator: Emulator) -> None:
    """iam-api section 6: without a header the cookie counts; a header, even a useless one, hides it."""
    cookie = {"Cookie": f"a=b; dcos-acs-auth-cookie={emulator.token()}"}
    assert emulator.call("GET", f"{IAM}/users", headers=cookie, token=None).status == 200
    assert emulator.call("GET", f"{IAM}/users", headers={**cookie, "Authorization": "foo"}, token=None).status == 401
    assert emulator.call("GET", f"{IAM}/users", headers={"Cookie": "dcos-acs-auth-cookie=X"}, token=None).status == 401


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ("x[y]=1; {}", 200),
        ('ui={{"a":1}}; {}', 200),
        ("{};", 200),
        ("{}; a", 200),
        ("dcos-acs-auth-cookie=X; {}", 200),
        ("{}; dcos-acs-auth-cookie=X", 401),
        ("x-{}", 401),
        ('ui={{"a": 1}}; {}', 401),
        ("a; {}", 401),
    ],
)
def test_cookies_of_others(emulator: Emulator, cookies: str, expected: int) -> None:
    """adminrouter: a name goes to the equals sign, a value to a semicolon or blank; the last one of a name counts."""
    header = cookies.format(f"dcos-acs-auth-cookie={emulator.token()}")
    assert emulator.call("GET", f"{IAM}/users", headers={"Cookie": header}, token=None).status == expected


def test_foreign_tokens(emulator: Emulator, names: Names) -> None:
    """iam-api section 6: signed by someone else, unsigned, or without uid: 401."""
    for token in (login_token(KEY, uid="bootstrapuser"), login_token(None, "none", uid="bootstrapuser")):
        assert emulator.call("GET", f"{IAM}/users", token=token).status == 401


def test_401_and_403_are_html(emulator: Emulator, names: Names) -> None:
    """iam-api section 6: both are HTML; only the 401 has a challenge, the Enterprise one.

    adminrouter: each leads a browser on to a page of the web interface, the 401 with the way back.
    """
    missing = emulator.call("GET", f"{IAM}/users", token=None)
    forbidden = emulator.call("GET", f"{IAM}/users", token=emulator.token(names["person"]))
    assert (missing.status, missing.headers["WWW-Authenticate"]) == (401, "acsjwt")
    assert (forbidden.status, forbidden.headers["WWW-Authenticate"]) == (403, None)
    for answer in (missing, forbidden):
        assert answer.content_type == "text/html; charset=UTF-8"
        assert answer.text.startswith("<")
    for answer, title, page in ((missing, "Unauthorized", "login"), (forbidden, "Access Denied", "access-denied")):
        assert f"<title>{title}</title>" in answer.text
        assert f'<meta http-equiv="refresh" content="5; url=/#/{page}">' in answer.text
    assert '"/#/login?redirect=" + encodeURIComponent(window.location.href)' in missing.text


UNCACHED = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache", "Expires": "0"}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers"),
    [
        ("GET", f"{IAM}/users", 200, UNCACHED),
        ("GET", f"{IAM}/users/bootstrapuser/permissions", 200, UNCACHED),
        ("PUT", f"{IAM}/groups/{{unknown}}", 201, UNCACHED),
        ("DELETE", f"{IAM}/groups/{{group}}", 204, UNCACHED),
        ("GET", f"{IAM}/users/nope", 400, dict.fromkeys(UNCACHED)),
        ("GET", f"{IAM}/nope", 404, dict.fromkeys(UNCACHED)),
        ("GET", f"{IAM}/auth/providers", 200, dict.fromkeys(UNCACHED)),
        ("GET", f"{SECRETS}/store", 200, dict.fromkeys(UNCACHED)),
        ("GET", "/pkgpanda/active.buildinfo.full.json", 200, UNCACHED),
        ("GET", "/dcos-metadata/dcos-version.json", 200, {"Cache-Control": "no-cache", "Pragma": None}),
        ("GET", METADATA, 200, dict.fromkeys(UNCACHED)),
        ("GET", "/", 200, {"X-Frame-Options": "DENY", "Cache-Control": None}),
    ],
)
def test_headers_that_nginx_adds(
    emulator: Emulator, names: Names, method: str, path: str, status: int, headers: dict[str, str | None]
) -> None:
    """adminrouter: the guarded IAM and two documents must not be cached; nginx adds such headers to no error."""
    body: dict[str, Any] = {"json_body": {"description": ""}} if method == "PUT" else {}
    answer = emulator.call(method, names.fill(path), **body)
    assert (answer.status, {name: answer.headers[name] for name in headers}) == (status, headers)


@pytest.mark.parametrize(
    ("rid", "action", "expected"),
    [
        (GUARD, "full", 200),
        (GUARD, "read", 403),
        ("dcos:superuser", "full", 200),
        ("dcos:superuser", "read", 200),
        ("dcos:adminrouter:ops:metadata", "full", 403),
        ("dcos:adminrouter", "full", 403),
    ],
)
def test_who_may_use_the_iam(emulator: Emulator, names: Names, rid: str, action: str, expected: int) -> None:
    """iam-api section 6: `full` on the guard, or any action on dcos:superuser."""
    emulator.grant(names["person"], rid, action)
    assert status(emulator, names["person"], f"{IAM}/users") == expected


def test_permissions_through_a_group(emulator: Emulator, names: Names) -> None:
    """iam-api section 6: grants of a group count for its members."""
    person, group = names["person"], names["group"]
    emulator.must(204, "PUT", f"/groups/{group}/users/{person}")
    assert emulator.iam("PUT", f"/acls/{GUARD}", {"description": ""}).status in (201, 409)
    emulator.must(204, "PUT", f"/acls/{GUARD}/groups/{group}/full")
    assert status(emulator, person, f"{IAM}/users") == 200
    emulator.must(204, "DELETE", f"/groups/{group}/users/{person}")
    assert status(emulator, person, f"{IAM}/users") == 403


def test_own_permissions(emulator: Emulator, names: Names) -> None:
    """iam-api section 6: one's own permissions need no grant, other people's do, and so does the longer path."""
    person = names["person"]
    assert status(emulator, person, f"{IAM}/users/{person}/permissions") == 200
    assert status(emulator, person, f"{IAM}/users/{person}/permissions/") == 403
    assert status(emulator, person, f"{IAM}/users/bootstrapuser/permissions") == 403
    assert status(emulator, person, f"{IAM}/users/{person}") == 403
    assert status(emulator, person, f"{IAM}/users/{person}/groups") == 403


def test_a_deleted_account_keeps_a_useless_token(emulator: Emulator, names: Names) -> None:
    """iam-api section 5: tokens are stateless; without an account there are no permissions behind them."""
    person = names["person"]
    emulator.grant(person, GUARD, "full")
    assert status(emulator, person, f"{IAM}/users") == 200
    emulator.must(204, "DELETE", f"/users/{person}")
    assert status(emulator, person, f"{IAM}/users") == 403
    assert status(emulator, person, "/metadata") == 200
    assert status(emulator, person, f"{IAM}/users/{person}/permissions") == 400


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"{IAM}/auth/jwks", 200),
        ("GET", f"{IAM}/auth/providers", 200),
        ("GET", f"{IAM}/auth/logout", 200),
        ("GET", f"{IAM}/auth/login", 400),
        ("GET", f"{IAM}/auth/oidc/providers", 200),
        ("GET", f"{IAM}/auth/oidc/providers/", 200),
        ("GET", f"{IAM}/auth/saml/providers/", 200),
        ("GET", f"{IAM}/auth/saml/providers/x/acs-callback", 404),
        ("GET", f"{IAM}/auth/login/", 401),
        ("GET", f"{IAM}/auth/jwks/", 401),
        ("GET", f"{IAM}/auth/other", 401),
        ("GET", f"{IAM}/auth/oidc/providers/x", 401),
        ("GET", f"{IAM}/users", 401),
        ("GET", f"{IAM}", 401),
        ("GET", "/acs/acl-schema.json", 401),
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/ca/dcos-ca.crt", 200),
        ("POST", "/ca/api/v2/info", 200),
        ("POST", "/ca/api/v2/sign", 401),
        ("GET", "/dcos-metadata/dcos-version.json", 200),
        ("GET", "/dcos-metadata/ui-config.json", 200),
        ("GET", METADATA, 401),
        ("GET", "/metadata", 401),
        ("HEAD", "/pkgpanda/active.buildinfo.full.json", 401),
        ("GET", "/mesos/state-summary", 401),
        ("GET", "/service/anything/at/all", 401),
        ("POST", "/package/describe", 401),
        ("GET", f"{SECRETS}/secret/default/x", 401),
        ("GET", f"{SECRETS}/ping", 401),
        ("GET", "/internal/acs/api/v1/internal/policyquery", 404),
        ("GET", "/nothing", 404),
        ("GET", "/secrets", 404),
    ],
)
def test_what_needs_a_token(emulator: Emulator, method: str, path: str, expected: int) -> None:
    """iam-api section 6 and the vendor's published route table: public routes are matched to their end."""
    assert emulator.call(method, path, token=None).status == expected


@pytest.mark.parametrize(
    ("path", "rid"),
    [
        (METADATA, "dcos:adminrouter:ops:metadata"),
        ("/pkgpanda/active.buildinfo.full.json", "dcos:adminrouter:ops:metadata"),
        ("/mesos/state-summary", "dcos:adminrouter:ops:mesos"),
        ("/acs/acl-schema.json", GUARD),
    ],
)
def test_guarded_documents(emulator: Emulator, names: Names, path: str, rid: str) -> None:
    """audit-log section 3: which permission stands in front of which document."""
    person = names["person"]
    assert status(emulator, person, path) == 403
    emulator.grant(person, rid, "full")
    assert status(emulator, person, path) == 200
    assert status(emulator, person, path, "DELETE") == 405


@pytest.mark.parametrize(
    ("path", "rid"),
    [
        ("/service/marathon/ui", "dcos:adminrouter:service:marathon"),
        ("/package/search", "dcos:adminrouter:package"),
        ("/agent/x/state", "dcos:adminrouter:ops:slave"),
        ("/ca/api/v2/sign", "dcos:adminrouter:ops:ca:rw"),
        ("/ca/api/v2/bundle", "dcos:adminrouter:ops:ca:ro"),
        ("/system/health/v1/units", "dcos:adminrouter:ops:system-health"),
    ],
)
def test_guards_without_a_service(emulator: Emulator, names: Names, path: str, rid: str) -> None:
    """audit-log section 3: the guard is there although the emulator runs nothing behind it."""
    person = names["person"]
    assert status(emulator, person, path) == 403
    emulator.grant(person, rid, "full")
    assert status(emulator, person, path) == 404


def test_documents_for_everyone_with_a_token(emulator: Emulator, names: Names) -> None:
    """dcos-cli pkg/dcos: the cluster's id is read with any user's token."""
    answer = emulator.call("GET", "/metadata", token=emulator.token(names["person"]))
    assert set(answer.json) == {"PUBLIC_IPV4", "CLUSTER_ID"}


def test_metadata(emulator: Emulator) -> None:
    """security-modes section 1; dcos-cli pkg/dcos: version and variant."""
    assert emulator.call("GET", METADATA).json["security"] == "strict"
    version = emulator.call("GET", "/dcos-metadata/dcos-version.json", token=None)
    assert (version.json["version"], version.json["dcos-variant"]) == ("2.2.4", "enterprise")
    assert version.content_type == "application/json"


def test_ca(emulator: Emulator) -> None:
    """security-modes section 4: the CA's PEM, and the same one by its own API."""
    pem = emulator.call("GET", "/ca/dcos-ca.crt", token=None).text
    with open(emulator.ca_path) as stream:
        assert pem == stream.read()
    assert ssl.PEM_cert_to_DER_cert(pem)
    info = emulator.call("POST", "/ca/api/v2/info", json_body={"profile": ""}, token=None).json
    assert (info["success"], info["result"]["certificate"]) == (True, pem)


def test_what_the_cli_asks_for(emulator: Emulator) -> None:
    """cli-parity section 7, dcos-cli pkg/setup and pkg/login: the requests of `cluster setup` in their order."""
    assert emulator.call("HEAD", "/", token=None).status == 200
    assert emulator.call("GET", "/ca/dcos-ca.crt", token=None).status == 200
    sniffed = emulator.call("HEAD", "/pkgpanda/active.buildinfo.full.json", token=None)
    assert (sniffed.status, sniffed.headers["WWW-Authenticate"], sniffed.body) == (401, "acsjwt", b"")
    providers = emulator.iam("GET", "/auth/providers", token=None).json
    flow = providers["dcos-users"]["config"]["start_flow_url"]
    login = emulator.call("POST", flow, json_body={"uid": "bootstrapuser", "password": "deleteme"}, token=None)
    token = login.json["token"]
    assert emulator.call("HEAD", "/pkgpanda/active.buildinfo.full.json", token=token).status == 200
    assert emulator.call("GET", "/metadata", token=token).json["CLUSTER_ID"]
    assert emulator.call("GET", "/mesos/state-summary", token=token).json["cluster"]
    assert emulator.call("GET", "/dcos-metadata/dcos-version.json", token=token).status == 200
    package = describe(emulator, {"packageName": "dcos-core-cli"}, token=token).json["package"]
    artifact = package["resource"]["cli"]["binaries"]["linux"]["x86-64"]
    assert artifact["url"].startswith(emulator.url + "/")
    archive = emulator.call("GET", artifact["url"].removeprefix(emulator.url), token=token)
    assert (archive.status, archive.content_type) == (200, "application/zip")
    (checksum,) = artifact["contentHash"]
    assert checksum == {"algo": "sha256", "value": hashlib.sha256(archive.body).hexdigest()}
    with zipfile.ZipFile(io.BytesIO(archive.body)) as plugin:
        assert plugin.namelist() == ["plugin.toml"]
        assert b'name = "dcos-core-cli"' in plugin.read("plugin.toml")


def describe(emulator: Emulator, body: object, **options: Any) -> Answer:
    """As the command line asks."""
    kind = "application/vnd.dcos.package.{}+json;charset=utf-8;version={}"
    headers = {"Content-Type": kind.format("describe-request", "v1"), "Accept": kind.format("describe-response", "v3")}
    return emulator.call("POST", "/package/describe", json_body=body, headers=headers, **options)


def test_a_described_package(emulator: Emulator) -> None:
    """client-go: what a description must hold, and its type; dcos-cli: an empty version stands for none."""
    answer = describe(emulator, {"packageName": "dcos-core-cli", "packageVersion": ""})
    assert answer.content_type == "application/vnd.dcos.package.describe-response+json;charset=utf-8;version=v3"
    required = {"packagingVersion", "name", "version", "releaseVersion", "maintainer", "description"}
    assert set(answer.json["package"]) == required | {"resource"}
    version = answer.json["package"]["version"]
    assert describe(emulator, {"packageName": "dcos-core-cli", "packageVersion": version}).body == answer.body


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"packageName": "kafka"}, "PackageNotFound", "Package [kafka] not found"),
        (
            {"packageName": "dcos-core-cli", "packageVersion": "0.1"},
            "VersionNotFound",
            "Version [0.1] of package [dcos-core-cli] not found",
        ),
        ([], "JsonDecodingError", None),
        ({"packageName": 1}, "JsonDecodingError", None),
    ],
)
def test_an_unknown_package(emulator: Emulator, body: object, kind: str, message: str | None) -> None:
    """cosmos: how what is missing is told; chosen: the type for a body that says nothing."""
    answer = describe(emulator, body)
    assert (answer.status, answer.json["type"]) == (400, kind)
    assert answer.content_type == "application/vnd.dcos.package.error+json;charset=utf-8;version=v1"
    assert message is None or answer.json["message"] == message


def test_nothing_else_is_packaged(emulator: Emulator) -> None:
    """The emulator's own promise: it fetches nothing from elsewhere, and has no other package."""
    assert emulator.call("GET", "/package/resource?url=https://example.com/x").status == 404
    assert emulator.call("GET", "/package/resource").status == 404
    assert emulator.call("POST", "/package/install", json_body={}).status == 404
    assert emulator.call("GET", "/package/describe").status == 405


def test_ui_config(own: Emulator) -> None:
    """iam-api section 0, `/uiconfig`: the installed configuration, and whether the first user is still to come."""
    expected = {
        "uiConfiguration": {},
        "clusterConfiguration": {"firstUser": False, "id": own.call("GET", "/metadata").json["CLUSTER_ID"]},
    }
    assert own.iam("GET", "/uiconfig").json == expected
    assert own.iam("GET", "/uiconfig", token=None).status == 401
    assert own.call("GET", "/dcos-metadata/ui-config.json", token=None).json == {"uiConfiguration": {}}


def test_tls(emulator: Emulator) -> None:
    """The emulator's own promise: every name the certificate is for, verified strictly; nothing below TLS 1.2."""
    address = ("127.0.0.1", int(emulator.url.rsplit(":", 1)[1]))
    context = emulator.tls()
    for name in ("localhost", "127.0.0.1", "::1", "leader.mesos", "master.mesos", "marathon.mesos"):
        with socket.create_connection(address) as raw:
            context.wrap_socket(raw, server_hostname=name).close()
    with warnings.catch_warnings():
        # What is deprecated here is what must not work.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(address) as raw,
        pytest.raises(OSError, match=r"(?i)protocol|version|cipher|closed|reset"),
    ):
        context.wrap_socket(raw, server_hostname="localhost")
    with socket.create_connection(address) as raw, pytest.raises(ssl.SSLCertVerificationError):
        emulator.tls().wrap_socket(raw, server_hostname="example.com")
