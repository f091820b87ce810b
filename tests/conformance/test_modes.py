# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between the security modes."""

from __future__ import annotations

import pytest
from conformance_support import IAM, SECRETS, Emulator

NATIVE = {"dcos_marathon", "dcos_metronome", "dcos_adminrouter", "dcos_anonymous", "dcos_history_service"} | {
    f"dcos_{name}" for name in ("telegraf_master", "telegraf_agent", "diagnostics_master", "net_agent", "net_master")
}
METADATA = "/dcos-metadata/bootstrap-config.json"


def test_endpoints(strict: Emulator, permissive: Emulator, disabled: Emulator) -> None:
    """security-modes section 10: listeners."""
    for emulator in (strict, permissive):
        assert emulator.http.startswith("http://127.0.0.1:")
        assert emulator.https.startswith("https://127.0.0.1:")
        assert emulator.ca_path == str(emulator.data_dir / "ca.crt")
    assert disabled.http.startswith("http://127.0.0.1:")
    assert (disabled.https, disabled.ca_path) == (None, None)


@pytest.mark.parametrize("mode", ["strict", "permissive", "disabled"])
def test_each_mode_works(request: pytest.FixtureRequest, mode: str) -> None:
    """security-modes sections 2, 10: the mode is told, and authorization is on in each."""
    emulator: Emulator = request.getfixturevalue(mode)
    assert emulator.call("GET", METADATA).json["security"] == mode
    assert emulator.call("GET", METADATA, token=None).status == 401
    assert emulator.iam("GET", "/users", token=None).status == 401
    assert emulator.call("GET", f"{SECRETS}/secret/default/?list=true", token=None).status == 401
    health = emulator.call("GET", "/_emulator/health", token=None)
    expected = {"status": "ok", "variant": "enterprise", "security_mode": mode, "authentication": True}
    assert health.json == {**expected, "pid": emulator.pid}


def test_native_accounts(strict: Emulator, permissive: Emulator, disabled: Emulator) -> None:
    """security-modes sections 2, 8: there in permissive and strict, with keys of their own."""
    for emulator in (strict, permissive):
        services = {user["uid"]: user for user in emulator.iam("GET", "/users?type=service").json["array"]}
        assert set(services) >= NATIVE
        assert len({services[uid]["public_key"] for uid in NATIVE}) == len(NATIVE)
    assert not NATIVE & {user["uid"] for user in disabled.iam("GET", "/users?type=service").json["array"]}


@pytest.mark.parametrize("mode", ["strict", "permissive", "disabled"])
def test_built_in(request: pytest.FixtureRequest, mode: str) -> None:
    """security-modes section 8: the bootstrap superuser, its group and its ACL."""
    emulator: Emulator = request.getfixturevalue(mode)
    (membership,) = emulator.iam("GET", "/users/bootstrapuser/groups").json["array"]
    assert membership["group"]["gid"] == "superusers"
    (entry,) = emulator.iam("GET", "/groups/superusers/permissions").json["array"]
    assert (entry["rid"], [action["name"] for action in entry["actions"]]) == ("dcos:superuser", ["full"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", f"{IAM}/users?type=service"),
        ("PUT", "/secrets/v1/secret/default/a%2Fb"),
        ("GET", "/no%252F"),
    ],
)
def test_strict_redirects_everything(strict: Emulator, method: str, path: str) -> None:
    """security-modes sections 2, 11: all of http goes to https, path and query untouched; 307 keeps the method."""
    http = strict.http
    body = b"{}" if method == "PUT" else None
    answer = strict.call(method, path, token=None, body=body, url=http)
    assert (answer.status, answer.headers["Location"]) == (307, strict.https + path)


def test_redirects_keep_the_requested_name(strict: Emulator) -> None:
    """The emulator's own choice: a name of its certificate is kept, anything else is not echoed."""
    port = strict.https.rsplit(":", 1)[1]
    connection = strict.connect(strict.http)
    for host, expected in (("localhost:1", "localhost"), ("evil.example", "127.0.0.1"), ("[::1]:80", "[::1]")):
        connection.putrequest("GET", "/x", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        response = connection.getresponse()
        response.read()
        assert response.headers["Location"] == f"https://{expected}:{port}/x"
    connection.close()


def test_permissive_speaks_both(permissive: Emulator) -> None:
    """security-modes section 2: only the root path redirects."""
    http = permissive.http
    answer = permissive.call("GET", "/", token=None, url=http)
    assert (answer.status, answer.headers["Location"]) == (307, permissive.https + "/")
    assert permissive.iam("GET", "/users", url=http).status == 200
    assert permissive.iam("GET", "/users").status == 200
    assert permissive.call("GET", "/", token=None).status == 200


def test_disabled_is_plain(disabled: Emulator) -> None:
    """security-modes sections 2, 4: nothing redirects, and there is no CA to trust."""
    assert disabled.call("GET", "/", token=None).status == 200
    assert disabled.call("GET", "/ca/dcos-ca.crt", token=None).status == 404
    assert not (disabled.data_dir / "ca.crt").exists()


def test_control_is_not_redirected(strict: Emulator) -> None:
    """The emulator's own promise: the control interface answers on every listener."""
    for url in (strict.http, strict.https):
        assert strict.call("GET", "/_emulator/health", token=None, url=url).status == 200
        assert strict.call("GET", "/_emulator/faults", token=None, url=url).json["faults"] == []
