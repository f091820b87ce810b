# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated cluster that belongs to this very process, as tests need it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from .daemon import health, launch, set_faults
from .datadir import DataDir, Endpoints
from .identity_provider import IdentityProvider
from .settings import DEFAULT_PASSWORD, DEFAULT_SUPERUSER, DEFAULT_TOKEN_LIFETIME, ENTERPRISE, EmulatorError

if TYPE_CHECKING:
    # Part of typing from Python 3.11 on; only type checkers look here.
    from typing_extensions import Self, Unpack

_STOP_SECONDS = 15.0
_OTHER_SOURCES = (
    "DCOS_ACS_TOKEN",
    "DCOS_DIR",
    "DCOS_ID_TOKEN",
    "DCOS_PASSWORD",
    "DCOS_PRIVATE_KEY_PATH",
    "DCOS_SSL_VERIFY",
    "DCOS_TLS_CA_PATH",
    "DCOS_USERNAME",
)


class ClusterOptions(TypedDict, total=False):
    """The options of `dcos-emulator serve`."""

    variant: str
    security_mode: str
    authentication: bool
    http_port: int
    https_port: int
    superuser: str
    superuser_password: str
    list_superuser: bool
    auth_token_lifetime: int
    dcos_version: str


class LoggedRequest(TypedDict):
    """One line of requests.log."""

    time: str
    method: str
    path: str
    query: dict[str, str | None]
    status: int | None
    uid: str | None
    scheme: str
    fault: str | None


class Cluster:
    """A running emulator. It ends with this process at the latest, however that ends.

    data_dir: the directory of the cluster.
    variant, security_mode: what kind of cluster it is.
    """

    variant: str
    security_mode: str

    def __init__(self, data_dir: Path, **options: Unpack[ClusterOptions]) -> None:
        self._files = DataDir(data_dir)
        self.data_dir = self._files.path
        self._options: dict[str, object] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoints: Endpoints | None = None
        self.start(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    # Its life

    def start(self, **options: Unpack[ClusterOptions]) -> None:
        """Start it, also once more; options replace those of the starts before. It keeps its addresses."""
        unknown = sorted(options.keys() - ClusterOptions.__annotations__.keys())
        if unknown:
            known = ", ".join(ClusterOptions.__annotations__)
            raise EmulatorError(f"An emulator has no option {unknown[0]!r}. Its options are: {known}")
        wanted: dict[str, object] = {**self._options, **options}
        if wanted.get("variant", ENTERPRISE) == ENTERPRISE:
            wanted.setdefault("security_mode", "strict")
        if self._process is not None and self._process.poll() is not None:
            self.stop()  # somebody else ended it; this forgets the process
        try:
            self._files.create()
            self._process, endpoints = launch(
                _arguments(self._files.path, wanted), _password(wanted), self._files, subprocess.PIPE
            )
        except (EmulatorError, OSError) as error:
            raise EmulatorError(f"The emulator did not start on {self.data_dir}: {error}") from None
        self._endpoints = endpoints
        self._options = {**wanted, "http_port": _port(endpoints.http), "https_port": _port(endpoints.https)}
        state = health(endpoints)
        self.variant, self.security_mode = str(state["variant"]), str(state["security_mode"])

    def stop(self) -> None:
        """Stop it, and wait until it has ended. Fine if it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a chance to tidy up, as a power failure does."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it again: the same cluster at the same addresses, without faults."""
        self.stop()
        self.start()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.communicate(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.communicate()
            self._process = None

    # How it is reached

    @property
    def http(self) -> str:
        """The address for plain http. Faults are set there in every mode."""
        return self._running.http or ""

    @property
    def https(self) -> str | None:
        """The address for https; None in disabled mode."""
        return self._running.https

    @property
    def url(self) -> str:
        """The address a client uses: https wherever there is one."""
        return self._running.url

    @property
    def ca_path(self) -> str | None:
        """The CA certificate that verifies it; None in disabled mode."""
        return self._running.ca

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._running.pid

    @property
    def _running(self) -> Endpoints:
        if self._endpoints is None:
            raise EmulatorError(f"No emulator was started on {self.data_dir}")
        return self._endpoints

    @property
    def username(self) -> str:
        """The user that a new cluster starts with. An open cluster has none."""
        self._must_have_passwords()
        return str(self._options.get("superuser", DEFAULT_SUPERUSER))

    @property
    def password(self) -> str:
        """That user's password."""
        self._must_have_passwords()
        return _password(self._options)

    def _must_have_passwords(self) -> None:
        if self.variant != ENTERPRISE:
            raise EmulatorError("On an open cluster nobody has a password: log in with id_token(email)")

    @property
    def environment(self) -> dict[str, str]:
        """The variables DCOS_* with which a subprocess talks to this cluster and to no other."""
        found = dict.fromkeys(_OTHER_SOURCES, "")
        found |= {"DCOS_URL": self.url, "DCOS_TLS_CA_PATH": self.ca_path or ""}
        if self.variant == ENTERPRISE:
            return found | {"DCOS_USERNAME": self.username, "DCOS_PASSWORD": self.password}
        if self._options.get("authentication", True):
            found["DCOS_ID_TOKEN"] = self.id_token("tester@example.com")
        return found

    def id_token(self, email: str, lifetime: int = DEFAULT_TOKEN_LIFETIME, **claims: object) -> str:
        """An ID token of the identity provider that an open cluster trusts.

        claims: they replace or join the usual ones; None leaves one out.
        """
        return IdentityProvider(self._files.identity_provider_key).id_token(email, lifetime, claims)

    # What goes wrong, and what it has seen

    def faults(self, *faults: Mapping[str, object]) -> None:
        """Replace the faults in force; without any, remove them all."""
        set_faults(self._files, faults)

    @contextmanager
    def failing(self, *faults: Mapping[str, object]) -> Iterator[None]:
        """These faults are in force inside the block, and none after it."""
        self.faults(*faults)
        try:
            yield
        finally:
            self.faults()

    def requests(self) -> list[LoggedRequest]:
        """All requests that it has answered, of all its starts."""
        return [json.loads(line) for line in _lines(self._files.request_log)]

    def audit(self) -> list[str]:
        """The lines of its audit log, of all its starts."""
        return _lines(self._files.audit_log)


def _arguments(data_dir: Path, options: Mapping[str, object]) -> list[str]:
    """Without the password: arguments can be seen by everybody on the machine."""
    arguments = ["--stop-at-eof", f"--data-dir={data_dir}"]
    for name, value in options.items():
        if name != "superuser_password":
            text = str(value).lower() if isinstance(value, bool) else str(value)
            arguments.append(f"--{name.replace('_', '-')}={text}")
    return arguments


def _password(options: Mapping[str, object]) -> str:
    return str(options.get("superuser_password", DEFAULT_PASSWORD))


def _port(url: str | None) -> int:
    return int(url.rsplit(":", 1)[1]) if url else 0


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
