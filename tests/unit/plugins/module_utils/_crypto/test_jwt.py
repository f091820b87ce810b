# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login tokens that we sign, and authentication tokens of the IAM."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ansible_collections.dcos.security.plugins.module_utils._crypto import jwt as tokens
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    public_key,
    public_text,
)

NOW = 1_800_000_000


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 0.9)


def jwk(key: RSAPublicKey, **more: Any) -> dict[str, Any]:
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)), "use": "sig", **more}


def jwks(*names: str) -> list[dict[str, Any]]:
    return [jwk(public_key(name), alg="RS256", kid=name) for name in names]


def signed(payload: dict[str, Any], name: str = "iam", algorithm: str = "RS256") -> str:
    return jwt.encode(payload, private_key(name), algorithm=algorithm)


def part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@pytest.mark.usefixtures("frozen")
def test_a_login_token_holds_uid_and_exp_and_no_more() -> None:
    token = tokens.login_token("svc", private_key("svc"))
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}
    assert tokens.claims(token) == {"uid": "svc", "exp": NOW + 300}
    assert tokens.claims(tokens.login_token("svc", private_key("svc"), 60))["exp"] == NOW + 60


def test_a_login_token_verifies_with_the_public_half_only() -> None:
    token = tokens.login_token("svc", private_key("svc"))
    assert jwt.decode(token, public_text("svc"), algorithms=["RS256"])["uid"] == "svc"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, public_text("other"), algorithms=["RS256"])


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "....", "ä.ö.ü", part({}) + "." + part([1]) + ".x"])
def test_invalid_tokens_have_no_claims(text: str) -> None:
    assert tokens.claims(text) == {}


def test_claims_are_read_whatever_the_signature() -> None:
    assert tokens.claims(signed({"uid": "a", "exp": 1})) == {"uid": "a", "exp": 1}


@pytest.mark.parametrize("names", [("iam",), ("old", "iam"), ("iam", "old")])
@pytest.mark.parametrize("payload", [{"uid": "a", "exp": 4102444800}, {"uid": "a"}])
def test_a_token_of_the_cluster_is_verified(payload: dict[str, Any], names: tuple[str, ...]) -> None:
    assert tokens.verified_claims(signed(payload), jwks(*names)) == payload


def test_keys_without_kid_and_alg_are_accepted() -> None:
    assert tokens.verified_claims(signed({"uid": "a"}), [jwk(public_key("iam"))]) == {"uid": "a"}


def forged(algorithm: str) -> str:
    """A token for which somebody took the public key, which everybody knows, as the secret of an HMAC."""
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    head, body = part({"alg": algorithm, "typ": "JWT"}), part({"uid": "a"})
    signature = key.sign(f"{head}.{body}".encode(), public_text("iam").encode())
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "token",
    [
        signed({"uid": "a"}, "other"),
        signed({"uid": "a", "exp": 1_000_000_000}),
        signed({"uid": "a"}, algorithm="RS512"),
        signed({"uid": "a"}, algorithm="PS256"),
        jwt.encode({"uid": "a"}, "", algorithm="none"),
        f"{part({'alg': 'none'})}.{part({'uid': 'a'})}.",
        forged("HS256"),
        forged("RS256"),
        signed({"uid": "a"})[:-4] + "AAAA",
        signed({"uid": "a"}).rsplit(".", 1)[0] + ".",
        "garbage",
        "",
    ],
    ids=["other", "expired", "rs512", "ps256", "none", "none2", "hs256", "hmac", "altered", "cut", "garbage", "empty"],
)
def test_other_tokens_are_not_verified(token: str) -> None:
    assert tokens.verified_claims(token, jwks("iam")) is None


def test_the_payload_cannot_be_exchanged() -> None:
    head, _body, signature = signed({"uid": "a"}).split(".")
    assert tokens.verified_claims(f"{head}.{part({'uid': 'b'})}.{signature}", jwks("iam")) is None


@pytest.mark.parametrize(
    "document",
    [
        [],
        [{}],
        [{"kty": "RSA"}],
        [{"kty": "RSA", "n": 7, "e": []}],
        [{"kty": "oct", "k": "AAAA"}],
        [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key("iam")))],
    ],
)
def test_without_a_usable_key_nothing_is_verified(document: dict[str, Any]) -> None:
    assert tokens.verified_claims(signed({"uid": "a"}), document) is None


def test_the_end_of_a_token() -> None:
    assert tokens.expires_at({"uid": "a"}) is None
    assert tokens.expires_at({"exp": None}) is None
    assert tokens.expires_at({"exp": 1.9}) == 1
    assert tokens.expires_at({"exp": 0}) == 0


@pytest.mark.parametrize("exp", ["1", True, [1], {}, float("inf"), float("nan"), 10**400])
def test_an_invalid_end_is_an_error(exp: Any) -> None:
    with pytest.raises(DcosError, match="'exp' is not a time"):
        tokens.expires_at({"exp": exp})


def test_times_are_shown_in_utc() -> None:
    assert tokens.iso_utc(0) == "1970-01-01T00:00:00Z"
    assert tokens.iso_utc(1_795_758_534) == "2026-11-27T05:48:54Z"
    assert tokens.iso_utc(253_402_300_799) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("moment", "told"),
    [(2**33 * 60, "9999-12-31T23:59:59Z"), (10**30, "9999-12-31T23:59:59Z"), (-(10**30), "1000-01-01T00:00:00Z")],
)
def test_a_time_after_the_year_9999(moment: int, told: str) -> None:
    assert tokens.iso_utc(moment) == told


def test_token_with_a_lone_surrogate_has_no_claims() -> None:
    assert tokens.claims("a.\ud800.c") == {}
