# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the YAML examples of the documentation, and runs them as they stand.

Not a letter of an example is changed. What it takes for granted is arranged around it: C(dcos.example.com) is an
emulator behind a proxy, with a certificate for that name; variables from vaults are extra variables; files lie in the
working folder. Each example runs twice in a row. Many share one run of ansible-playbook, since starting it is what
takes time; the callback plugin of the integration tests notes what came of each task.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from integration_support import KEYS, Emulator, private_pem, public_pem

from dcos_emulator import certificates
from dcos_emulator.datadir import DataDir

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent

HOST = "dcos.example.com"
ADMIN = "admin"
ADMIN_PASSWORD = "the-password-of-the-examples"

# --- finding ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """One example: where it stands, its first name (that of a play, a task) or first line, and its text."""

    source: str
    title: str
    text: str = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.source}: {self.title}"

    @property
    def kind(self) -> str:
        """C(plays), C(tasks) or C(data)."""
        content = yaml.safe_load(self.text)
        if not isinstance(content, list):
            return "data"
        of_plays = {"hosts", "import_playbook", "ansible.builtin.import_playbook"}
        return "plays" if any(of_plays & set(item) for item in content) else "tasks"


def find_examples() -> list[Found]:
    found: list[Found] = []
    for path in sorted([*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("plugins/lookup/*.py")]):
        found.append(_found(path, _constant(path, "EXAMPLES")))
    for path in sorted(ROOT.glob("plugins/filter/*.yml")):
        found.append(_found(path, yaml.safe_load(path.read_text(encoding="utf-8"))["EXAMPLES"]))
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/**/README.md")]):
        found += [_found(path, text) for text in _fenced(path.read_text(encoding="utf-8"))]
    for path in sorted(ROOT.glob("docs/docsite/rst/*.rst")):
        found += [_found(path, text) for text in _code_blocks(path.read_text(encoding="utf-8"))]
    return found


def _found(path: Path, text: str) -> Found:
    name = re.search(r"^\s*-? *name: *(.+)$", text, re.MULTILINE)
    title = name.group(1) if name else text.strip().splitlines()[0]
    return Found(path.relative_to(ROOT).as_posix(), title.strip(), text)


def _constant(path: Path, name: str) -> str:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path} has no {name}")


def _fenced(markdown: str) -> list[str]:
    return re.findall(r"^```ya?ml\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


def _code_blocks(rst: str) -> list[str]:
    """What is indented below C(.. code-block:: yaml)."""
    blocks = re.findall(r"^( *)\.\. code-block:: ya?ml *\n((?:\1 +.*\n|[ \t]*\n)+)", rst, re.MULTILINE)
    return [textwrap.dedent(body).strip("\n") + "\n" for _indent, body in blocks]


# --- the table's words -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """What one example needs and what must come of it.

    changed, again: names of the tasks that report a change in the first and in the second run, those of roles
    included; all others must not. A task list is run task by task, each as often as asked, in a row.
    fails: names of the tasks that fail and are rescued.
    use_case: whether the guide to use cases names it; such an example always runs twice.
    before: tasks (YAML) that prepare the cluster, once.
    around: plays (YAML) that put an example to use which is neither plays nor tasks; C(FILE) is the file it is in.
    """

    source: str
    title: str
    changed: Sequence[str] = ()
    again: Sequence[str] = ()
    fails: Sequence[str] = ()
    use_case: bool = False
    before: str = ""
    around: str = ""

    @property
    def id(self) -> str:
        return f"{self.source}: {self.title}"

    def turns(self, asked: int) -> int:
        return 2 if self.use_case else asked


@dataclass(frozen=True)
class Group:
    """Examples that share a cluster and one run, in this order.

    variant: of the cluster; to an open one the examples come with an ID token.
    connection: whether the environment names the connection.
    dcos_cli: whether the DC/OS CLI is set up for the cluster, and logged in.
    accounts: service accounts that exist, with the file that their private key is in; empty text for none.
    public_keys: files with a public key.
    groups: groups that exist.
    warnings: patterns; every warning must fit one, and every pattern a warning.
    host_variables: what an inventory would say about the host.
    data_dirs: where emulators of the examples' own keep their clusters; they are stopped and removed.
    """

    examples: Sequence[Example]
    mode: str = "strict"
    variant: str = "enterprise"
    connection: bool = True
    dcos_cli: bool = False
    accounts: dict[str, str] = field(default_factory=dict)
    public_keys: Sequence[str] = ()
    groups: Sequence[str] = ()
    warnings: Sequence[str] = ()
    host_variables: dict[str, str] = field(default_factory=dict)
    data_dirs: Sequence[str] = ()


# --- the cluster under the name of the examples ----------------------------------------------------------------------


class _Proxy(socketserver.ThreadingTCPServer):
    """Takes what is meant for dcos.example.com to the emulator, and nothing else anywhere."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, http: int, https: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.targets = {f"CONNECT {HOST}:443": https, f"http://{HOST}": http}


class _ProxyHandler(socketserver.BaseRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = self.request.recv(65536)
            if not data:
                return
            head += data
        line = head.split(b"\r\n", 1)[0].decode("ascii", "replace")
        tunnel = line.startswith("CONNECT ")
        wanted = " ".join(line.split()[:2]) if tunnel else "/".join(line.split()[1].split("/")[:3])
        port = self.server.targets.get(wanted)
        if port is None:
            self.request.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as cluster:
            if tunnel:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                # The emulator takes a request line with a whole URL, as a proxy gets it.
                cluster.sendall(head)
            back = threading.Thread(target=_pump, args=(cluster, self.request), daemon=True)
            back.start()
            _pump(self.request, cluster)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side is gone, and with it the connection


@contextmanager
def cluster(folder: Path, mode: str, variant: str) -> Iterator[tuple[Emulator, str]]:
    """An emulator with a certificate for dcos.example.com too and a user C(admin), and the URL of the way to it."""
    data = DataDir(folder / "cluster")
    data.create()
    with mock.patch.object(certificates, "DNS_NAMES", (*certificates.DNS_NAMES, HOST)):
        certificates.ensure_certificates(data.ca, data.ca_key, data.server_certificate, data.server_key)
    emulator = Emulator(data.path, mode, variant=variant)
    try:
        if variant == "enterprise":
            emulator.make_person(ADMIN, ADMIN_PASSWORD)
            emulator.must(204, "PUT", f"/acs/api/v1/groups/superusers/users/{ADMIN}")
        ports = [int(url.rsplit(":", 1)[1]) if url else None for url in (emulator.http, emulator.https)]
        with _Proxy(ports[0] or 0, ports[1]) as proxy:
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            try:
                yield emulator, f"http://127.0.0.1:{proxy.server_address[1]}"
            finally:
                proxy.shutdown()
    finally:
        emulator.stop()


# --- running ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of one task."""

    task: str
    outcome: str
    changed: bool


@dataclass(frozen=True)
class Turn:
    """One run of an example."""

    outcomes: tuple[Outcome, ...]
    complete: bool

    @property
    def changed(self) -> list[str]:
        return sorted({each.task for each in self.outcomes if each.changed and each.outcome == "ok"})

    @property
    def failed(self) -> list[str]:
        return sorted({each.task for each in self.outcomes if each.outcome not in ("ok", "skipped")})


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook with the examples of a group."""

    returncode: int
    output: str
    warnings: tuple[str, ...]
    turns: dict[tuple[str, int], Turn]


def run_group(group: Group, found: dict[str, Found], folder: Path, turns: int) -> Run:
    """Run each example of a group so many times in a row."""
    with cluster(folder, group.mode, group.variant) as (emulator, proxy):
        work = folder / "work"
        work.mkdir()
        home = folder / "home"
        home.mkdir()
        _prepare(group, emulator, work, home)
        playbook: list[dict[str, Any]] = []
        for number, example in enumerate(group.examples):
            playbook += _plays(example, found[example.id], number, work, example.turns(turns))
        playbook.append(_marker("end"))
        (work / "site.yml").write_text(json.dumps(playbook), encoding="utf-8")
        try:
            return _run(group, emulator, folder, work, home, proxy)
        finally:
            for name in group.data_dirs:
                _remove_cluster(work / name)


def _remove_cluster(data_dir: Path) -> None:
    if data_dir.exists():
        subprocess.run([str(BIN / "dcos-emulator"), "stop", "--data-dir", str(data_dir)], check=True)
        shutil.rmtree(data_dir)


def _prepare(group: Group, emulator: Emulator, work: Path, home: Path) -> None:
    """Files and accounts that examples take for granted."""
    if emulator.ca is not None:
        shutil.copy(emulator.ca, work / "dcos-ca.crt")
    for number, (uid, name) in enumerate(group.accounts.items()):
        emulator.make_account(uid, KEYS[number])
        if name:
            (work / name).write_text(private_pem(KEYS[number]))
            (work / name).chmod(0o600)
    for number, name in enumerate(group.public_keys, len(group.accounts)):
        (work / name).write_text(public_pem(KEYS[number]))
    for gid in group.groups:
        emulator.make_group(gid)
    (work / "group_vars").mkdir()
    (work / "group_vars" / "all.json").write_text(json.dumps(group.host_variables))
    if group.dcos_cli:
        settings = home / ".dcos" / "clusters" / "an-id"
        settings.mkdir(parents=True)
        (settings / "attached").touch()
        token = emulator.log_in(ADMIN, ADMIN_PASSWORD)
        lines = [f'dcos_url = "https://{HOST}"', f'dcos_acs_token = "{token}"', f'ssl_verify = "{emulator.ca}"']
        (settings / "dcos.toml").write_text("\n".join(["[core]", *lines, ""]))
        (settings / "dcos.toml").chmod(0o600)


def _plays(example: Example, found: Found, number: int, work: Path, turns: int) -> list[dict[str, Any]]:
    file = f"example-{number}.yml"
    (work / file).write_text(found.text, encoding="utf-8")
    plays: list[dict[str, Any]] = []
    if example.before:
        tasks = yaml.safe_load(example.before)
        plays += [_marker("before"), {"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    if found.kind == "tasks":
        return [*plays, _task_by_task(found, number, work, turns)]
    if found.kind == "plays":
        turned = [{"import_playbook": file}]
    else:
        turned = yaml.safe_load(example.around.replace("FILE", file))
    for turn in range(1, turns + 1):
        plays += [_marker(f"{number} {turn}"), *turned]
    return plays


def _task_by_task(found: Found, number: int, work: Path, turns: int) -> dict[str, Any]:
    """A play with each task of a list so many times in a row; registered results go from one to the next."""
    starts = [node.start_mark.line for node in yaml.compose(found.text, yaml.SafeLoader).value]
    lines = found.text.splitlines(keepends=True)
    tasks: list[dict[str, Any]] = []
    for part, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        file = f"example-{number}-{part}.yml"
        (work / file).write_text("".join(lines[start:end]), encoding="utf-8")
        for turn in range(1, turns + 1):
            tasks += [*_marker(f"{number} {turn}")["tasks"], {"ansible.builtin.import_tasks": file}]
    return {"hosts": "localhost", "gather_facts": False, "tasks": tasks}


def _marker(text: str) -> dict[str, Any]:
    """Says in the record of outcomes what comes next."""
    return {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": f"@@ {text}", "ansible.builtin.debug": {"msg": text}}],
    }


def _run(group: Group, emulator: Emulator, folder: Path, work: Path, home: Path, proxy: str) -> Run:
    record = folder / "record.jsonl"
    record.touch()
    temporary = folder / "tmp"
    temporary.mkdir()
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        # From the vaults of the examples' authors.
        "vault_dcos_password": ADMIN_PASSWORD,
        "dcos_admin_password": ADMIN_PASSWORD,
        "vault_first_password": "a-first-password",
        "vault_new_password": "a-new-password",
        "vault_db_password": "the password of a database",
        "dcos_ca_fingerprint": _fingerprint(work / "dcos-ca.crt"),
        # Saves the installation into an environment of its own.
        "dcos_emulator_executable": str(BIN / "dcos-emulator"),
    }
    credentials = {"DCOS_USERNAME": ADMIN, "DCOS_PASSWORD": ADMIN_PASSWORD}
    if group.variant != "enterprise":
        variables["vault_dcos_id_token"] = emulator.id_token(f"{ADMIN}@example.com")
        credentials = {"DCOS_ID_TOKEN": variables["vault_dcos_id_token"]}
    (folder / "variables.json").write_text(json.dumps(variables))
    environment = {
        "HOME": str(home),
        "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(temporary),
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "ANSIBLE_COLLECTIONS_PATH": str(Path(sys.prefix) / "collections"),
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE.parent / "integration" / "plugins" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,archives",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CONFIG": str(HERE.parent / "integration" / "integration.cfg"),
        "RECORDER_PATH": str(record),
        "MODULE_ARCHIVES": str(folder.parent / "archives"),
    }
    if group.connection:
        environment |= {
            "DCOS_URL": f"https://{HOST}",
            "DCOS_TLS_CA_PATH": str(work / "dcos-ca.crt"),
            **credentials,
        }
    result = subprocess.run(
        [str(BIN / "ansible-playbook"), "site.yml", "-e", f"@{folder / 'variables.json'}"],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    output = f"{result.stdout}\n{result.stderr}"
    said = " ".join(result.stderr.split()).split("[WARNING]: ")[1:]
    deprecations = re.findall(r"\[DEPRECATION WARNING\].*", result.stderr)
    return Run(result.returncode, output, (*said, *deprecations), _turns(group, record))


def _fingerprint(path: Path) -> str:
    if not path.exists():
        return ""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()


def _turns(group: Group, record: Path) -> dict[tuple[str, int], Turn]:
    """The outcomes between the markers."""
    outcomes: dict[tuple[str, int], list[Outcome]] = {}
    current: tuple[str, int] | None = None
    finished: set[tuple[str, int]] = set()
    for line in record.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        # Without the name of the role in front.
        name = entry["task"].rpartition(" : ")[2]
        if name.startswith("@@ "):
            if current is not None:
                finished.add(current)
            words = name.split()[1:]
            current = (group.examples[int(words[0])].id, int(words[1])) if len(words) == 2 else None
            if current is not None:
                outcomes.setdefault(current, [])
        elif current is not None:
            outcomes[current].append(Outcome(name, entry["outcome"], bool(entry["result"].get("changed"))))
    return {key: Turn(tuple(found), key in finished) for key, found in outcomes.items()}
