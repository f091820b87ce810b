# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA bundle of a cluster in a file: fetched without verification, so it must be recognised before it is trusted."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from .._api.connection import Site, named
from .._api.http import HttpClient, Request
from .._errors import ApiError, TlsError
from .._files import (
    PUBLIC_MODE,
    check_folder,
    foreign_file,
    read_regular,
    read_text,
    remove,
    write_whole,
)
from .frame import FilesResource, Plan, Step

with suppress(ImportError):  # _module/libraries.py tells the user; sanity tests import this file without the library
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization

BUNDLE_PATH = "/ca/dcos-ca.crt"
_HEX_DIGITS = 64
_CERTIFICATE = re.compile(r"^-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Bundle:
    """The certificates of a bundle, in its order."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """Those that signed themselves; in a bundle without any, those whose issuer is not in it, else all."""
        subjects = {certificate.subject for certificate in self.certificates}
        own = tuple(c for c in self.certificates if c.issuer == c.subject)
        return own or tuple(c for c in self.certificates if c.issuer not in subjects) or self.certificates

    def pem(self) -> str:
        """The certificates alone, without what may stand around them."""
        return "".join(c.public_bytes(serialization.Encoding.PEM).decode("ascii") for c in self.certificates)

    def strangers(self, trusted: Sequence[str]) -> list[x509.Certificate]:
        """Certificates that neither have one of the trusted fingerprints nor descend from one that has.

        Whoever tampers with the answer could leave the right root in it and add another CA.
        """
        known = [c for c in self.certificates if fingerprint(c) in trusted]
        rest = [c for c in self.certificates if c not in known]
        while True:
            descended = [c for c in rest if any(_issued(c, issuer) for issuer in known)]
            if not descended:
                return rest
            known += descended
            rest = [c for c in rest if c not in descended]


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER form, as the DC/OS CLI shows it: upper-case pairs joined by colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def check_fingerprint(text: str, option: str) -> str:
    """The form above of a SHA-256 fingerprint, colons or not, in any letter case, or as the line of openssl."""
    digits = text.rpartition("=")[2].replace(":", "").replace(" ", "").upper()
    if len(digits) != _HEX_DIGITS or any(d not in "0123456789ABCDEF" for d in digits):
        raise TlsError(
            f"{option}: {text!r} is not a SHA-256 fingerprint of a certificate: 64 hexadecimal digits, as "
            "'openssl x509 -fingerprint -sha256 -noout' prints them."
        )
    return ":".join(digits[i : i + 2] for i in range(0, _HEX_DIGITS, 2))


def parse_bundle(text: str, source: str) -> Bundle:
    """The certificates of a PEM text; an error names where it is from."""
    try:
        bundle = Bundle(tuple(x509.load_pem_x509_certificates(text.encode("utf-8"))))
        others = [c for c in bundle.certificates if not _is_ca(c)]
        _view(source, bundle)  # the library reads the rest of a certificate only now
    except (ValueError, x509.DuplicateExtension, x509.InvalidVersion):
        raise TlsError(f"{source} holds no certificates in PEM form that can be used.") from None
    if others:
        names = ", ".join(c.subject.rfc4514_string() for c in others)
        raise TlsError(
            f"{source} holds certificates that are not those of a CA: {names}. Nothing was changed. Take the bundle "
            "that signed them: on a master it is /run/dcos/pki/CA/ca-bundle.crt."
        )
    return bundle


def _is_bundle_file(text: str) -> bool:
    """Whether there is nothing beside certificates but comments: many servers keep a private key in the same file."""
    return all(not line.strip() or line.startswith("#") for line in _CERTIFICATE.sub("", text).splitlines())


@dataclass(frozen=True)
class CaState:
    """The bundle that is to be kept and the one that is, None if there is none.

    status: of the file, whatever it holds; None if there is none.
    trusted_by: why the new one is trusted: C(fingerprint), C(existing), C(first_use) or C(file).
    read_at: when this was so.
    """

    wanted: Bundle | None = None
    kept: Bundle | None = None
    status: os.stat_result | None = None
    trusted_by: str = ""
    read_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


class CaFile(FilesResource[CaState]):
    """The file C(path) with the bundle of the cluster at C(site), which is only needed where the bundle is from there.

    source_path: take the bundle from this file, which came by a safe way, and not from the cluster.
    fingerprints: those of the certificates from which all others must descend; empty if none are known.
    trust_on_first_use: accept an unknown bundle where none is kept yet.
    """

    def __init__(
        self,
        site: Site | None,
        path: str,
        *,
        fingerprints: Sequence[str] = (),
        source_path: str | None = None,
        trust_on_first_use: bool = False,
        present: bool = True,
    ) -> None:
        self._site = site
        self._path = os.path.expanduser(path)
        self._fingerprints = [check_fingerprint(text, "fingerprint") for text in fingerprints]
        self._source_path = source_path
        self._trust_on_first_use = trust_on_first_use
        self._present = present

    def managed_files(self) -> Sequence[tuple[str, int | None]]:
        return [(self._path, None)]

    def read(self) -> CaState:
        found = read_regular(self._path, "path")
        status = None if found is None else found[1]
        kept = None
        if found is not None and found[0].strip():
            try:
                kept = parse_bundle(found[0], self._path)
            except TlsError:
                kept = None
            if kept is None or not _is_bundle_file(found[0]):
                raise foreign_file("path", self._path, "bundle of CA certificates")
        if not self._present:
            return CaState(status=status)
        check_folder(self._path, "path")
        if self._source_path is not None:
            given = parse_bundle(read_text(self._source_path, "source_path"), f"source_path: {self._source_path}")
            self._check_fingerprints(given, self._source_path)
            return CaState(given, kept, status, "file")
        site = named(self._site)
        offered, verified = _offered(site, self._path, kept)
        if self._fingerprints:
            self._check_fingerprints(offered, site.url)
            reason = "fingerprint"
        elif verified or (kept is not None and kept.certificates == offered.certificates):
            reason = "existing"
        else:
            self._refuse_unknown(offered, site.url, kept is not None)
            reason = "first_use"
        return CaState(offered, kept, status, reason)

    def plan(self, state: CaState) -> Plan:
        if state.wanted is None:
            steps = (Step(f"remove {self._path}", partial(remove, self._path)),) if state.status is not None else ()
            return Plan({"ca": None}, steps, {"path": self._path} if steps else None)
        after = _view(self._path, state.wanted)
        steps = ()
        if state.kept is None or state.kept.certificates != state.wanted.certificates:
            write = partial(write_whole, self._path, state.wanted.pem(), PUBLIC_MODE, like=state.status)
            steps = (Step(f"write {self._path}", write),)
        result = {
            **after,
            "fingerprint": fingerprint(state.wanted.roots[0]),
            "trusted_by": state.trusted_by,
        }
        before = None if state.kept is None else _view(self._path, state.kept)
        warnings = tuple(_warnings(state.wanted, state.trusted_by, state.read_at))
        return Plan({"ca": result}, steps, before, after, warnings=warnings)

    def _refuse_unknown(self, bundle: Bundle, url: str, is_kept: bool) -> None:
        found = " and ".join(fingerprint(root) for root in bundle.roots)
        if is_kept:
            raise TlsError(
                f"path: the certificate of {url} does not verify with {self._path}, and another bundle is "
                f"offered there (SHA-256 fingerprint {found}). Nothing was changed. If the cluster got a new CA, "
                "compare the fingerprint with that of the file on a master and give it as fingerprint."
            )
        if not self._trust_on_first_use:
            raise TlsError(
                f"fingerprint: nothing says whether the bundle that {url} offers is genuine (SHA-256 "
                f"fingerprint {found}). Compare it with that of the file on a master and give it as fingerprint, or "
                "set trust_on_first_use to true."
            )

    def _check_fingerprints(self, bundle: Bundle, source: str) -> None:
        if not self._fingerprints:
            return
        strangers = bundle.strangers(self._fingerprints)
        if strangers:
            found = " and ".join(f"{fingerprint(c)} ({c.subject.rfc4514_string()})" for c in strangers)
            raise TlsError(
                f"fingerprint: the bundle of {source} holds {found}, which is not the certificate with the fingerprint "
                f"given ({' or '.join(self._fingerprints)}) and was not issued by it. Nothing was changed. If the "
                "cluster got a new CA, compare the fingerprint with that of the file on a master; if not, somebody is "
                "in between."
            )


def _offered(site: Site, path: str, kept: Bundle | None) -> tuple[Bundle, bool]:
    """The bundle that the cluster offers, and whether it came over a connection that verifies with the kept one."""
    if kept is not None and urlsplit(site.url).scheme == "https":
        with suppress(TlsError):
            return _fetch(site, path), True
    return _fetch(site, False), False


def _fetch(site: Site, verify: bool | str) -> Bundle:
    http = HttpClient(site.url, verify, site.timeout, site.retries)
    try:
        answer = http.send(
            Request("GET", BUNDLE_PATH, "fetching the CA bundle", media_types="*/*", authenticated=False)
        )
    except ApiError as exc:
        if exc.status == 404:
            exc.message += (
                " Check the path of dcos_url, if it has one. A cluster in disabled mode, and an open one, have no CA "
                "of their own."
            )
        raise
    return parse_bundle(answer.content.decode("utf-8", "replace"), f"{site.url}{BUNDLE_PATH}")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    """Whether it may issue others; a server's certificate that the CA issued vouches for nobody."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _view(path: str, bundle: Bundle) -> Mapping[str, object]:
    return {
        "path": path,
        "certificates": [
            {
                "subject": certificate.subject.rfc4514_string(),
                "issuer": certificate.issuer.rfc4514_string(),
                "fingerprint": fingerprint(certificate),
                "not_before": _iso(certificate.not_valid_before_utc),
                "not_after": _iso(certificate.not_valid_after_utc),
            }
            for certificate in bundle.certificates
        ],
    }


def _warnings(bundle: Bundle, trusted_by: str, now: datetime) -> Iterator[str]:
    if trusted_by == "first_use":
        found = " and ".join(fingerprint(root) for root in bundle.roots)
        yield (
            f"The CA bundle is trusted on first use. Compare its SHA-256 fingerprint {found} with that of the file on "
            "a master."
        )
    for certificate in bundle.certificates:
        if certificate.not_valid_after_utc < now:
            yield f"The certificate {certificate.subject.rfc4514_string()} in the CA bundle has expired."


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
