# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data directory: which files it holds, how they are written, and who owns it right now."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file in one piece and never readable by more than `mode` allows, not even for a moment."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Endpoints:
    """Where a running emulator answers; the content of endpoints.json."""

    http: str | None
    https: str | None
    ca: str | None
    pid: int

    @property
    def url(self) -> str:
        """The address a client uses: https wherever there is one."""
        return self.https or self.http or ""


class DataDir:
    """One emulated cluster's files."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = self.path / "state.db"
        self.signing_key = self.path / "jwt-signing.key"
        self.unseal_key = self.path / "unseal.key"
        self.auth_token_secret = self.path / "auth-token-secret"
        self.identity_provider_key = self.path / "identity-provider.key"
        self.ca = self.path / "ca.crt"
        self.ca_key = self.path / "ca.key"
        self.server_certificate = self.path / "server.crt"
        self.server_key = self.path / "server.key"
        self.audit_log = self.path / "audit.log"
        self.request_log = self.path / "requests.log"
        self.process_log = self.path / "emulator.log"
        self._endpoints = self.path / "endpoints.json"
        self._lock = self.path / "emulator.lock"
        self._held: int | None = None

    def create(self) -> None:
        """Make the directory, closed to others; one that exists keeps its mode."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write_endpoints(self, endpoints: Endpoints) -> None:
        """Renamed into place: whoever sees the file sees all of it."""
        document = {"http": endpoints.http, "https": endpoints.https, "ca": endpoints.ca, "pid": endpoints.pid}
        write_private(self._endpoints, (json.dumps(document) + "\n").encode())

    def read_endpoints(self) -> Endpoints | None:
        """None when the file is missing or not ours."""
        try:
            document: dict[str, Any] = json.loads(self._endpoints.read_bytes())
            return Endpoints(document["http"], document["https"], document["ca"], int(document["pid"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove_endpoints(self) -> None:
        """Nobody may trust an old address. What a successor wrote after a removal is not ours."""
        if not self.is_removed():
            self._endpoints.unlink(missing_ok=True)

    def is_removed(self) -> bool:
        """Whether somebody removed the directory from under its owner."""
        return self._held is not None and os.fstat(self._held).st_nlink == 0

    def acquire_lock(self) -> bool:
        """Become the owner until the process ends; false when another process is.

        The kernel drops the lock with the process, however that ends, so there is no stale lock to clean up.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._held = descriptor
        return True

    def owner(self) -> int | None:
        """The process id of the emulator that runs on this directory, if one does."""
        try:
            descriptor = os.open(self._lock, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            try:
                # Shared: two onlookers do not take each other for the owner.
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                with contextlib.suppress(ValueError):
                    return int(os.pread(descriptor, 32, 0))
            return None
        finally:
            os.close(descriptor)
