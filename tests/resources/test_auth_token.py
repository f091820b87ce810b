# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: from a login, from a stored secret, or kept in a file; and when a kept one is taken."""

from __future__ import annotations

import base64
import os
import stat
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import (
    Connection,
    KeyCredentials,
    NoCredentials,
    PasswordCredentials,
)
from ansible_collections.dcos.security.plugins.module_utils._errors import CredentialsError, DcosError
from ansible_collections.dcos.security.plugins.module_utils._resources.auth_token import (
    AuthenticationToken,
    KeptToken,
    SecretLogin,
)
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.tests.resources.emulated_cluster import EmulatedCluster
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import (
    TOKEN_END,
    URL,
    account_of,
    cluster_for,
    token_of,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import serving

LIFETIME = 432000  # of the tokens that the IAM issues
LOGIN = "POST /acs/api/v1/auth/login"
ADMIN = PasswordCredentials("admin", "admin-password")
SVC = KeyCredentials("svc", private_key("svc"))


def cluster_with(credentials: Any) -> Cluster:
    return Cluster(
        Connection(url=URL, timeout=1, retries=0, verify=False, credentials=credentials, credentials_from="task")
    )


@pytest.fixture
def fake() -> EmulatedCluster:
    fake = EmulatedCluster()
    fake.add_account("svc", public_text("svc"))
    fake.store_secret("svc/secret", {"uid": "svc", "private_key": private_text("svc"), "scheme": "RS256"})
    return fake


def run(fake: EmulatedCluster, check_mode: bool = False, hidden: list[str] | None = None, **options: Any) -> Outcome:
    with serving(fake):
        cluster = options.pop("cluster", None) or cluster_for()
        hide = ([] if hidden is None else hidden).append
        return converge(AuthenticationToken(cluster, hide, **options), check_mode)


def remove(path: Path, check_mode: bool = False) -> Outcome:
    return converge(KeptToken(str(path)), check_mode)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("options", "uid"),
    [
        ({"who": ADMIN}, "admin"),
        ({"who": SVC}, "svc"),
        ({"who": SecretLogin("default", "/svc/secret")}, "svc"),
        ({"who": SecretLogin("default", "svc/secret", "svc")}, "svc"),
    ],
)
def test_a_login(options: dict[str, Any], uid: str, check_mode: bool, fake: EmulatedCluster) -> None:
    outcome = run(fake, check_mode, **options)
    assert outcome.changed
    token = outcome.values["token"]
    assert account_of(token) == uid
    assert outcome.values["authorization"] == f"token={token}"
    assert outcome.values["uid"] == uid
    end = datetime.fromisoformat(outcome.values["expires_at"].replace("Z", "+00:00")).timestamp()
    assert abs(end - (time.time() + LIFETIME)) < 60
    assert abs(outcome.values["expires_in"] - LIFETIME) < 60
    # Neither view may hold the token.
    assert token not in repr((outcome.before, outcome.after))
    assert fake.calls.count(LOGIN) == 1
    assert fake.writes == []


def test_login_with_the_credentials_of_the_connection(fake: EmulatedCluster) -> None:
    assert run(fake, cluster=cluster_with(ADMIN)).values["uid"] == "admin"
    assert run(fake, cluster=cluster_with(SVC)).values["uid"] == "svc"
    with pytest.raises(CredentialsError, match="uses a token already"):
        run(fake)
    with pytest.raises(CredentialsError, match="nobody"):
        run(fake, cluster=cluster_with(NoCredentials("nobody")))


def test_a_token_that_is_not_returned_is_hidden(fake: EmulatedCluster) -> None:
    hidden: list[str] = []
    outcome = run(fake, hidden=hidden, who=ADMIN, return_token=False)
    assert {"token", "authorization"} & set(outcome.values) == set()
    (token,) = hidden
    assert account_of(token) == "admin"
    assert token not in repr(outcome)


def test_a_login_token_is_signed_locally(fake: EmulatedCluster) -> None:
    outcome = run(fake, who=SVC, exchange=False, lifetime=60)
    assert fake.calls == []
    claims = jwt.decode(outcome.values["token"], public_text("svc"), algorithms=["RS256"])
    assert claims["uid"] == "svc"
    assert set(claims) == {"uid", "exp"}
    assert 50 < claims["exp"] - time.time() <= 60
    with pytest.raises(DcosError, match=r"^exchange: only a private key"):
        run(fake, who=ADMIN, exchange=False)
    with pytest.raises(DcosError, match=r"^path: a login token"):
        run(fake, who=SVC, exchange=False, path="/f")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lifetime": 0, "who": SVC}, "login_token_lifetime"),
        ({"renew_before": -1, "who": SVC}, "renew_before"),
    ],
)
def test_options_are_checked_first(options: dict[str, Any], said: str, fake: EmulatedCluster) -> None:
    with pytest.raises(DcosError, match=rf"^{said}: "):
        run(fake, **options)
    assert fake.calls == []
    with pytest.raises(DcosError, match=r"^path: state=absent removes"):
        KeptToken(None)


@pytest.mark.parametrize("uid", ["dcos_marathon", "dcos_net_agent"])
def test_credentials_of_dcos_itself_are_not_used(uid: str, fake: EmulatedCluster) -> None:
    fake.add_account(uid, public_text("svc"))
    fake.store_secret("native", {"uid": uid, "private_key": private_text("svc")})
    for options in (
        {"who": PasswordCredentials(uid, "x")},
        {"who": KeyCredentials(uid, private_key("svc"))},
        {"who": SecretLogin("default", "native", uid)},
        {"who": SecretLogin("default", "native")},
    ):
        with pytest.raises(CredentialsError, match="belongs to DC/OS itself") as caught:
            run(fake, **options)
        assert caught.value.code == "native_account"
    assert LOGIN not in fake.calls


@pytest.mark.parametrize(
    ("path", "uid", "code"),
    [("none", None, "credentials"), ("svc/secret", "other", "foreign_secret"), ("foreign", None, "foreign_secret")],
)
def test_a_secret_that_is_not_a_document(path: str, uid: str | None, code: str, fake: EmulatedCluster) -> None:
    fake.store_secret("foreign", "S3CRET")
    with pytest.raises(DcosError, match=r"^secret_path: ") as caught:
        run(fake, who=SecretLogin("default", path, uid))
    assert caught.value.code == code
    assert "S3CRET" not in caught.value.message
    for bad in (SecretLogin("default", "../x"), SecretLogin("a/b", "x")):
        with pytest.raises(DcosError) as caught:
            run(fake, who=bad)
        assert caught.value.code == "invalid_path"


# Kept in a file


def keep(fake: EmulatedCluster, path: Path, **options: Any) -> Outcome:
    return run(fake, **{"who": SVC, "path": str(path), "return_token": True, **options})


def test_a_kept_token_is_reused(fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "svc.token"
    predicted = keep(fake, path, check_mode=True)
    assert predicted.changed
    assert not path.exists()
    assert keep(fake, path).changed
    token = path.read_text(encoding="ascii").rstrip("\n")
    assert path.read_text(encoding="ascii") == token + "\n"
    assert account_of(token) == "svc"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    fake.calls.clear()
    for check_mode in (False, True):
        again = keep(fake, path, check_mode=check_mode)
        assert not again.changed
        assert again.values["token"] == token
        assert again.values["expires_at"] is not None
    assert LOGIN not in fake.calls


def _loose(path: Path) -> None:
    path.chmod(0o640)


def _foreign(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, -1)


NOW = int(time.time())
KEPT: dict[str, tuple[str, Any, bool]] = {
    "fits": (token_of("svc"), None, True),
    "with blanks": (f"  {token_of('svc')}\n\n", None, True),
    "never ends": (token_of("svc", None), None, True),
    "long enough": (token_of("svc", NOW + 2 * 3600), None, True),
    "about to end": (token_of("svc", NOW + 3590), None, False),
    "expired": (token_of("svc", NOW - 10), None, False),
    "another account": (token_of("admin"), None, False),
    "another cluster": (token_of("svc", signer="other"), None, False),
    "not signed": (jwt.encode({"uid": "svc", "exp": TOKEN_END}, "", algorithm="none"), None, False),
    "a login token": (jwt.encode({"uid": "svc", "exp": TOKEN_END}, private_key("svc"), algorithm="RS256"), None, False),
    "empty": ("", None, False),
    "others may read it": (token_of("svc"), _loose, False),
    "somebody else's": (token_of("svc"), _foreign, False),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("secret", [None, ("default", "svc/secret"), ("default", "svc/secret", "svc")])
def test_which_kept_tokens_are_reused(name: str, secret: Any, fake: EmulatedCluster, tmp_path: Path) -> None:
    text, change, taken = KEPT[name]
    path = tmp_path / "svc.token"
    path.write_text(text, encoding="ascii")
    path.chmod(0o600)
    if change is not None:
        change(path)
    options = {"who": SVC} if secret is None else {"who": SecretLogin(*secret)}
    outcome = keep(fake, path, **options)
    assert outcome.changed is not taken
    assert (outcome.values["token"] == text.strip()) is taken
    assert account_of(outcome.values["token"]) == "svc"
    assert (LOGIN in fake.calls) is not taken
    assert path.read_text(encoding="ascii").strip() == outcome.values["token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_uid == os.geteuid()


@pytest.mark.parametrize(("renew_before", "taken"), [(0, True), (3600, True), (4000, False), (86400, False)])
def test_a_kept_token_needs_enough_life(renew_before: int, taken: bool, fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "svc.token"
    path.write_text(token_of("svc", int(time.time()) + 3900), encoding="ascii")
    path.chmod(0o600)
    assert keep(fake, path, renew_before=renew_before).changed is not taken


def test_a_kept_token_that_cannot_be_checked_is_replaced(fake: EmulatedCluster, tmp_path: Path) -> None:
    """Neither where the IAM publishes no keys, nor with an end that no cluster would write."""
    path = tmp_path / "svc.token"
    keep(fake, path)
    for status in (400, 404):
        fake.refused["/auth/jwks"] = status
        assert keep(fake, path).changed
    fake.refused["/auth/jwks"] = 500
    with pytest.raises(DcosError):
        keep(fake, path)
    path.write_text(jwt.encode({"uid": "svc", "x": 1}, private_key("svc"), algorithm="RS256"), encoding="ascii")
    head, _claims, signature = path.read_text(encoding="ascii").split(".")
    odd = base64.urlsafe_b64encode(b'{"uid": "svc", "exp": "soon"}').rstrip(b"=").decode("ascii")
    path.write_text(f"{head}.{odd}.{signature}", encoding="ascii")
    assert keep(fake, path).changed


def test_a_kept_token_of_a_known_account_needs_no_secret(fake: EmulatedCluster, tmp_path: Path) -> None:
    path = tmp_path / "svc.token"
    secret = SecretLogin("default", "svc/secret", "svc")
    keep(fake, path, who=secret)
    fake.calls.clear()
    assert not keep(fake, path, who=secret).changed
    assert fake.calls == ["GET /acs/api/v1/auth/jwks"]


def test_a_link_is_refused_and_not_followed(fake: EmulatedCluster, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("somebody's", encoding="ascii")
    (tmp_path / "link").symlink_to(target)
    for converge_it in (partial(keep, fake), remove):
        with pytest.raises(DcosError, match="is not a regular file"):
            converge_it(tmp_path / "link")
    assert target.read_text(encoding="ascii") == "somebody's"
    assert LOGIN not in fake.calls


def test_a_missing_folder_is_reported_before_the_login(fake: EmulatedCluster, tmp_path: Path) -> None:
    with pytest.raises(DcosError, match=r"^path: the folder"):
        keep(fake, tmp_path / "none" / "svc.token")
    assert fake.calls == []


@pytest.mark.parametrize(
    "text", ["words", "a.b.c.d", "www.example.com", "10.0.0", "a.b.c\na.b.c", private_text("a")], ids=range(6)
)
def test_a_file_that_is_not_a_token_is_left_alone(text: str, fake: EmulatedCluster, tmp_path: Path) -> None:
    """It may be the only copy of something else."""
    path = tmp_path / "file"
    path.write_text(text, encoding="ascii")
    for converge_it in (partial(keep, fake), remove):
        with pytest.raises(DcosError, match=r"^path: .* holds something other than a token") as caught:
            converge_it(path)
        assert text not in caught.value.message
    assert path.read_text(encoding="ascii") == text
    assert LOGIN not in fake.calls


def test_absent_removes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "svc.token"
    path.write_text(token_of("svc"), encoding="ascii")
    predicted = remove(path, check_mode=True)
    assert path.exists()
    outcome = remove(path)
    assert predicted == outcome
    assert outcome.changed
    assert set(outcome.values.values()) == {None}
    assert not path.exists()
    assert not remove(path).changed
