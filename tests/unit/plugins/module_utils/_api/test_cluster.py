# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster: whose credentials are taken, what it says about itself, which store verifies it."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster, ClusterInfo
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    Connection,
    KeyCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._api.http import Request
from ansible_collections.dcos.security.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    OddAnswerError,
)
from ansible_collections.dcos.security.plugins.module_utils._rules.identifiers import NATIVE_ACCOUNTS
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL, cluster_for, token_of
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_ENTERPRISE,
    AT_OPEN,
    GATE,
    WITHOUT_AUTHENTICATION,
    Reply,
    Script,
)

MODE = "GET /dcos-metadata/bootstrap-config.json"
VERSION = "GET /dcos-metadata/dcos-version.json"


def connection(credentials: Any, verify: bool | str = False) -> Connection:
    return Connection(url=URL, timeout=1, retries=0, verify=verify, credentials=credentials, credentials_from="task")


@pytest.mark.parametrize("uid", sorted(NATIVE_ACCOUNTS))
def test_credentials_of_dcos_itself_are_refused_before_any_request(uid: str) -> None:
    for credentials in (
        PasswordCredentials(uid, "password"),
        KeyCredentials(uid, private_key("svc")),
        TokenCredentials(token_of(uid)),
    ):
        with Script().played(), pytest.raises(CredentialsError, match=f"are those of {uid}") as caught:
            Cluster(connection(credentials))
        assert caught.value.code == "native_account"


@pytest.mark.parametrize("uid", ["bootstrapuser", "dcos_mine", "admin"])
def test_other_credentials_are_accepted(uid: str) -> None:
    assert Cluster(connection(PasswordCredentials(uid, "password"))).own_uid == uid


def test_a_new_token_is_hidden() -> None:
    hidden: list[str] = []
    login = ("POST /acs/api/v1/auth/login", Reply(200, {"token": token_of("admin")}))
    with Script(login, (MODE, Reply(200, {"security": "strict"}))).played():
        cluster = Cluster(connection(PasswordCredentials("admin", "admin-password")), hidden.append)
        cluster.security_mode()
    assert hidden == [token_of("admin")]


def test_what_a_cluster_says_about_itself() -> None:
    version = {"version": "2.2.4", "dcos-variant": "enterprise"}
    with Script((MODE, Reply(200, {"security": "strict"})), (VERSION, Reply(200, version)), AT_ENTERPRISE).played():
        info = cluster_for().info()
    assert info == ClusterInfo(URL, "strict", "2.2.4", "enterprise", True)


@pytest.mark.parametrize(
    ("gate", "variant", "authentication"),
    [
        (AT_OPEN, "open", True),
        (AT_ENTERPRISE, "enterprise", True),
        (WITHOUT_AUTHENTICATION, "open", False),
        ((GATE, Reply(401, "<html>")), None, True),
        ((GATE, Reply(404, "<html>")), None, None),
    ],
)
def test_what_names_no_variant_shows_it(
    gate: tuple[str, Any], variant: str | None, authentication: bool | None
) -> None:
    version = (VERSION, Reply(200, {"version": "1.10.0"}))
    with Script((MODE, Reply(404, "<html>")), version, gate).played():
        assert cluster_for().info() == ClusterInfo(URL, None, "1.10.0", variant, authentication)
    with Script(version, gate).played():
        assert cluster_for().variant() == variant
    with Script((VERSION, Reply(200, {"version": "2.1.0", "dcos-variant": "open"}))).played():
        assert cluster_for().variant() == "open"


@pytest.mark.parametrize("reply", [Reply(200, "<html>"), Reply(500), Reply(302)])
def test_odd_answer_of_the_gate_is_an_error(reply: Reply) -> None:
    version = (VERSION, Reply(200, {"version": "1.10.0"}))
    with Script(version, (GATE, reply)).played(), pytest.raises(DcosError, match="whether the cluster wants a token"):
        cluster_for().variant()


def test_a_kept_token_is_shown_to_the_cluster() -> None:
    for reply, accepted in ((Reply(200, {}), True), (Reply(403), True), (Reply(401), False)):
        with Script((GATE, reply)).played() as script:
            assert cluster_for().accepts("kept") is accepted
        assert script.sent[0].headers["Authorization"] == "token=kept"


@pytest.mark.parametrize("reply", [Reply(200, "<html>"), Reply(200, [1]), Reply(200, {"security": 7})])
def test_malformed_answer_does_not_mean_a_missing_mode(reply: Reply) -> None:
    call = "GET /dcos-metadata/bootstrap-config.json"
    with Script((call, reply)).played(), pytest.raises(OddAnswerError, match=r"^reading bootstrap-config.json: what"):
        cluster_for().security_mode()


@pytest.mark.parametrize("reply", [Reply(403, "<html>"), Reply(404, "<html>")])
def test_a_refused_read_means_unknown(reply: Reply) -> None:
    with Script((MODE, reply), (VERSION, reply)).played():
        cluster = cluster_for()
        assert cluster.security_mode() is None
        assert cluster.version() is None


def test_other_errors_are_raised() -> None:
    with Script((MODE, Reply(500, "<html>"))).played(), pytest.raises(ApiError, match="bootstrap-config") as caught:
        cluster_for().security_mode()
    assert caught.value.status == 500


@pytest.mark.parametrize("mode", ["security", "", "STRICT"])
def test_an_unknown_mode_is_not_guessed_at(mode: Any) -> None:
    answer = (MODE, Reply(200, {"security": mode}))
    with Script(answer).played(), pytest.raises(DcosError, match="names the security mode") as caught:
        cluster_for().security_mode()
    assert caught.value.code == "mode"


@pytest.mark.parametrize(("verify", "expected"), [(False, False), ("/ca.pem", "/ca.pem"), (True, None)])
def test_the_system_store_replaces_the_bundle_of_requests(verify: bool | str, expected: Any) -> None:
    paths = ssl.get_default_verify_paths()
    wanted = (paths.cafile or paths.capath or True) if expected is None else expected
    with Script(("GET /x", Reply(200))).played() as script:
        Cluster(connection(TokenCredentials("opaque"), verify)).http.send(Request("GET", "/x", "reading"))
    assert script.sent[0].verify == wanted


def test_without_a_system_store_requests_uses_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    none = ssl.get_default_verify_paths()._replace(cafile=None, capath="/nonexistent")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: none)
    with Script(("GET /x", Reply(200))).played() as script:
        Cluster(connection(TokenCredentials("opaque"), True)).http.send(Request("GET", "/x", "reading"))
    assert script.sent[0].verify is True
