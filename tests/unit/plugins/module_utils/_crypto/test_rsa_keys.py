# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key format that users and the IAM are known to come with."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ansible_collections.dcos.security.plugins.module_utils._crypto import rsa_keys as keys
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
    private_key,
    private_text,
    public_key,
    public_text,
)

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PLAIN = serialization.NoEncryption()
PASSPHRASE = serialization.BestAvailableEncryption(b"passphrase")


def numbers(key: Any) -> tuple[int, ...]:
    private = key.private_numbers()
    return (private.public_numbers.n, private.public_numbers.e, private.d, private.p * private.q)


def other_private(key: Any, form: serialization.PrivateFormat = PKCS8) -> str:
    return key.private_bytes(PEM, form, PLAIN).decode("ascii")


def other_public(key: Any) -> str:
    return key.public_key().public_bytes(PEM, SPKI).decode("ascii")


def encrypted(form: serialization.PrivateFormat) -> str:
    return private_key("a").private_bytes(PEM, form, PASSPHRASE).decode("ascii")


def damaged(text: str) -> str:
    lines = text.splitlines()
    lines[3] = lines[3][:10] + "!!" + lines[3][12:]
    return "\n".join(lines)


def wrapped(text: str) -> list[str]:
    """The same PEM in the forms in which people keep it."""
    return [
        text,
        text.rstrip("\n"),
        text.replace("\n", "\r\n"),
        "\n\n" + text + "\n\n",
        "Subject: a key\n" + text + "and words behind it\n",
        text + text.replace("KEY", "KEZ"),
    ]


EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize("variant", range(6))
@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_private_keys_that_are_read(form: str, variant: int) -> None:
    text = wrapped(private_text("a", form=form))[variant]
    for key in (keys.load_private_key(text, "private_key"), keys.load_stored_private_key(text)):
        assert key is not None
        assert numbers(key) == numbers(private_key("a"))


@pytest.mark.parametrize("variant", range(6))
@pytest.mark.parametrize("form", ["SubjectPublicKeyInfo", "PKCS1"])
def test_public_keys_that_are_read(form: str, variant: int) -> None:
    text = wrapped(public_text("a", form=form))[variant]
    for key in (keys.load_public_key(text, "public_key"), keys.read_public_key(text)):
        assert key is not None
        assert key.public_numbers() == public_key("a").public_numbers()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: "", "it is not a PEM block"),
        (lambda: "no key", "it is not a PEM block"),
        (lambda: private_text("a").replace("\n", "\\n").replace("-----END", "-----EN"), "it is not a PEM block"),
        (lambda: private_text("a").replace("END PRIVATE", "END RSA PRIVATE"), "it is not a PEM block"),
        (lambda: public_text("a"), "it is a public key; give the private half"),
        (lambda: public_text("a", form="PKCS1"), "it is a public key; give the private half"),
        (lambda: encrypted(PKCS8), "it is encrypted with a passphrase"),
        (lambda: encrypted(PKCS1), "it is encrypted with a passphrase"),
        (lambda: damaged(private_text("a")), "it is damaged"),
        (lambda: private_text("a").replace("\n", "\\n"), "it is damaged"),
        (certificate_text, "it is damaged"),
        (lambda: other_private(EC), "it is not of type RSA"),
        (lambda: other_private(EC, PKCS1), "it is not of type RSA"),
        (lambda: other_private(ED), "it is not of type RSA"),
        (lambda: private_text("small", 1024), "the key has 1024 bits; at least 2048 are needed"),
    ],
    ids=[
        "empty",
        "words",
        "other-begin-and-end-1",
        "other-begin-and-end-2",
        "public",
        "public-pkcs1",
        "encrypted",
        "encrypted-pkcs1",
        "damaged",
        "literal-newlines",
        "certificate",
        "ec",
        "ec-sec1",
        "ed25519",
        "1024-bits",
    ],
)
def test_private_keys_that_are_refused(make: Any, reason: str) -> None:
    _is_refused(keys.load_private_key, make(), "dcos_private_key", reason)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: "", "it is not a PEM block"),
        (lambda: "ssh-rsa AAAAB3NzaC1yc2E= a@b", "it is not a PEM block"),
        (lambda: private_text("a"), "it is a private key; give its public half"),
        (lambda: private_text("a", form="TraditionalOpenSSL"), "it is a private key; give its public half"),
        (lambda: encrypted(PKCS8), "it is a private key; give its public half"),
        (certificate_text, "it is a certificate, not a public key"),
        (lambda: damaged(public_text("a")), "it is damaged, or not of type RSA"),
        (lambda: public_text("a").replace("\n", "\\n"), "it is damaged, or not of type RSA"),
        (lambda: other_public(EC), "it is damaged, or not of type RSA"),
        (lambda: other_public(ED), "it is damaged, or not of type RSA"),
        (lambda: public_text("small", 1024), "the key has 1024 bits; at least 2048 are needed"),
    ],
    ids=[
        "empty",
        "openssh",
        "private",
        "private-pkcs1",
        "encrypted-private",
        "certificate",
        "damaged",
        "literal-newlines",
        "ec",
        "ed25519",
        "1024-bits",
    ],
)
def test_public_keys_that_are_refused(make: Any, reason: str) -> None:
    _is_refused(keys.load_public_key, make(), "public_key", reason)


def _is_refused(load: Callable[[str, str], object], text: str, option: str, reason: str) -> None:
    with pytest.raises(DcosError) as caught:
        load(text, option)
    assert caught.value.message.startswith(f"{option}: ")
    assert reason in caught.value.message
    assert caught.value.code == "invalid_key"
    _quotes_nothing(caught.value, text)


def _quotes_nothing(error: DcosError, text: str) -> None:
    """No piece of the key material in the error or in what it was raised from."""
    pieces = [line[i : i + 8] for line in text.splitlines() if "-----" not in line for i in range(0, len(line) - 8, 8)]
    chain: list[BaseException | None] = [error, error.__cause__]
    for shown in [repr(one) + str(one) for one in chain if one is not None]:
        assert not [piece for piece in pieces if piece in shown]


def test_inconsistent_parts_are_refused_only_in_keys_of_users() -> None:
    """A stored key was checked before it was stored; checking it again costs a thousand times the loading."""
    n = private_key("a").private_numbers()
    wrong = rsa.RSAPrivateNumbers(n.p, n.q, n.d + 2, n.dmp1, n.dmq1, n.iqmp, n.public_numbers)
    text = other_private(wrong.private_key(unsafe_skip_rsa_key_validation=True))
    with pytest.raises(DcosError, match="its parts do not belong together"):
        keys.load_private_key(text, "private_key")
    assert keys.load_stored_private_key(text) is not None


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----"])
def test_a_stored_value_without_a_usable_key_is_none(text: str) -> None:
    assert keys.load_stored_private_key(text) is None


@pytest.mark.parametrize(
    "make",
    [lambda: other_private(EC), lambda: encrypted(PKCS8), lambda: public_text("a")],
    ids=["ec", "encrypted", "public"],
)
def test_a_stored_key_of_another_type_is_none(make: Any) -> None:
    assert keys.load_stored_private_key(make()) is None


def test_keys_of_the_iam_are_checked_less_strictly() -> None:
    assert keys.same_key(keys.read_public_key(public_text("small", 1024)), public_key("small", 1024))
    for text in (None, "", "junk", other_public(EC), private_text("a"), certificate_text(), damaged(public_text("a"))):
        assert keys.read_public_key(text) is None


@pytest.mark.parametrize("blank", [" ", "", "\t"])
def test_a_pem_on_one_line_is_the_same_key_or_refused(blank: str) -> None:
    """How much the library forgives depends on its version; what it reads must be right."""
    text = public_text("a").replace("\n", blank)
    if keys.read_public_key(text) is not None:
        assert keys.same_key(keys.load_public_key(text, "public_key"), public_key("a"))
        return
    with pytest.raises(DcosError, match=r"^public_key: .* damaged") as caught:
        keys.load_public_key(text, "public_key")
    assert caught.value.code == "invalid_key"


@pytest.mark.parametrize("size", [2048, 3072])
def test_a_new_key_has_its_size_and_portable_forms(size: int) -> None:
    key = keys.generate(size)
    assert key.key_size == size
    assert key.public_key().public_numbers().e == 65537
    text = keys.private_pem(key)
    assert text.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert text.endswith("-----END PRIVATE KEY-----\n")
    assert keys.is_pkcs8(text)
    assert numbers(keys.load_private_key(text, "k")) == numbers(key)
    public = keys.public_pem(key.public_key())
    assert public.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert public.endswith("-----END PUBLIC KEY-----\n")
    assert keys.same_key(keys.load_public_key(public, "k"), key.public_key())


def test_every_input_form_is_written_the_same_way() -> None:
    private = {
        keys.private_pem(keys.load_private_key(private_text("a", form=f), "k")) for f in ("PKCS8", "TraditionalOpenSSL")
    }
    assert private == {private_text("a")}
    public = {
        keys.public_pem(keys.load_public_key(public_text("a", form=f), "k")) for f in ("SubjectPublicKeyInfo", "PKCS1")
    }
    assert public == {public_text("a")}


def test_pkcs1_is_distinguished_from_pkcs8() -> None:
    assert keys.is_pkcs8(private_text("a"))
    assert not keys.is_pkcs8(private_text("a", form="TraditionalOpenSSL"))
    assert not keys.is_pkcs8(encrypted(PKCS8))


def test_the_fingerprint_is_that_of_the_der_inside_the_pem() -> None:
    """Computed from the text alone: the body of the PEM is the base64 of the DER SubjectPublicKeyInfo."""
    der = base64.b64decode("".join(public_text("a").splitlines()[1:-1]))
    expected = base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")
    assert expected.endswith("=")
    assert keys.fingerprint(public_key("a")) == f"SHA256:{expected.rstrip('=')}"
    assert keys.fingerprint(keys.load_public_key(public_text("a", form="PKCS1"), "k")) == keys.fingerprint(
        public_key("a")
    )
    assert keys.fingerprint(public_key("b")) != keys.fingerprint(public_key("a"))


def test_keys_are_compared_as_keys() -> None:
    assert keys.same_key(public_key("a"), keys.read_public_key(public_text("a", form="PKCS1")))
    assert not keys.same_key(public_key("a"), public_key("b"))
    assert not keys.same_key(None, None)
    assert not keys.same_key(public_key("a"), None)


def test_blocks_without_an_end_are_read_once() -> None:
    """Not once for each beginning, which would take an hour: somebody else chooses what is in a secret."""
    text = "-----BEGIN PRIVATE KEY-----\n" * 100_000
    assert keys.load_stored_private_key(text) is None
    assert keys.read_public_key(text.replace("PRIVATE", "PUBLIC")) is None
