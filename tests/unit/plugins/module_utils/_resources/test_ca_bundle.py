# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA bundle of a cluster: when what comes over an unverified connection is trusted, and when not."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ansible_collections.dcos.security.plugins.module_utils._api.connection import Site
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError, TlsError
from ansible_collections.dcos.security.plugins.module_utils._resources import ca_bundle as ca
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Outcome, converge
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    private_key,
    private_text,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Reply, Sent, serving

URL = "https://dcos.example.com"
NOW = datetime.now(timezone.utc)
_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def certificate(name: str, issuer: str | None = None, is_ca: bool | None = True, expired: bool = False) -> str:
    """PEM of a certificate, signed by itself where no issuer is named; is_ca None: it does not say."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer or name)]
    built = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(private_key(name).public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=20))
        .not_valid_after(NOW + timedelta(days=-10 if expired else 10))
    )
    if is_ca is not None:
        built = built.add_extension(x509.BasicConstraints(is_ca, None), True).add_extension(_USAGE, True)
    return built.sign(private_key(issuer or name), hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")


ROOT, OTHER = certificate("root"), certificate("other")
MIDDLE, BELOW = certificate("middle", "root"), certificate("below", "middle")
ORPHAN = certificate("middle", "gone")


def print_of(pem: str) -> str:
    digits = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    return ":".join(digits[i : i + 2] for i in range(0, 64, 2))


class Server:
    """Offers a bundle; a connection verified with a file succeeds only where C(verifies) says so."""

    def __init__(self, bundle: Any, verifies: Callable[[str], bool] = lambda path: False) -> None:
        self.bundle = bundle
        self.verifies = verifies
        self.sent: list[Sent] = []

    def __call__(self, sent: Sent) -> Any:
        self.sent.append(sent)
        assert sent.call == "GET /ca/dcos-ca.crt"
        assert "Authorization" not in sent.headers
        if sent.verify is not False and not self.verifies(sent.verify):
            refusal = ssl.SSLCertVerificationError(1, "no")
            refusal.verify_message = "unable to get local issuer certificate"
            return requests.exceptions.SSLError(refusal)
        return self.bundle if isinstance(self.bundle, Reply) else Reply(200, self.bundle)


def test_a_bundle_always_has_a_root() -> None:
    """Two CAs may vouch for one another, with neither's own certificate in the bundle."""
    pair = ca.parse_bundle(certificate("one", "two") + certificate("two", "one"), "bundle")
    assert pair.roots == pair.certificates
    assert [print_of(ROOT)] == [ca.fingerprint(c) for c in ca.parse_bundle(BELOW + MIDDLE + ROOT, "bundle").roots]


def test_an_unverifiable_certificate_has_no_ancestor() -> None:
    """A certificate may be signed in a way that this installation of the library does not know."""
    odd = mock.Mock()
    odd.verify_directly_issued_by.side_effect = UnsupportedAlgorithm("odd")
    odd.fingerprint.return_value = bytes(32)
    known = x509.load_pem_x509_certificate(ROOT.encode("ascii"))
    assert ca.Bundle((known, odd)).strangers([print_of(ROOT)]) == [odd]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ca.pem"


def run(server: Server, path: Path, check_mode: bool = False, url: str = URL, **options: Any) -> Outcome:
    with serving(server):
        return converge(ca.CaFile(Site(url, 1, 0), str(path), **options), check_mode)


def kept(path: Path, pem: str) -> Path:
    path.write_text(pem, encoding="ascii")
    return path


@pytest.mark.parametrize("form", [str, str.lower, lambda text: text.replace(":", ""), "sha256 Fingerprint={}".format])
def test_a_known_root_is_written(form: Callable[[str], str], path: Path) -> None:
    server = Server("# words\n" + ROOT + MIDDLE)
    options = {"fingerprints": [form(print_of(ROOT))]}
    predicted = run(server, path, True, **options)
    assert not path.exists()
    outcome = run(server, path, **options)
    assert predicted == outcome
    assert path.read_text(encoding="ascii") == ROOT + MIDDLE
    assert path.stat().st_mode & 0o777 == 0o644
    shown = outcome.values["ca"]
    assert (shown["fingerprint"], shown["trusted_by"]) == (print_of(ROOT), "fingerprint")
    assert [entry["subject"] for entry in shown["certificates"]] == ["CN=root", "CN=middle"]
    assert outcome.warnings == []
    assert not run(server, path, **options).changed


@pytest.mark.parametrize(
    ("bundle", "trusted", "accepted"),
    [
        (ROOT, [ROOT], True),
        (ROOT, [OTHER], False),
        (ROOT + OTHER, [ROOT], False),
        (OTHER + ROOT, [ROOT], False),
        (ROOT + OTHER, [ROOT, OTHER], True),
        (BELOW + MIDDLE + ROOT, [ROOT], True),
        (BELOW + ROOT, [ROOT], False),
        (BELOW + MIDDLE, [MIDDLE], True),
        (ROOT + MIDDLE, [MIDDLE], False),
        (ROOT + ORPHAN, [ROOT], False),
        (OTHER, [ROOT, OTHER], True),
    ],
    ids=range(11),  # the certificates are others in each process
)
@pytest.mark.parametrize("source", [False, True])
def test_every_certificate_must_descend_from_a_known_one(
    bundle: str, trusted: list[str], accepted: bool, source: bool, path: Path, tmp_path: Path
) -> None:
    """An attacker in between could leave the right root in the bundle and add a CA of their own."""
    server, options = Server(bundle), {"fingerprints": [print_of(pem) for pem in trusted]}
    if source:
        options["source_path"] = str(kept(tmp_path / "given.pem", bundle))
    if accepted:
        assert run(server, path, **options).changed
        assert path.read_text(encoding="ascii") == bundle
    else:
        with pytest.raises(TlsError, match=r"^fingerprint: the bundle of .* holds"):
            run(server, path, **options)
        assert not path.exists()
    assert bool(server.sent) is not source


def test_an_unknown_bundle_is_refused_with_its_fingerprint(path: Path) -> None:
    for check_mode in (True, False):
        with pytest.raises(TlsError, match="nothing says whether") as caught:
            run(Server(ROOT), path, check_mode)
        assert print_of(ROOT) in caught.value.message
    assert not path.exists()


def test_trust_on_first_use_warns_and_works_only_once(path: Path) -> None:
    outcome = run(Server(ROOT), path, trust_on_first_use=True)
    assert outcome.values["ca"]["trusted_by"] == "first_use"
    assert print_of(ROOT) in outcome.warnings[0]
    again = run(Server(ROOT), path, trust_on_first_use=True)
    assert (again.changed, again.warnings) == (False, [])
    assert again.values["ca"]["trusted_by"] == "existing"
    with pytest.raises(TlsError, match="another bundle is offered") as caught:
        run(Server(OTHER), path, trust_on_first_use=True)
    assert print_of(OTHER) in caught.value.message
    assert path.read_text(encoding="ascii") == ROOT


def test_a_kept_file_without_a_bundle_gives_no_trust(path: Path) -> None:
    """It may be the only copy of something else."""
    kept(path, "words")
    wishes: list[dict[str, Any]] = [
        {"trust_on_first_use": True},
        {"fingerprints": [print_of(ROOT)]},
        {"present": False},
    ]
    for options in wishes:
        with pytest.raises(DcosError, match=r"^path: .* holds something other than a bundle"):
            run(Server(ROOT), path, **options)
        assert path.read_text(encoding="ascii") == "words"
    kept(path, "\n")
    assert run(Server(ROOT), path, fingerprints=[print_of(ROOT)]).changed


@pytest.mark.parametrize(
    "beside", [private_text("a"), public_text("a"), "server: on\n"], ids=["private", "public", "words"]
)
def test_a_kept_file_that_holds_more_than_certificates_is_left_alone(beside: str, path: Path) -> None:
    """A server's certificates and its private key often share a file."""
    for text in (beside + ROOT, ROOT + beside):
        kept(path, text)
        for options in ({"fingerprints": [print_of(ROOT)]}, {"present": False}):
            with pytest.raises(DcosError, match=r"^path: .* holds something other than a bundle"):
                run(Server(ROOT + MIDDLE), path, **options)
        assert path.read_text(encoding="ascii") == text
    kept(path, f"\n# the root\n{ROOT}\n#")
    assert not run(Server(ROOT), path, fingerprints=[print_of(ROOT)]).failure


def test_a_new_bundle_over_a_verified_connection_is_trusted(path: Path) -> None:
    kept(path, ROOT)
    server = Server(ROOT + OTHER, lambda used: used == str(path))
    outcome = run(server, path)
    assert outcome.changed
    assert outcome.values["ca"]["trusted_by"] == "existing"
    assert path.read_text(encoding="ascii") == ROOT + OTHER


def test_over_plain_http_nothing_verifies(path: Path) -> None:
    kept(path, ROOT)
    server = Server(OTHER, lambda used: True)
    with pytest.raises(TlsError, match="another bundle"):
        run(server, path, url="http://dcos.example.com")
    assert [sent.verify for sent in server.sent] == [False]


def test_a_given_file_needs_no_request(path: Path, tmp_path: Path) -> None:
    server = Server(OTHER)
    outcome = run(server, path, source_path=str(kept(tmp_path / "given.pem", ROOT)))
    assert outcome.values["ca"]["trusted_by"] == "file"
    assert path.read_text(encoding="ascii") == ROOT
    assert server.sent == []


def damaged(old: bytes, new: bytes) -> str:
    """The root with other bytes of the same number."""
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(ROOT).replace(old, new))


@pytest.mark.parametrize(
    "bundle",
    [
        "",
        "<html>",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        damaged(b"root", b"r\xff\xfft"),
        damaged(bytes.fromhex("a003020102"), bytes.fromhex("a003020105")),
        damaged(bytes.fromhex("551d0f"), bytes.fromhex("551d13")),
    ],
    ids=["empty", "page", "cut", "name", "version", "extension twice"],
)
def test_an_invalid_bundle_is_refused(bundle: str, path: Path) -> None:
    with pytest.raises(TlsError, match="holds no certificates"):
        run(Server(bundle), path, fingerprints=[print_of(ROOT)])


@pytest.mark.parametrize("is_ca", [False, None])
def test_the_certificate_of_a_server_is_no_ca(is_ca: bool | None, path: Path) -> None:
    leaf = certificate("leaf", "root", is_ca)
    with pytest.raises(TlsError, match="not those of a CA: CN=leaf"):
        run(Server(ROOT + leaf), path, fingerprints=[print_of(ROOT)])


def test_a_cluster_without_a_ca(path: Path) -> None:
    with pytest.raises(ApiError) as caught:
        run(Server(Reply(404, "<html>")), path, fingerprints=[print_of(ROOT)])
    assert caught.value.status == 404
    assert "disabled mode" in caught.value.message


def test_an_expired_certificate_is_a_warning(path: Path) -> None:
    old = certificate("expired", expired=True)
    outcome = run(Server(old), path, fingerprints=[print_of(old)])
    assert outcome.warnings == ["The certificate CN=expired in the CA bundle has expired."]


@pytest.mark.parametrize("text", ["", "AB", "zz" * 32, "ab" * 31, "ab" * 33])
def test_malformed_fingerprints_are_refused(text: str, path: Path) -> None:
    with pytest.raises(TlsError, match=r"^fingerprint: "):
        run(Server(ROOT), path, fingerprints=[text])


def test_absent(path: Path) -> None:
    kept(path, ROOT)
    server = Server(ROOT)
    assert run(server, path, True, present=False).changed
    assert path.exists()
    outcome = run(server, path, present=False)
    assert outcome.changed
    assert outcome.values == {"ca": None}
    assert not run(server, path, present=False).changed
    assert server.sent == []


def test_a_link_is_left_alone(path: Path, tmp_path: Path) -> None:
    path.symlink_to(kept(tmp_path / "target", "somebody's"))
    for present in (True, False):
        with pytest.raises(DcosError, match="is not a regular file"):
            run(Server(ROOT), path, fingerprints=[print_of(ROOT)], present=present)
    assert path.read_text(encoding="ascii") == "somebody's"
