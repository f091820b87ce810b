# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services at work: a scheduler, a deployer and a watcher, as small as they can be.

Each is described by what its documents say it does, and knows nothing of presets, grants and audit lines. It reads its
own secrets with its own token, does its work, and stops at the first thing that it is refused. It may be started again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import requests

MESOS = "leader.mesos:5050"
MARATHON = "marathon.mesos:8443"
_TIMEOUT = 30
_REFUSED = (401, 403)


class Refused(Exception):
    """What the service could not do."""


class Client:
    """A cluster as one service account sees it."""

    def __init__(self, url: str, uid: str, private_key: Any, verify: str | bool = True) -> None:
        """private_key: as PEM, or as an object."""
        self.uid = uid
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = verify
        login = {"uid": uid, "exp": int(time.time()) + 300}
        token = jwt.encode(login, private_key, algorithm="RS256")
        answer = self.call("POST", "/acs/api/v1/auth/login", json={"uid": uid, "token": token})
        self._session.headers["Authorization"] = f"token={answer.json()['token']}"

    def call(self, method: str, path: str, inside: str | None = None, **options: Any) -> requests.Response:
        """A request through Admin Router, or to the address that a service has inside the cluster."""
        headers = {**options.pop("headers", {}), **({"Host": inside} if inside else {})}
        url = self._url + path
        answer = self._session.request(method, url, headers=headers, timeout=_TIMEOUT, **options)
        if answer.status_code in _REFUSED:
            raise Refused(f"{method} {path}")
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code}"
        return answer

    def read_secrets(self, paths: Iterable[str]) -> None:
        for path in paths:
            assert self.call("GET", f"/secrets/v1/secret/default/{path}").json()["value"]


class Workload(Protocol):
    def work(self, client: Client) -> None:
        """Do everything once."""


@dataclass(frozen=True)
class Scheduler:
    """A service that talks to Mesos from inside the cluster.

    role, user: what it registers with, and which Linux user its tasks run as. folder: what its tasks are labelled with.
    """

    role: str
    user: str = "nobody"
    reserves: bool = False
    volumes: bool = False
    folder: str | None = None
    secrets: Sequence[str] = ()

    def work(self, client: Client) -> None:
        client.read_secrets(self.secrets)
        framework = _Framework(client, self.role, self.user)
        disk = framework.disk()
        if self.reserves:
            framework.perform("RESERVE", {"resources": [disk]})
        if self.volumes:
            framework.perform("CREATE", {"volumes": [disk]})
        framework.launch(self.folder)
        if self.volumes:
            framework.perform("DESTROY", {"volumes": [disk]})
        if self.reserves:
            framework.perform("UNRESERVE", {"resources": [disk]})
        framework.end()


class _Framework:
    """Registered with one role; its principal is its account."""

    def __init__(self, client: Client, role: str, user: str) -> None:
        self._client = client
        self._info = {"name": client.uid, "user": user, "roles": [role], "principal": client.uid}
        self._stream = ""
        self._hear()

    def _hear(self) -> None:
        """Subscribe, be it again, and fail if one is told of a refusal."""
        call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": self._info}}
        answer = self._client.call("POST", "/api/v1/scheduler", MESOS, json=call)
        assert answer.status_code == 200, answer.text
        for event in _records(answer.content):
            if event["type"] == "SUBSCRIBED":
                self._info["id"] = event["subscribed"]["framework_id"]
            elif event["type"] != "OFFERS":
                raise Refused(json.dumps(event))
        self._stream = answer.headers["Mesos-Stream-Id"]

    def _call(self, call: dict[str, Any]) -> None:
        call["framework_id"] = self._info["id"]
        headers = {"Mesos-Stream-Id": self._stream}
        answer = self._client.call("POST", "/api/v1/scheduler", MESOS, json=call, headers=headers)
        assert answer.status_code == 202, answer.text

    def perform(self, kind: str, content: dict[str, Any]) -> None:
        operation = {"type": kind, "id": {"value": kind}, kind.lower(): content}
        self._call({"type": "ACCEPT", "accept": {"offer_ids": [], "operations": [operation]}})
        self._hear()

    def launch(self, folder: str | None) -> None:
        task: dict[str, Any] = {"name": "t", "task_id": {"value": "t"}, "agent_id": {"value": "a"}, "resources": []}
        if folder:
            task["labels"] = {"labels": [{"key": "DCOS_SPACE", "value": folder}]}
        self.perform("LAUNCH", {"task_infos": [task]})

    def end(self) -> None:
        self._call({"type": "TEARDOWN"})

    def disk(self) -> dict[str, Any]:
        """A reserved disk with a volume on it."""
        (role,), principal = self._info["roles"], self._client.uid
        return {
            "name": "disk",
            "type": "SCALAR",
            "scalar": {"value": 1.0},
            "reservations": [{"type": "DYNAMIC", "role": role, "principal": principal}],
            "disk": {"persistence": {"id": "v", "principal": principal}},
        }


def _records(content: bytes) -> Iterable[dict[str, Any]]:
    while content:
        length, _newline, content = content.partition(b"\n")
        yield json.loads(content[: int(length)])
        content = content[int(length) :]


@dataclass(frozen=True)
class Deployer:
    """A pipeline that deploys apps to a folder, from outside the cluster."""

    folder: str
    apps: Sequence[str] = ("web", "api", "jobs/nightly")
    secrets: Sequence[str] = ()

    def work(self, client: Client) -> None:
        client.read_secrets(self.secrets)
        for app in self.apps:
            definition = {"id": f"{self.folder}/{app}", "cmd": "sleep 1", "instances": 1}
            answer = client.call("POST", "/service/marathon/v2/apps", json=definition)
            assert answer.status_code in (201, 409), answer.text  # it was there when a later step was refused
        paths = [f"/service/marathon/v2/apps/{self.folder}/{app}" for app in self.apps]
        for path in paths:
            assert client.call("PUT", path, json={"instances": 2}).status_code == 200
            assert client.call("GET", path).json()["app"]["instances"] == 2
        for path in paths:
            assert client.call("DELETE", path).status_code in (200, 404)


@dataclass(frozen=True)
class Watcher:
    """A load balancer that follows all apps of Marathon, from inside the cluster."""

    secrets: Sequence[str] = ()

    def work(self, client: Client) -> None:
        client.read_secrets(self.secrets)
        assert client.call("GET", "/v2/apps", MARATHON).status_code == 200
        assert client.call("GET", "/v2/events", MARATHON).status_code == 200
