# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator that everything is measured at: real TLS, strict mode, and a look at what was really done."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from floor import Floor
from work import FOLDER, IAM, SECRETS, Service, encode_rid

UID, PASSWORD = "bootstrapuser", "only-for-the-bench"
THREADS = 8
"""Of the client that clears and checks, and of the floor: more make it no faster."""

_COMMAND = Path(sys.executable).with_name("dcos-emulator")
_WRITES = ("PUT", "PATCH", "DELETE")


class WrongStateError(Exception):
    """What was measured is not what was asked for."""


@dataclass(frozen=True)
class Traffic:
    """The requests of one run, as the emulator logged them."""

    requests: int
    writes: int
    """Those that changed something; a 409 did not."""
    logins: int


class Cluster:
    """A running emulator."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = threading.local()

    def start(self) -> None:
        options = ["--security-mode", "strict", "--superuser-password", PASSWORD, "--detach"]
        self._command("serve", *options)
        endpoints = json.loads((self._folder / "endpoints.json").read_text())
        self.url: str = endpoints["https"]
        self.ca: str = endpoints["ca"]
        self._http: str = endpoints["http"]
        self._log = (self._folder / "requests.log").open(encoding="utf-8")
        answer = requests.post(
            f"{self.url}{IAM}/auth/login", json={"uid": UID, "password": PASSWORD}, verify=self.ca, timeout=60
        )
        answer.raise_for_status()
        self._token = answer.json()["token"]

    def stop(self) -> None:
        self._log.close()
        self._command("stop")

    def _command(self, verb: str, *options: str) -> None:
        command = [str(_COMMAND), verb, "--data-dir", str(self._folder), *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(command[:2])}: {result.stderr.strip()}")

    @property
    def connection(self) -> dict[str, str]:
        """The options of the action group for this cluster."""
        return {"dcos_url": self.url, "dcos_ca_path": self.ca, "dcos_username": UID, "dcos_password": PASSWORD}

    @contextmanager
    def latency(self, seconds: float) -> Iterator[None]:
        """Answer every request so much later."""
        self._set_faults([{"kind": "latency", "seconds": seconds}] if seconds else [])
        try:
            yield
        finally:
            self._set_faults([])

    def _set_faults(self, faults: list[dict[str, Any]]) -> None:
        requests.put(f"{self._http}/_emulator/faults", json={"faults": faults}, timeout=60).raise_for_status()

    def traffic(self) -> Traffic:
        """What was asked since the last call."""
        entries = [json.loads(line) for line in self._log]
        return Traffic(
            requests=len(entries),
            writes=sum(entry["method"] in _WRITES and (entry["status"] or 500) < 300 for entry in entries),
            logins=sum(entry["path"] == f"{IAM}/auth/login" for entry in entries),
        )

    def clear(self) -> None:
        """Remove all services, so that the next contender finds none, of itself or of another."""
        accounts = [f"{IAM}/users/{uid}" for uid in self._accounts()]
        acls = [f"{IAM}/acls/{encode_rid(rid)}" for rid in self._acls()]
        secrets = [f"{SECRETS}/{FOLDER}/{path}" for path in self._secrets()]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda path: self._call("DELETE", path), [*accounts, *acls, *secrets]))
        self.verify([])

    def verify(self, wanted: Sequence[Service]) -> None:
        """Compare everything that there is with what was asked for: a fast wrong run counts as none."""
        found = {
            "accounts": set(self._accounts()),
            "ACLs": set(self._acls()),
            "secrets": {f"{FOLDER}/{path}" for path in self._secrets()},
        }
        expected = {
            "accounts": {service.account for service in wanted},
            "ACLs": {rid for service in wanted for rid, _action in service.grants},
            "secrets": {service.secret for service in wanted},
        }
        for what, those in found.items():
            if those != expected[what]:
                example = sorted(those ^ expected[what])[0]
                numbers = f"{len(those)} {what} in place of {len(expected[what])}"
                raise WrongStateError(f"{numbers}: {example} is missing or one too many")
        if wanted:
            # Grants one by one, and that each stored key is that of its account.
            floor = Floor(self.url, self.ca, UID, PASSWORD)
            floor.read_accounts()
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(floor.check, wanted))

    def _accounts(self) -> list[str]:
        listed = self._call("GET", f"{IAM}/users?type=service")["array"]
        return [user["uid"] for user in listed if user["uid"].startswith(f"{FOLDER}__")]

    def _acls(self) -> list[str]:
        return [acl["rid"] for acl in self._call("GET", f"{IAM}/acls")["array"] if f":/{FOLDER}/" in acl["rid"]]

    def _secrets(self) -> list[str]:
        return list(self._call("GET", f"{SECRETS}/{FOLDER}?list=true")["array"])

    def _call(self, method: str, path: str) -> Any:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            session.trust_env = False
            session.headers["Authorization"] = f"token={self._token}"
            session.verify = self.ca
        answer = session.request(method, self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None
