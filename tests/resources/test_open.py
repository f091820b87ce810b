# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open clusters of both generations: tokens that are kept, and what is refused before anything is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    Connection,
    IdTokenCredentials,
    KeyCredentials,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import CredentialsError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.auth_token import AuthenticationToken
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.plugins.module_utils._resources.service_account import ServiceAccount
from ansible_collections.dcos.security.plugins.module_utils._resources.user import Provider, UserAccount
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key, public_text
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import serving
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import run

JO, OTHER = "jo@example.com", "other@example.com"
OPEN, OPEN_1_12 = "open", "open-1.12"
LOGIN = "POST /acs/api/v1/auth/login"


@pytest.fixture(params=[OPEN, OPEN_1_12])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fake(variant: str) -> Iterator[EmulatedCluster]:
    cluster = EmulatedCluster("permissive", variant=variant)
    cluster.add_first_user(JO)
    with serving(cluster):
        yield cluster


def connected(credentials: Any) -> Cluster:
    return Cluster(
        Connection(url=URL, timeout=1, retries=0, verify=False, credentials=credentials, credentials_from="task")
    )


def by_id_token(fake: EmulatedCluster, user: str = JO, **claims: Any) -> Cluster:
    return connected(IdTokenCredentials(fake.id_token(user, **claims)))


def get_token(cluster: Cluster, **options: Any) -> Outcome:
    return converge(AuthenticationToken(cluster, lambda secret: None, **options), False)


def test_the_first_user_logs_in(variant: str) -> None:
    cluster = EmulatedCluster("permissive", variant=variant)
    with serving(cluster):
        assert get_token(by_id_token(cluster)).values["uid"] == JO
    assert list(cluster.users) == [JO]


def test_what_an_open_cluster_says_of_itself(fake: EmulatedCluster, variant: str) -> None:
    version = {OPEN: "2.2.4", OPEN_1_12: "1.12.4"}[variant]
    expected = {"url": URL, "security_mode": None, "version": version, "variant": "open", "authentication": True}
    assert asdict(by_id_token(fake).info()) == expected


def test_authentication_switched_off(variant: str) -> None:
    cluster = EmulatedCluster("permissive", variant=variant, authentication=False)
    headers: list[bool] = []
    cluster.gate = lambda sent: headers.append("Authorization" in sent.headers)
    with serving(cluster):
        for credentials in (NoCredentials("none"), PasswordCredentials("nobody", "a-password")):
            info = connected(credentials).info()
            assert (info.variant, info.authentication) == ("open", False)
    assert headers
    assert not any(headers)


@pytest.mark.parametrize(
    ("email", "claims", "cause"),
    [
        (OTHER, {}, f"{OTHER} is unknown there"),
        (JO, {"lifetime": -60}, "the ID token has expired"),
        (JO, {"email_verified": False}, f"the e-mail address of {JO} is not verified"),
        (JO, {"email": None}, "names no e-mail address"),
        (JO, {"aud": "another"}, "client id"),
        (JO, {"iss": "https://idp.example/"}, "issuer"),
    ],
)
def test_refused_id_tokens(fake: EmulatedCluster, email: str, claims: dict[str, Any], cause: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        by_id_token(fake, email, **claims).info()
    assert cause in caught.value.message
    assert caught.value.code == "credentials"
    assert list(fake.users) == [JO]


# Keeping a token


def test_a_token_is_kept_and_taken_again(fake: EmulatedCluster, variant: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    get = partial(get_token, path=str(path), renew_before=600)
    first = get(by_id_token(fake))
    assert (first.changed, first.values["uid"]) == (True, JO)
    kept = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    fake.forget_calls()
    again = get(by_id_token(fake, lifetime=-60))  # the one that it was made from has expired, another is not there yet
    assert (again.changed, again.values["uid"], path.read_text()) == (False, JO, kept)
    asked = {OPEN: "GET /acs/api/v1/auth/jwks", OPEN_1_12: "HEAD /pkgpanda/active.buildinfo.full.json"}
    assert fake.calls == [asked[variant]]


def test_which_kept_token_is_not_taken(fake: EmulatedCluster, variant: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    get = partial(get_token, path=str(path), renew_before=600)
    get(by_id_token(fake))
    kept = path.read_text()

    def is_renewed(content: str) -> bool:
        path.write_text(content)
        return get(by_id_token(fake, lifetime=7200)).changed

    claims = jwt.decode(kept.strip(), options={"verify_signature": False})
    assert is_renewed("")
    assert is_renewed(jwt.encode({**claims, "uid": OTHER}, "k" * 32))
    # As another cluster of 1.12 or before would have issued it.
    assert is_renewed(jwt.encode(claims, "k" * 32))
    assert is_renewed(jwt.encode({**claims, "exp": int(time.time()) + 300}, "k" * 32))
    assert is_renewed(jwt.encode(claims, private_key("svc"), "RS256"))
    assert not is_renewed(path.read_text())


def test_a_token_without_a_public_key_is_shown_to_no_other_cluster(tmp_path: Path) -> None:
    """Who logs in with a password has no cluster of 1.12 or before, so the token in the file is not this cluster's."""
    path = tmp_path / "token"
    path.write_text(jwt.encode({"uid": "ann", "exp": int(time.time()) + 90000}, "k" * 32))
    path.chmod(0o600)
    enterprise = EmulatedCluster()
    enterprise.add_person("ann", "a-password")
    with serving(enterprise):
        assert get_token(connected(PasswordCredentials("ann", "a-password")), path=str(path)).changed
    assert enterprise.calls == [LOGIN]


def test_odd_addresses_keep_their_token_too(tmp_path: Path) -> None:
    """From 1.13 on a uid is not always the address as it was."""
    for variant, uid in ((OPEN, "a_b@example.com"), (OPEN_1_12, "a+b@example.com")):
        cluster = EmulatedCluster("permissive", variant=variant)
        with serving(cluster):
            first = get_token(by_id_token(cluster, "a+b@example.com"), path=str(tmp_path / variant), renew_before=0)
            again = get_token(by_id_token(cluster, "a+b@example.com"), path=str(tmp_path / variant), renew_before=0)
        assert (first.values["uid"], first.changed, again.changed) == (uid, True, False)


def test_only_a_key_signs_a_login_token(fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=r"^exchange: only a private key"):
        get_token(by_id_token(fake), exchange=False)


# Service accounts


def account(cluster: Cluster, uid: str = "svc", **options: Any) -> Outcome:
    key = private_key("svc").public_key()
    resource = ServiceAccount(**{"iam": cluster.iam, "own_uid": cluster.own_uid, "uid": uid, "key": key, **options})
    return converge(resource, False)


@pytest.mark.parametrize("variant", [OPEN])
def test_accounts_and_logins_of_services(fake: EmulatedCluster) -> None:
    cluster = by_id_token(fake)
    assert account(cluster).changed
    assert not account(cluster).changed
    assert account(cluster, description="new").changed
    service = connected(KeyCredentials("svc", private_key("svc")))
    assert get_token(service).values["uid"] == "svc"
    assert account(cluster, key=private_key("other").public_key(), replace_key=True).changed
    assert fake.users["svc"]["public_key"] == public_text("other")
    assert account(cluster, present=False).changed
    assert list(fake.users) == [JO]


def test_the_own_account_stays(fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match="person"):
        account(by_id_token(fake), JO)


@pytest.mark.parametrize("variant", [OPEN_1_12])
@pytest.mark.parametrize("uid", ["svc", "svc@example.com"])
@pytest.mark.parametrize("present", [True, False])
def test_up_to_1_12_there_are_no_service_accounts(fake: EmulatedCluster, uid: str, present: bool) -> None:
    with pytest.raises(DcosError, match=r"^uid: .* 1\.12 or before.*Nothing was changed") as caught:
        account(by_id_token(fake), uid, present=present)
    assert caught.value.code == "mode"
    assert fake.writes == []


@pytest.mark.parametrize("variant", [OPEN_1_12])
def test_up_to_1_12_nobody_logs_in_without_an_id_token(fake: EmulatedCluster) -> None:
    for credentials in (PasswordCredentials(JO, "a-password"), KeyCredentials("svc", private_key("svc"))):
        with pytest.raises(CredentialsError, match=r"1\.12 or before, which knows neither"):
            connected(credentials).info()


def test_a_token_of_a_removed_user(fake: EmulatedCluster, variant: str) -> None:
    token = get_token(by_id_token(fake)).values["token"]
    cluster = connected(TokenCredentials(str(token)))
    fake.remove_account(JO)
    if variant == OPEN:
        assert cluster.info().variant == "open"
        return
    with pytest.raises(CredentialsError, match="has expired, or another cluster issued it"):
        cluster.info()


# Users


def user(cluster: Cluster, uid: str = OTHER, **options: Any) -> Outcome:
    return converge(UserAccount(iam=cluster.iam, own_uid=cluster.own_uid, uid=uid, **options), False)


def test_an_address_is_a_user(fake: EmulatedCluster, variant: str) -> None:
    cluster = by_id_token(fake)
    made = user(cluster)
    assert made.changed
    provider = {OPEN: ("oidc", "https://dcos.auth0.com/"), OPEN_1_12: ("internal", "")}[variant]
    view = made.values["user"]
    assert isinstance(view, dict)
    assert (view["provider_type"], view["provider_id"], view["description"]) == (*provider, OTHER)
    again = user(cluster)
    assert not again.changed
    assert {**again.values["user"], "url": ""} == {**view, "url": ""}  # type: ignore[dict-item]
    assert get_token(by_id_token(fake, OTHER)).values["uid"] == OTHER
    assert user(cluster, present=False).changed
    assert list(fake.users) == [JO]


@pytest.mark.parametrize("variant", [OPEN])
def test_other_users_of_an_open_cluster(fake: EmulatedCluster) -> None:
    assert user(by_id_token(fake), "ann", password="a-password").changed
    assert get_token(connected(PasswordCredentials("ann", "a-password"))).values["uid"] == "ann"
    with pytest.raises(DcosError, match=r"^password: user bob does not exist"):
        user(by_id_token(fake), "bob")


@pytest.mark.parametrize("variant", [OPEN_1_12])
@pytest.mark.parametrize(
    ("option", "options"),
    [
        ("uid", {"uid": "ann"}),
        ("password", {"password": "a-password"}),
        ("provider_type", {"provider": Provider("ldap")}),
        ("description", {"description": "Somebody"}),
    ],
)
def test_what_up_to_1_12_would_be_left_out_of_a_user(
    fake: EmulatedCluster, option: str, options: dict[str, Any]
) -> None:
    with pytest.raises(DcosError, match=rf"^{option}: .*1\.12 or before.*Nothing was changed") as caught:
        user(by_id_token(fake), **options)
    assert caught.value.code == "mode"
    assert fake.writes == []


def test_groups_of_a_new_user(fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=r"has no groups|there is no group"):
        user(by_id_token(fake), groups=["developers"])
    assert fake.writes == []


# What needs DC/OS Enterprise

REFUSED: dict[str, dict[str, Any]] = {
    "dcos_acl_grant": {"uid": "svc", "rid": "dcos:x", "actions": ["read"]},
    "dcos_acl_grant_info": {"uid": "svc"},
    "dcos_sa_secret": {"uid": "svc", "path": "svc/s", "generate_key": True, "security_mode": "strict"},
    "dcos_sa_secret_info": {"path": "svc/s"},
    "dcos_secret": {"path": "a", "value": "a-value"},
    "dcos_secret_info": {"path": "a"},
    "dcos_token": {"secret_path": "svc/s"},
    "dcos_services": {"services": [{"name": "/svc"}]},
    "dcos_group": {"gid": "developers", "description": "D"},
}
WORKING: dict[str, dict[str, Any]] = {
    "dcos_cluster_info": {},
    "dcos_token": {},
    "dcos_service_account": {"uid": "svc", "public_key": public_text("svc")},
    "dcos_service_account_info": {},
    "dcos_access_info": {},
    "dcos_user": {"uid": OTHER},
    "dcos_user_info": {},
}


def module(name: str, options: dict[str, Any], fake: EmulatedCluster, **more: Any) -> dict[str, Any]:
    return run(name, options, fake, login={"dcos_url": URL, "dcos_id_token": fake.id_token(JO)}, **more)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_needs_enterprise_says_so_before_any_write(
    name: str, check_mode: bool, fake: EmulatedCluster, variant: str
) -> None:
    if variant == OPEN:
        fake.add_account("svc", public_text("svc"))
    result = module(name, REFUSED[name], fake, check_mode=check_mode)
    assert result["failed"]
    failure = result["services"][0]["failure"] if name == "dcos_services" else result["failure"]
    assert failure["code"] == "mode", result
    assert "open" in result["msg"]
    assert fake.writes == []


@pytest.mark.parametrize("name", WORKING)
def test_what_works_there(name: str, fake: EmulatedCluster, variant: str) -> None:
    result = module(name, WORKING[name], fake)
    if variant == OPEN_1_12 and name == "dcos_service_account":
        assert result["failure"]["code"] == "mode"
        assert fake.writes == []
    else:
        assert "failed" not in result, result
    if variant == OPEN_1_12 and name == "dcos_service_account_info":
        assert result["service_accounts"] == []
