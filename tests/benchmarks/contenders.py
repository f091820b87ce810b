# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contenders, each as something that provisions a list of services, and how a run of one is timed.

Playbooks run with Ansible's own defaults, on localhost, in a HOME of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster import PASSWORD, THREADS, UID, Cluster
from work import IAM, LOGIN_ENDPOINT, SECRETS, Service

_HERE = Path(__file__).parent
_BIN = Path(sys.executable).parent


class FailedRunError(Exception):
    """A run that did not end well."""


@dataclass(frozen=True)
class Timing:
    seconds: float
    peak_memory: int
    """Bytes: of the largest process of a module, or of the client itself."""


class Lab:
    """A folder for the runs of playbooks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = folder / "home"
        self._home.mkdir(parents=True)

    def play(
        self, play: Mapping[str, Any], variables: Mapping[str, Any] | None = None, *, profile: bool = False
    ) -> Timing:
        """Run one play on localhost, and time the whole of C(ansible-playbook)."""
        playbook, more, traces = self.folder / "play.json", self.folder / "variables.json", self.folder / "traces"
        shutil.rmtree(traces, ignore_errors=True)
        traces.mkdir()
        head = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(more)] if variables else []}
        playbook.write_text(json.dumps([{**head, **play}]))
        more.write_text(json.dumps(variables or {}))
        # A profiled module needs an interpreter of its own.
        interpreter = self._tracing_interpreter(traces) if profile else "{{ ansible_playbook_python }}"
        command = [_BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", playbook]
        command += ["-e", f"ansible_python_interpreter={interpreter}"]
        start = time.perf_counter()
        with open(self.folder / "output", "w+", encoding="utf-8") as output:
            process = subprocess.Popen(
                list(map(str, command)), env=self._environment(), cwd=self.folder, stdout=output, stderr=output
            )
            _pid, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                output.seek(0)
                raise FailedRunError(f"ansible-playbook ended with {process.returncode}:\n{output.read()[-4000:]}")
        # Of its largest process: that of a module, or Ansible's own.
        return Timing(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))

    def profiles(self) -> list[tuple[str, Path]]:
        """The programs that ran in the last, profiled play, in their order, with their profiles."""
        notes = sorted((self.folder / "traces").glob("*.json"))
        return [(json.loads(path.read_text())["program"], path.with_suffix(".pstats")) for path in notes]

    def _tracing_interpreter(self, traces: Path) -> Path:
        """A Python for modules that leaves a profile of each process, see trace/sitecustomize.py."""
        script = self.folder / "python"
        settings = f"BENCH_TRACE='{traces}' PYTHONPATH='{_HERE / 'trace'}'"
        script.write_text(f"#!/bin/sh\n{settings} exec '{sys.executable}' \"$@\"\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return script

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self._home),
            "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
            "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_NOCOLOR": "1",
            "DCOS_COMPILE_ALWAYS": "1",  # as on users' machines
        }


class Contender(ABC):
    """One way to provision services."""

    name: str
    """As tables show it."""

    @abstractmethod
    def run(self, cluster: Cluster, services: Sequence[Service], *, repeated: bool = False) -> Timing:
        """Provision the services; C(repeated) says that they are there already, which most find out by themselves."""


class FloorClient(Contender):
    name = "bare client (floor)"

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = threads

    def run(self, cluster: Cluster, services: Sequence[Service], *, repeated: bool = False) -> Timing:
        job = {"url": cluster.url, "ca": cluster.ca, "uid": UID, "password": PASSWORD}
        job |= {"services": len(services), "threads": self._threads, "repeated": repeated}
        result = subprocess.run(
            [sys.executable, str(_HERE / "floor.py")],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise FailedRunError(f"floor.py ended with {result.returncode}:\n{result.stderr[-4000:]}")
        return Timing(**json.loads(result.stdout))


class Playbook(Contender):
    """A play; C(profile) has its modules leave profiles."""

    def __init__(self, lab: Lab, *, profile: bool = False) -> None:
        self.lab = lab
        self._profile = profile

    def run(self, cluster: Cluster, services: Sequence[Service], *, repeated: bool = False) -> Timing:
        play = {
            "module_defaults": {"group/dcos.security.dcos": cluster.connection},
            "tasks": self.tasks(cluster, services),
        }
        return self.lab.play(play, {"services": [_variables(service) for service in services]}, profile=self._profile)

    @abstractmethod
    def tasks(self, cluster: Cluster, services: Sequence[Service]) -> list[dict[str, Any]]:
        """The play's tasks; the services' variables are in C(services)."""


def _variables(service: Service) -> dict[str, Any]:
    """The role's variables without their prefix, which are an entry of dcos_services too."""
    permissions = [{"rid": rid, "actions": [action]} for rid, action in service.grants]
    return {"name": service.name, "security_mode": "strict", "permissions": permissions}


class Nothing(Playbook):
    name = "bare ansible-playbook"

    def tasks(self, cluster: Cluster, services: Sequence[Service]) -> list[dict[str, Any]]:
        return []


class Role(Playbook):
    name = "role dcos_service"

    def tasks(self, cluster: Cluster, services: Sequence[Service]) -> list[dict[str, Any]]:
        return [
            {
                "ansible.builtin.include_role": {"name": "dcos.security.dcos_service"},
                "vars": {f"dcos_service_{name}": f"{{{{ service.{name} }}}}" for name in _variables(services[0])},
                "loop": "{{ services }}",
                "loop_control": {"loop_var": "service", "label": "{{ service.name }}"},
            }
        ]


class Fleet(Playbook):
    name = "dcos_services"

    def __init__(self, lab: Lab, concurrency: int | None = None, *, profile: bool = False) -> None:
        super().__init__(lab, profile=profile)
        self._concurrency = concurrency

    def tasks(self, cluster: Cluster, services: Sequence[Service]) -> list[dict[str, Any]]:
        options: dict[str, Any] = {"services": "{{ services }}"}
        if self._concurrency is not None:
            options["concurrency"] = self._concurrency
        return [{"dcos.security.dcos_services": options}]


class HandWritten(Playbook):
    """What people write without the collection: C(openssl) for the key and one C(uri) task, or turn of one, a request.

    A conflict counts as done, so a second run ends well, though it could not tell a wrong key from a right one.
    """

    name = "uri tasks"

    def tasks(self, cluster: Cluster, services: Sequence[Service]) -> list[dict[str, Any]]:
        log_in = self._uri(cluster, "POST", f"{IAM}/auth/login", {"uid": UID, "password": PASSWORD}, [200])
        one = self.lab.folder / "one-service.json"
        one.write_text(json.dumps(self._one_service(cluster)))
        loop = {"loop": "{{ services }}", "loop_control": {"loop_var": "service", "label": "{{ service.name }}"}}
        return [{**log_in, "register": "login", "no_log": True}, {"ansible.builtin.include_tasks": str(one), **loop}]

    def run(self, cluster: Cluster, services: Sequence[Service], *, repeated: bool = False) -> Timing:
        keys = self.lab.folder / "keys"
        if not repeated:
            shutil.rmtree(keys, ignore_errors=True)
            keys.mkdir()
        return super().run(cluster, services, repeated=repeated)

    def _one_service(self, cluster: Cluster) -> list[dict[str, Any]]:
        part = "{{ service.name | basename }}"
        key = f"{self.lab.folder}/keys/{part}.pem"
        account = "{{ (service.name | split('/'))[1] }}__{{ service.name | basename }}-principal"
        acl = f"{IAM}/acls/{{{{ item.rid | replace('/', '%252F') }}}}"
        document = {
            "uid": account,
            "private_key": f"{{{{ lookup('ansible.builtin.file', '{key}', rstrip=false) }}}}",
            "scheme": "RS256",
            "login_endpoint": LOGIN_ENDPOINT,
        }
        loop = {"loop": "{{ service.permissions }}", "loop_control": {"label": "{{ item.rid }}"}}
        token = {"Authorization": "token={{ login.json.token }}"}
        secret = f"{SECRETS}{{{{ service.name }}}}/{part}-secret"
        public = {"description": "Service account of {{ service.name }}", "public_key": "{{ public.stdout }}\n"}

        def put(path: str, body: Mapping[str, Any] | None, good: int, **keywords: Any) -> dict[str, Any]:
            return {**self._uri(cluster, "PUT", path, body, [good, 409], token), **keywords}

        return [
            {
                "ansible.builtin.command": {
                    "argv": [
                        "openssl",
                        "genpkey",
                        "-algorithm",
                        "RSA",
                        "-pkeyopt",
                        "rsa_keygen_bits:2048",
                        "-out",
                        key,
                    ],
                    "creates": key,
                }
            },
            {
                "ansible.builtin.command": {"argv": ["openssl", "pkey", "-in", key, "-pubout"]},
                "register": "public",
                "changed_when": False,
            },
            put(secret, {"value": "{{ document | to_json }}"}, 201, vars={"document": document}, no_log=True),
            put(f"{IAM}/users/{account}", public, 201),
            put(acl, {"description": "bench"}, 201, **loop),
            put(f"{acl}/users/{account}/{{{{ item.actions[0] }}}}", None, 204, **loop),
        ]

    @staticmethod
    def _uri(
        cluster: Cluster,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        good: list[int],
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"url": cluster.url + path, "method": method, "ca_path": cluster.ca}
        options |= {"status_code": good, "headers": dict(headers or {})}
        if body is not None:
            options |= {"body_format": "json", "body": dict(body)}
        return {"ansible.builtin.uri": options}
