# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""One cluster as the resources see it: its endpoints over one connection, and who we are there."""

from __future__ import annotations

import copy
import os
import ssl
import threading
from dataclasses import dataclass
from typing import Callable

from .._errors import ApiError, CredentialsError, DcosError
from .._rules.identifiers import NATIVE_ACCOUNTS
from .._rules.security_modes import MODES
from .._visible import visible
from .answers import Document, document
from .connection import Connection
from .gate import Gate, ask_gate, gate_opens
from .http import HttpClient, Judgement, Request
from .iam import Iam
from .login import Login
from .secret_store import Secrets


@dataclass(frozen=True)
class ClusterInfo:
    """What the cluster says about itself; None for what it does not say or we may not read."""

    url: str
    security_mode: str | None
    version: str | None
    variant: str | None
    authentication: bool | None


class Cluster:
    """The endpoints of one cluster, logged in lazily: nothing is sent before the first request."""

    def __init__(self, connection: Connection, hide: Callable[[str], None] = lambda secret: None) -> None:
        self.connection = connection
        self.http = HttpClient(connection.url, _system_store(connection.verify), connection.timeout, connection.retries)
        self.login = Login(self.http, connection.credentials, connection.credentials_from, hide)
        if self.login.uid in NATIVE_ACCOUNTS:
            raise CredentialsError(
                f"The credentials (from: {connection.credentials_from}) are those of {self.login.uid}, which belongs "
                "to DC/OS itself; they are private to DC/OS and are not used here. Make an account of your own for "
                "automation.",
                "native_account",
            )
        self.http.tokens = self.login
        self.iam = Iam(self.http)
        self.secrets = Secrets(self.http)
        self._documents: dict[str, Document | None] = {}
        self._reading = threading.Lock()

    @property
    def own_uid(self) -> str | None:
        """The account that this run acts as: it must not cut off the branch it sits on."""
        return self.login.uid

    def with_endpoints(self, iam: Iam, secrets: Secrets) -> Cluster:
        """The same cluster over the same connection, seen through other endpoints."""
        other = copy.copy(self)
        other.iam, other.secrets = iam, secrets
        return other

    def info(self) -> ClusterInfo:
        """Security mode, version and variant, and whether requests need a token."""
        mode, version = self.security_mode(), self.version()
        gate = self._gate()
        return ClusterInfo(
            url=self.connection.url,
            security_mode=mode,
            version=version,
            variant=self._version_text("dcos-variant") or (None if gate is None else gate.variant),
            authentication=None if gate is None else gate.authentication,
        )

    def info_from_outside(self) -> ClusterInfo:
        """What it says to those without credentials."""
        gate = self.look_at_gate()
        return ClusterInfo(self.connection.url, None, None, variant=gate.variant, authentication=gate.authentication)

    def variant(self) -> str | None:
        """Whether it is an open cluster or one of DC/OS Enterprise; up to 1.11 only its challenge tells."""
        named = self._version_text("dcos-variant")
        gate = None if named is not None else self._gate()
        return named if gate is None else gate.variant

    def _gate(self) -> Gate | None:
        """None where the cluster does not tell."""
        try:
            return ask_gate(self.http, patient=True)
        except ApiError as exc:
            if exc.status in (403, 404):
                return None
            raise

    def look_at_gate(self) -> Gate:
        """What the cluster says to a request without a token, asked once; whatever else comes back is an error."""
        return ask_gate(self.http)

    def accepts(self, token: str) -> bool:
        """Whether the cluster takes a token, which is told by asking it."""
        return gate_opens(self.http, token)

    def version(self) -> str | None:
        """The version of DC/OS, None if it cannot be read."""
        return self._version_text("version")

    def security_mode(self) -> str | None:
        """The mode from bootstrap-config.json; None if it may not be read or an open cluster has none."""
        found = self._metadata("bootstrap-config.json")
        mode = None if found is None else found.text_or_none("security")
        if mode is not None and mode not in MODES:
            raise DcosError(
                f"{self.connection.url}/dcos-metadata/bootstrap-config.json names the security mode {visible(mode)!r}, "
                f"which is none of {', '.join(MODES)}.",
                "mode",
            )
        return mode

    def _version_text(self, name: str) -> str | None:
        found = self._metadata("dcos-version.json")
        text = None if found is None else found.text_or_none(name)
        return visible(text) if text else None

    def _metadata(self, name: str) -> Document | None:
        """A document about the cluster, read once: only an upgrade changes it. None if it cannot be read."""
        with self._reading:
            if name not in self._documents:
                self._documents[name] = self._read_metadata(name)
            return self._documents[name]

    def _read_metadata(self, name: str) -> Document | None:
        what = f"reading {name}"
        try:
            answer = self.http.send(Request("GET", f"/dcos-metadata/{name}", what), Judgement(show_description=False))
        except ApiError as exc:
            if exc.status in (403, 404):
                return None
            raise
        return document(answer, self.connection.url, what)


def _system_store(verify: bool | str) -> bool | str:
    """The path of the system's CA store instead of True: the HTTP library's default is a bundle of its own."""
    if verify is not True:
        return verify
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, paths.capath):
        if path is not None and os.path.exists(path):
            return path
    return True
