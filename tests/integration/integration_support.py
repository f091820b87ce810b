# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests share: emulators with a client of their own, and runs of ansible-playbook.

Starting Ansible is what takes time, so one run carries many cases: each case is a host of the inventory with its own
list of tasks, the hosts run side by side, and a callback plugin records each task's result and when it ran. What a
task asked of the cluster is then read from the emulator's request log by that time.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from dcos_emulator.cluster import Cluster

IAM = "/acs/api/v1"
SECRETS = "/secrets/v1/secret/default/"
WRITES = ("PUT", "PATCH", "DELETE")
LOGIN = IAM + "/auth/login"

SUPERUSER = "bootstrapuser"
PASSWORD = 'k9"Zü\\ quay/+42&=%7e'
"""With all that JSON, URLs, base64 and shells write in another way, so that a leak in any form is told from luck."""

_BIN = Path(sys.executable).parent
_HERE = Path(__file__).parent

_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    """A name that no other test uses (the emulators live as long as the session), and that is part of no other name."""
    return f"{prefix}-{os.getpid()}-{next(_numbers):04}"


# Keys


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


class _Keys:
    """RSA keys by number, made when first asked for: making one takes a while."""

    def __init__(self) -> None:
        self._made: list[rsa.RSAPrivateKey] = []

    def __getitem__(self, number: int) -> rsa.RSAPrivateKey:
        while len(self._made) <= number:
            self._made.append(new_key())
        return self._made[number]


KEYS = _Keys()


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: str = "PKCS8") -> str:
    encoding, private = serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form)
    return key.private_bytes(encoding, private, serialization.NoEncryption()).decode()


def public_pem(key: Any, form: str = "SubjectPublicKeyInfo") -> str:
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(serialization.Encoding.PEM, getattr(serialization.PublicFormat, form)).decode()


def load_private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def own_ca() -> str:
    """A CA certificate that nobody knows."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Another CA")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(name, name, KEYS[4].public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(KEYS[4], hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def document(uid: str, key: rsa.RSAPrivateKey, endpoint: str = "https://leader.mesos" + LOGIN) -> dict[str, str]:
    """A service-account document."""
    return {"uid": uid, "private_key": private_pem(key), "scheme": "RS256", "login_endpoint": endpoint}


# The cluster


@dataclass(frozen=True)
class Request:
    """A line of the emulator's request log."""

    time: float
    method: str
    path: str
    status: int | None
    uid: str | None
    fault: str | None

    @property
    def is_write(self) -> bool:
        return self.method in WRITES

    @property
    def is_login(self) -> bool:
        return self.path == LOGIN


def encode_rid(rid: str) -> str:
    return rid.replace("/", "%252F")


class Emulator(Cluster):
    """A running emulator, and a client that knows nothing of the collection."""

    def __init__(self, data_dir: Path, mode: str, **options: Any) -> None:
        self._read = 0
        self._requests: list[Request] = []
        self._session = requests.Session()
        self._session.trust_env = False
        super().__init__(data_dir, security_mode=mode, superuser_password=PASSWORD, **options)

    def stop(self) -> None:
        self._session.close()
        super().stop()

    @property
    def ca(self) -> str | None:
        return self.ca_path

    def requests(self, since: float = 0.0, until: float = float("inf"), about: str = "") -> list[Request]:
        """The requests of a time that have a text in their path."""
        with (self.data_dir / "requests.log").open(encoding="utf-8") as log:
            log.seek(self._read)
            for line in iter(log.readline, ""):
                entry = json.loads(line)
                moment = datetime.fromisoformat(entry.pop("time").replace("Z", "+00:00")).timestamp()
                entry = {name: entry[name] for name in ("method", "path", "status", "uid", "fault")}
                self._requests.append(Request(moment, **entry))
            self._read = log.tell()
        return [each for each in self._requests if since <= each.time <= until and about in each.path]

    @property
    def ca_fingerprint(self) -> str:
        """As C(openssl x509 -fingerprint -sha256) shows it."""
        certificate = x509.load_pem_x509_certificate(Path(self.ca or "").read_bytes())
        return certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    # Raw HTTP

    def call(self, method: str, path: str, json_body: object = None, token: str | None = None) -> requests.Response:
        """A request as the superuser, or with another token."""
        headers = {"Authorization": f"token={token or self.token}", "Accept": "*/*"}
        return self._session.request(
            method, self.url + path, json=json_body, headers=headers, verify=self.ca or True, timeout=30
        )

    def must(self, status: int, method: str, path: str, json_body: object = None) -> requests.Response:
        """A request that prepares a test."""
        answer = self.call(method, path, json_body)
        assert answer.status_code == status, answer.text
        return answer

    def log_in(self, uid: str, secret: str | rsa.RSAPrivateKey) -> str | None:
        """The token that a password or private key gets; None when it is refused."""
        body = {"uid": uid}
        if isinstance(secret, str):
            body["password"] = secret
        else:
            body["token"] = jwt.encode({"uid": uid, "exp": int(time.time()) + 300}, secret, "RS256")
        answer = self._session.post(self.url + LOGIN, json=body, verify=self.ca or True, timeout=30)
        assert answer.status_code in (200, 401), answer.text
        return answer.json()["token"] if answer.status_code == 200 else None

    @cached_property
    def token(self) -> str:
        token = self.log_in(SUPERUSER, PASSWORD)
        assert token is not None
        return token

    # What it holds

    def account(self, uid: str) -> dict[str, Any] | None:
        answer = self.call("GET", f"{IAM}/users/{uid}")
        if answer.status_code == 400:
            assert answer.json()["code"] == "ERR_UNKNOWN_USER_ID", answer.text
            return None
        return dict(answer.json())

    def grants(self, subject: str, kind: str = "users") -> dict[str, list[str]]:
        """The direct grants, actions sorted."""
        answer = self.must(200, "GET", f"{IAM}/{kind}/{subject}/permissions").json()
        entries = answer["direct"] if kind == "users" else answer["array"]
        return {entry["rid"]: sorted(action["name"] for action in entry["actions"]) for entry in entries}

    def groups(self, uid: str) -> list[str]:
        answer = self.must(200, "GET", f"{IAM}/users/{uid}/groups").json()
        return sorted(entry["group"]["gid"] for entry in answer["array"])

    def acl(self, rid: str) -> dict[str, Any] | None:
        answer = self.call("GET", f"{IAM}/acls/{encode_rid(rid)}")
        return dict(answer.json()) if answer.status_code == 200 else None

    def secret(self, path: str) -> str | None:
        """The text at a path."""
        answer = self.call("GET", SECRETS + path)
        assert answer.status_code in (200, 404), answer.text
        return answer.json()["value"] if answer.status_code == 200 else None

    def stored(self, path: str) -> dict[str, Any] | None:
        """The service-account document at a path."""
        text = self.secret(path)
        return None if text is None else dict(json.loads(text))

    def secrets_below(self, folder: str) -> list[str]:
        answer = self.call("GET", f"{SECRETS}{folder}?list=true")
        return sorted(answer.json()["array"]) if answer.status_code == 200 else []

    def logs_in(self, path: str) -> bool:
        """Whether a service could log in with what is stored for it."""
        stored = self.stored(path)
        return stored is not None and self.log_in(stored["uid"], load_private(stored["private_key"])) is not None

    # What tests put there

    def make_account(self, uid: str, key: rsa.RSAPrivateKey, description: str = "made by a test") -> str:
        self.must(201, "PUT", f"{IAM}/users/{uid}", {"description": description, "public_key": public_pem(key)})
        return uid

    def make_person(self, uid: str, password: str = "a-fine-password") -> str:
        self.must(201, "PUT", f"{IAM}/users/{uid}", {"description": "person", "password": password})
        return uid

    def make_group(self, gid: str, *members: str) -> str:
        self.must(201, "PUT", f"{IAM}/groups/{gid}", {"description": "group"})
        for uid in members:
            self.must(204, "PUT", f"{IAM}/groups/{gid}/users/{uid}")
        return gid

    def grant(self, subject: str, rid: str, *actions: str, kind: str = "users") -> None:
        path = f"{IAM}/acls/{encode_rid(rid)}"
        assert self.call("PUT", path, {"description": "acl"}).status_code in (201, 409)
        for action in actions:
            self.must(204, "PUT", f"{path}/{kind}/{subject}/{action}")

    def make_secret(self, path: str, value: str | Mapping[str, Any]) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        self.must(201, "PUT", SECRETS + path, {"value": text})
        return path

    def superuser(self, uid: str, key: rsa.RSAPrivateKey) -> str:
        """A service account that may do anything."""
        self.make_account(uid, key)
        self.grant(uid, "dcos:superuser", "full")
        return uid

    @property
    def connection(self) -> dict[str, Any]:
        """The options of the action group for this cluster."""
        options = {"dcos_url": self.url, "dcos_username": SUPERUSER, "dcos_password": PASSWORD}
        return {**options, **({"dcos_ca_path": self.ca} if self.ca else {})}


# Runs of Ansible


Task = dict[str, Any]


def task(module: str, name: str = "", *, args: Mapping[str, Any] | None = None, **keywords: Any) -> Task:
    """One task; C(args) are the module's, keywords the task's. Modules of the collection go by their short names."""
    if module.startswith("dcos_"):
        module = f"dcos.security.{module}"
    return {"name": name or module.rpartition(".")[2], module: dict(args or {}), **keywords}


@dataclass(frozen=True)
class TaskResult:
    """What a task came to."""

    host: str
    task: str
    action: str
    outcome: str
    start: float
    end: float
    result: dict[str, Any] = field(repr=False)

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))

    @property
    def code(self) -> str | None:
        return self.result["failure"]["code"]

    @property
    def diff(self) -> dict[str, Any]:
        return dict(self.result["diff"])

    def requests(self, emulator: Emulator, about: str = "") -> list[Request]:
        """What this task asked of the cluster; where others ran at the same time, C(about) tells them apart."""
        return emulator.requests(self.start, self.end, about)

    def writes(self, emulator: Emulator, about: str = "") -> list[str]:
        return [f"{each.method} {each.path}" for each in self.requests(emulator, about) if each.is_write]


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook."""

    returncode: int
    stdout: str
    stderr: str
    results: list[TaskResult]
    start: float
    end: float

    def of(self, case: str) -> list[TaskResult]:
        """The results of one case, its includes left out."""
        return [each for each in self.results if each.host == case and "include_tasks" not in each.action]

    def one(self, name: str, case: str = "case") -> TaskResult:
        """The result of the task with this name."""
        found = [each for each in self.of(case) if each.task == name or each.task.endswith(f" : {name}")]
        assert len(found) == 1, f"{case}, {name}: {len(found)} results\n{self.output}"
        return found[0]

    @property
    def output(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


SAME_PYTHON_STARTED_ANEW = "{{ ansible_playbook_python | dirname }}/./{{ ansible_playbook_python | basename }}"
"""By another name, so that modules do not run in the process of their task."""


class Lab:
    """A test's own folder with a HOME, a working directory and the playbooks of its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runs = 0

    def place(self, name: str) -> Path:
        """A folder of this test."""
        path = self.folder / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def file(self, name: str, text: str, mode: int = 0o600) -> str:
        """A file of this test; its path."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def play(
        self,
        cases: Sequence[Task] | Mapping[str, Sequence[Task]],
        emulator: Emulator | None = None,
        *,
        defaults: Mapping[str, Any] | None = None,
        fails: bool = False,
        warnings: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        side_by_side: int = 3,
        elsewhere: str = "",
        packed: bool = False,
    ) -> Run:
        """Run the tasks of one case, or those of several side by side.

        emulator: the cluster that C(module_defaults) name; C(defaults) takes the place of its connection.
        fails: whether a failing task is what the test is about.
        warnings: patterns; each must be in a warning, and no other warning may come.
        elsewhere: name for another HOME and working directory than other runs of this test have.
        packed: whether Ansible packs modules and starts an interpreter for each, as it does for other hosts.
        """
        if not isinstance(cases, Mapping):
            cases = {"case": cases}
        folder = self._new_run()
        for case, tasks in cases.items():
            (folder / f"{case}.tasks.json").write_text(json.dumps(list(tasks)))
        inventory = {
            "all": {
                "hosts": dict.fromkeys(cases),
                "vars": {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": os.environ.get(
                        "DCOS_TEST_TARGET_PYTHON",
                        SAME_PYTHON_STARTED_ANEW if packed else "{{ ansible_playbook_python }}",
                    ),
                },
            }
        }
        if defaults is None:
            defaults = emulator.connection if emulator is not None else {}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "strategy": "ansible.builtin.free",
            "module_defaults": {"group/dcos.security.dcos": dict(defaults)},
            "tasks": [{"ansible.builtin.include_tasks": str(folder / "{{ inventory_hostname }}.tasks.json")}],
        }
        (folder / "inventory.json").write_text(json.dumps(inventory))
        (folder / "play.json").write_text(json.dumps([play]))
        command = ["-i", str(folder / "inventory.json"), str(folder / "play.json"), *arguments]
        return self._run(folder, command, fails, warnings, environment or {}, side_by_side, elsewhere)

    def playbooks(
        self,
        plays: Sequence[Mapping[str, Any]],
        variables: Mapping[str, Any],
        *,
        hosts: Mapping[str, Mapping[str, Any]] | None = None,
        group: str = "ungrouped",
        fails: bool = False,
        warnings: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
        elsewhere: str = "",
        arguments: Sequence[str] = (),
        unsafe: bool = False,
    ) -> Run:
        """Run playbooks of the collection one after the other, as a user does: by name, with extra variables.

        plays: for each its name (C(import_playbook)) and what goes with that, such as C(vars).
        hosts: the inventory with the variables of each host, all of them in one group.
        unsafe: write the variables as AWX does.
        """
        folder = self._new_run()
        (folder / "site.json").write_text(json.dumps(list(plays)))
        (folder / "variables.json").write_text(_as_awx(variables) if unsafe else json.dumps(variables))
        (folder / "inventory.json").write_text(json.dumps({"all": {"children": {group: {"hosts": hosts or {}}}}}))
        command = ["-i", str(folder / "inventory.json"), str(folder / "site.json")]
        command += ["-e", f"@{folder / 'variables.json'}", *arguments]
        # Hosts that a playbook does not want, and the other way round, are no mistake here.
        quiet = {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
        return self._run(folder, command, fails, warnings, {**quiet, **(environment or {})}, 3, elsewhere)

    def environment(self) -> dict[str, str]:
        """For a command that is no run of these."""
        folder = self._new_run()
        return self._environment(folder, folder / "results.jsonl", "", 3)

    def _new_run(self) -> Path:
        self._runs += 1
        return self.place(f"run{self._runs}")

    def _run(
        self,
        folder: Path,
        arguments: Sequence[str],
        fails: bool,
        warnings: Iterable[str],
        environment: Mapping[str, str],
        side_by_side: int,
        elsewhere: str,
    ) -> Run:
        record = folder / "results.jsonl"
        record.touch()
        start = time.time()
        result = subprocess.run(
            [str(_BIN / "ansible-playbook"), *arguments],
            env={**self._environment(folder, record, elsewhere, side_by_side), **environment},
            cwd=self.place(f"cwd{elsewhere}"),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = record.read_text(encoding="utf-8").splitlines()
        results = [TaskResult(**json.loads(line)) for line in lines]
        run = Run(result.returncode, result.stdout, result.stderr, results, start, time.time())
        expected = (2,) if fails else (0,)
        assert run.returncode in expected, run.output
        _check_warnings(run, tuple(warnings))
        return run

    def _environment(self, folder: Path, record: Path, elsewhere: str, forks: int) -> dict[str, str]:
        home = self.place(f"home{elsewhere}")
        return {
            "HOME": str(home),
            "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
            "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
            "TMPDIR": str(self.place("tmp")),
            "ANSIBLE_HOME": str(home / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.place("tmp")),
            "ANSIBLE_REMOTE_TEMP": str(self.place("tmp")),
            "ANSIBLE_COLLECTIONS_PATH": os.environ.get("DCOS_TEST_COLLECTIONS", str(Path(sys.prefix) / "collections")),
            "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "plugins" / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder,archives",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_CONFIG": str(_HERE / "integration.cfg"),
            "RECORDER_PATH": str(record),
            # Of all tests of this process.
            "MODULE_ARCHIVES": str(self.folder.parent / "archives"),
        }


def _as_awx(value: object) -> str:
    """YAML in which every text, keys included, is tagged as unsafe: ansible-core 2.19 reads '' as null then."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_as_awx(key)}: {_as_awx(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_awx, value)) + "]"
    return f"!unsafe {json.dumps(value)}" if isinstance(value, str) else json.dumps(value)


def _check_warnings(run: Run, expected: tuple[str, ...]) -> None:
    """Warnings and deprecations are what the test said, no more and no less."""
    # Up to ansible-core 2.18, lines of a warning end at hyphens too.
    said = " ".join(run.stderr.replace("-\n", "-").split())
    assert "[DEPRECATION WARNING]" not in said, run.stderr
    found = said.split("[WARNING]: ")[1:]
    found += [str(text) for each in run.results for text in each.result.get("warnings") or ()]
    for text in found:
        assert any(re.search(pattern, text) for pattern in expected), f"unexpected warning: {text}"
    for pattern in expected:
        assert any(re.search(pattern, text) for text in found), f"no warning like {pattern!r}:\n{run.stderr}"


# Looking at results


def fingerprint(key: Any) -> str:
    """As DC/OS users see it in results: computed here by other means than the collection's."""
    public = key.public_key() if hasattr(key, "public_key") else key
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def values(result: TaskResult) -> dict[str, Any]:
    """What the module itself returned."""
    surroundings = {"invocation", "diff", "changed", "warnings", "deprecations", "exception"}
    return {k: v for k, v in result.result.items() if k not in surroundings and not k.startswith("_ansible")}


# Looking for secrets


def found_secrets(texts: Mapping[str, str], secrets: Mapping[str, str]) -> list[str]:
    """Which secrets are in which texts, in whatever form; of a PEM each line of its body is one."""
    parts = {name: _parts(secret) for name, secret in secrets.items()}
    forms = {name: {form for part in listed for form in _forms(part)} for name, listed in parts.items()}
    found = []
    for place, text in texts.items():
        # Messages are broken into lines anywhere.
        squeezed = "".join(text.split())
        for name, those in forms.items():
            if any(form in text or "".join(form.split()) in squeezed for form in those):
                found.append(f"{name} in {place}")
    return found


def _parts(secret: str) -> list[str]:
    if "-----BEGIN" not in secret:
        return [secret]
    return [line for line in secret.splitlines() if len(line) > 32 and not line.startswith("-----")]


def _forms(text: str) -> set[str]:
    raw = text.encode()
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    forms |= {quote(text, safe=""), quote(text), quote_plus(text)}
    # Twice escaped: JSON in JSON.
    forms |= {json.dumps(form)[1:-1] for form in set(forms)}
    for offset in range(3):
        # Wherever it is in what is encoded; the ends depend on the neighbours and are left out.
        inner = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")[(offset * 4 + 2) // 3 : -1]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


# Interruptions


@dataclass(frozen=True)
class Cut:
    """The connection that goes away for good at one request.

    index: number of the request among those about the account.
    took_effect: whether the cluster has carried it out.
    """

    index: int
    took_effect: bool

    def faults(self, uid: str) -> list[dict[str, Any]]:
        match = {"path": uid}
        first = {"kind": "cut_after" if self.took_effect else "cut_before", "match": match, "skip": self.index}
        # The first one that strikes hides a request from the second, so the order matters.
        return [{"kind": "cut_before", "match": match, "skip": self.index + 1}, first]


def writes_of(lab: Lab, emulator: Emulator, about: str, tasks: Sequence[Task]) -> list[int]:
    """Which of the requests about something are writes, when the tasks run and nothing fails."""
    run = lab.play(tasks, emulator)
    requests = emulator.requests(run.start, run.end, about)
    return [index for index, request in enumerate(requests) if request.is_write]


def cuts_at(prefix: str, indexes: Sequence[int]) -> dict[str, Cut]:
    """Cuts before each of these requests and after the last, each for a name of its own.

    A cut after another one leaves the same as that before the next.
    """
    cuts = [*(Cut(index, False) for index in indexes), Cut(indexes[-1], True)]
    return {unique(prefix): cut for cut in cuts}


def interrupted(
    lab: Lab, emulator: Emulator, cuts: dict[str, Cut], tasks: Callable[[str], list[Task]], **options: Any
) -> Run:
    """Run the tasks of all accounts, each with its own cut; nothing is tried again."""
    faults = [fault for uid, cut in cuts.items() for fault in cut.faults(uid)]
    defaults = {**emulator.connection, "dcos_retries": 0}
    with emulator.failing(*faults):
        run = lab.play({uid: tasks(uid) for uid in cuts}, defaults=defaults, fails=True, **options)
    for uid in cuts:
        last = run.of(uid)[-1]
        assert last.outcome == "failed", f"{uid}, {cuts[uid]}: {last.task} was {last.outcome}"
        assert last.code == "unreachable", last.message
        hit = emulator.requests(run.start, run.end, uid)[cuts[uid].index]
        assert hit.is_write
        assert hit.fault == ("cut_after" if cuts[uid].took_effect else "cut_before")
    return run
