# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kit for AWX, with AWX's own tools in its place: its command line, its injection of credentials, its runner."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from collection import ROOT
from fake_awx import FIELDS, KEYS, running
from integration_support import KEYS as RSA_KEYS
from integration_support import PASSWORD, SUPERUSER, Emulator, found_secrets, private_pem
from pythons import environment, interpreters

pytestmark = pytest.mark.timeout(900)

BUILD = ROOT / ".build"
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def python() -> Path:
    """Of a version that AWX's injection of credentials and ansible-core 2.18 run on."""
    versions = [version for version in interpreters() if 11 <= int(version[2:]) <= 13]
    assert versions, "Python 3.11, 3.12 or 3.13 is needed on PATH"
    return interpreters()[min(versions, key=lambda version: int(version[2:]))]


@pytest.fixture(scope="module")
def tools(python: Path) -> Path:
    """The folder with the commands of AWX."""
    return environment(BUILD / "awx", python, ["-r", str(ROOT / "requirements" / "awx.txt")]).parent


@pytest.fixture(scope="module")
def older_ansible(python: Path) -> Path:
    """The folder with the commands of an ansible-core that keeps !unsafe text as it is; 2.19 reads '' as null."""
    wanted = ["ansible-core ~= 2.18.0", "-r", str(ROOT / "requirements.txt")]
    return environment(BUILD / "ansible-2.18", python, wanted).parent


@pytest.fixture(scope="module")
def user(installed: Path, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user with the installed collection, and Ansible and the tools on PATH."""
    return {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "LC_ALL": os.environ.get("LC_ALL", "C.UTF-8"),
        "PATH": os.pathsep.join([str(BIN), str(tools), os.environ["PATH"]]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANSIBLE_COLLECTIONS_PATH": str(installed),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }


@pytest.fixture(scope="module")
def kit(user: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by the playbook of the installed collection."""
    folder = tmp_path_factory.mktemp("awx") / "kit"
    said = {"dcos_awx_dir": str(folder), "dcos_awx_organization": "Default", "dcos_awx_project": "dcos"}
    run("ansible-playbook", "dcos.security.awx_kit", "-e", json.dumps(said), cwd=folder.parent, env=user)
    return folder


@pytest.fixture(scope="module")
def full_kit(user: dict[str, str], kit: Path) -> Path:
    """With all that can be said of the project and the execution environment."""
    folder = kit.with_name("full")
    said = {
        "dcos_awx_dir": str(folder),
        "dcos_awx_organization": "Default",
        "dcos_awx_project": "dcos",
        "dcos_awx_scm_url": "https://git.example.com/dcos.git",
        "dcos_awx_scm_credential": "Git",
        "dcos_awx_execution_environment_image": "registry.example.com/dcos:1",
    }
    run("ansible-playbook", "dcos.security.awx_kit", "-e", json.dumps(said), cwd=folder.parent, env=user)
    return folder


def printed(kit: Path, heading: str) -> str:
    """The commands below a heading of the README."""
    text = (kit / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"## {heading}.*?```bash\n(.*?)```", text, re.DOTALL)
    assert block
    return block[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("cluster"), "strict")
    yield emulator
    emulator.stop()


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str], stdin: str = "", fails: bool = False
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, env=dict(env), input=stdin, capture_output=True, text=True, check=False
    )
    assert (result.returncode != 0) == fails, f"{result.stdout}\n{result.stderr}"
    return result


# awx import


@pytest.mark.parametrize("which", [pytest.param("kit", marks=pytest.mark.exhaustive), "full_kit"])
def test_awx_import_twice(which: str, user: dict[str, str], request: pytest.FixtureRequest) -> None:
    """Everything arrives; the second time the same objects are replaced by the same, and surveys are sent again."""
    kit: Path = request.getfixturevalue(which)
    text = (kit / "import.yml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    (command,) = (line.strip() for line in printed(kit, "Five steps").splitlines() if "awx -f" in line)
    with running() as awx:
        env = {**user, "CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": "any"}
        first = run("bash", "-c", command, cwd=kit, env=env)
        created, templates = json.dumps(awx.objects, sort_keys=True), awx.named("job_templates")
        attached, surveys = dict(awx.attached), dict(awx.surveys)
        before = len(awx.asked)
        second = run("bash", "-c", command, cwd=kit, env=env)
    for output in (first, second):
        assert not re.search("ERROR|WARNING|Could not", output.stderr + output.stdout), output.stderr
    assert json.dumps(awx.objects, sort_keys=True) == created
    assert (awx.attached, awx.surveys) == (attached, surveys)
    again = {(method, path.split("/")[-2]) for method, path in awx.asked[before:] if method not in ("GET", "OPTIONS")}
    assert {name for method, name in again if method == "POST"} == {"survey_spec"}

    assert set(templates) == {each["name"] for each in data["job_templates"]}
    for kind, assets in data.items():
        kind = "inventories" if kind == "inventory" else kind
        for asset in assets:
            found = awx.named(kind)[asset["name"]]
            said = {name: value for name, value in asset.items() if name not in ("natural_key", "related")}
            assert said.keys() <= set(FIELDS[kind].split()), "the client would leave it out"
            assert {name: found[name] for name in said if name not in KEYS} == {
                name: value for name, value in said.items() if name not in KEYS
            }
            assert all(found[name] for name in said if name in KEYS)
    for asset in [*data["job_templates"], *data["workflow_job_templates"]]:
        kind = asset["natural_key"]["type"] + "s"
        assert surveys[awx.named(kind)[asset["name"]]["id"]] == asset["related"]["survey_spec"]
    assert len(awx.objects["schedules"]) == 3
    assert set(awx.named("workflow_job_template_nodes")) == {"provision", "verify", "report"}
    assert sorted(len(numbers) for path, numbers in attached.items() if path.endswith("_nodes/")) == [1, 1, 1]
    credential = awx.named("credentials")["DC/OS"]["id"]
    assert [numbers for path, numbers in attached.items() if path.endswith("/credentials/")] == [
        [credential] for _template in templates
    ]


# Credentials in jobs


class Job:
    """A job as AWX prepares it: the project, the credential by AWX's own code, and then ansible-runner."""

    def __init__(self, folder: Path, kit: Path, tools: Path, user: dict[str, str]) -> None:
        self.folder, self.tools, self.user = folder, tools, user
        (folder / "env").mkdir(parents=True)
        shutil.copytree(kit / "project", folder / "project")
        self.texts: dict[str, str] = {}
        self.kind = yaml.safe_load((kit / "import.yml").read_text(encoding="utf-8"))["credential_types"][0]

    def start(self, inputs: Mapping[str, object], playbook: str = "show_access.yml", *options: str) -> tuple[int, str]:
        given = json.dumps({"type": self.kind, "inputs": inputs, "folder": str(self.folder)})
        said = json.loads(
            run(self.tools / "python", HERE / "awx_inject.py", cwd=HERE, env=self.user, stdin=given).stdout
        )
        # Files are named as in the container, where the folder of the job is /runner.
        env = {name: value.replace("/runner/", f"{self.folder}/") for name, value in said["environment"].items()}
        secrets = {
            name: str(inputs[name]) for name in ("password", "token", "id_token", "private_key") if inputs.get(name)
        }
        assert found_secrets({"what AWX shows": json.dumps(said["shown"])}, secrets) == []
        (self.folder / "env" / "envvars").write_text(json.dumps(env), encoding="utf-8")
        inventory = str(self.folder / "project" / "inventory.yml")
        command = [str(self.tools / "ansible-runner"), "run", str(self.folder), "--inventory", inventory]
        command += ["--playbook", playbook, *options]
        result = subprocess.run(command, cwd=self.folder, env=self.user, capture_output=True, text=True, check=False)
        texts = {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8")
            for path in (self.folder / "artifacts").rglob("*")
            if path.is_file() and path.name != "command"
        }
        assert any("job_events" in path for path in texts)
        self.texts = {**texts, "output": result.stdout + result.stderr}
        assert found_secrets(self.texts, secrets) == []
        return result.returncode, " ".join(result.stdout.split())


def cases(cluster: Emulator) -> dict[str, tuple[dict[str, object], str]]:
    """The fields of credentials, and what the job says of each that must not work."""
    ca = Path(cluster.ca or "").read_text(encoding="utf-8")
    uid = "automation"
    cluster.superuser(uid, RSA_KEYS[0])
    person = {"url": cluster.url, "username": SUPERUSER, "password": PASSWORD, "ca": ca}
    forms: dict[str, dict[str, object]] = {
        "password": dict(person),
        # As somebody pastes it.
        "key": {"url": cluster.url, "username": uid, "private_key": private_pem(RSA_KEYS[0]).rstrip("\n"), "ca": ca},
        "token": {"url": cluster.url, "token": cluster.token, "ca": ca},
    }
    names = ("username", "password", "private_key", "token", "id_token", "ca", "timeout", "retries")
    found: dict[str, tuple[dict[str, object], str]] = {}
    for form, fields in forms.items():
        # Fields that were cleared are there as empty text; those that never were filled in are not there.
        found[f"{form}, the rest cleared"] = ({**dict.fromkeys(names, ""), **fields}, "")
        found[f"{form}, not verified"] = ({**fields, "ca": "", "insecure": True}, "")
    found["only the form"] = (person, "")
    numbers = {**person, "timeout": "20", "retries": "1", "insecure": False, "allow_http": False}
    for name in numbers:
        emptied = {**numbers, name: False if isinstance(numbers[name], bool) else ""}
        wrong = {"url": "dcos_url", "username": "DCOS_USERNAME", "password": "DCOS_USERNAME", "ca": "certificate"}
        found[f"without {name}"] = (emptied, wrong.get(name, ""))
    return found


def test_credentials_in_jobs(kit: Path, tools: Path, user: dict[str, str], cluster: Emulator, tmp_path: Path) -> None:
    """Every way to log in, with and without a CA bundle, and every field empty in turn."""
    given = cases(cluster)

    def one(number: int, fields: dict[str, object]) -> tuple[int, str]:
        return Job(tmp_path / f"job{number}", kit, tools, user).start(fields)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(one, range(len(given)), [fields for fields, _said in given.values()]))
    for (name, (_fields, said)), (status, output) in zip(given.items(), done, strict=True):
        assert (status == 0) == (not said), f"{name}: {output}"
        assert said in output, f"{name}: {output}"


def test_a_service_is_provisioned_by_a_job(
    kit: Path, tools: Path, user: dict[str, str], cluster: Emulator, tmp_path: Path
) -> None:
    """With the answers that AWX sends where only the required question was answered."""
    survey = next(
        template["related"]["survey_spec"]["spec"]
        for template in yaml.safe_load((kit / "import.yml").read_text(encoding="utf-8"))["job_templates"]
        if template["playbook"] == "provision_service.yml"
    )
    answers = {each["variable"]: each["default"] for each in survey} | {"dcos_service_name": "/awx/web"}
    job = Job(tmp_path / "job", kit, tools, user)
    lines = "".join(f"!unsafe {json.dumps(name)}: !unsafe {json.dumps(value)}\n" for name, value in answers.items())
    (job.folder / "env" / "answers.yml").write_text(lines, encoding="utf-8")
    ca = Path(cluster.ca or "").read_text(encoding="utf-8")
    fields = {"url": cluster.url, "username": SUPERUSER, "password": PASSWORD, "ca": ca}
    status, output = job.start(fields, "provision_service.yml", "--cmdline", f"-e @{job.folder}/env/answers.yml")
    assert status == 0, output
    assert cluster.logs_in("awx/web/web-secret")
    # What the guide warns of, and a sign that secrets would be found elsewhere.
    (command,) = job.folder.glob("artifacts/*/command")
    assert found_secrets({"command": command.read_text(encoding="utf-8")}, {"password": PASSWORD}) != []
    stored = cluster.stored("awx/web/web-secret")
    assert stored is not None
    assert found_secrets(job.texts, {"key of the service": stored["private_key"]}) == []


def test_an_id_token_in_a_job(kit: Path, tools: Path, user: dict[str, str], tmp_path: Path) -> None:
    """An open cluster takes it; the job keeps the token that it gets for it."""
    cluster = Emulator(tmp_path / "open", "strict", variant="open")
    try:
        fields = {
            "url": cluster.url,
            "id_token": cluster.id_token("jo@example.com"),
            "ca": Path(cluster.ca or "").read_text(encoding="utf-8"),
        }
        job = Job(tmp_path / "job", kit, tools, user)
        token = tmp_path / "kept.token"
        status, output = job.start(fields, "keep_token.yml", "--cmdline", f"-e dcos_token_path={token}")
        assert status == 0, output
        assert found_secrets(job.texts, {"kept token": token.read_text(encoding="utf-8").strip()}) == []
    finally:
        cluster.stop()


def test_the_execution_environment(kit: Path, judges: Path, user: dict[str, str], tmp_path: Path) -> None:
    """ansible-builder takes the definition, as far as it gets without a container engine."""
    definition = kit / "project" / "execution-environment.yml"
    run(
        judges / "ansible-builder", "create", "--file", definition, "--context", tmp_path / "ee", cwd=tmp_path, env=user
    )
    assert "cryptography >= 42" in (tmp_path / "ee" / "_build" / "requirements.txt").read_text(encoding="utf-8")
    assert "dcos.security" in (tmp_path / "ee" / "_build" / "requirements.yml").read_text(encoding="utf-8")


def test_unanswered_surveys_with_an_older_ansible(
    kit: Path, older_ansible: Path, user: dict[str, str], cluster: Emulator, tmp_path: Path
) -> None:
    """Every playbook of the project, lists as JSON text; tests/integration does so with the newest ansible-core."""
    templates = yaml.safe_load((kit / "import.yml").read_text(encoding="utf-8"))["job_templates"]
    questions = [each["variable"] for template in templates for each in template["related"]["survey_spec"]["spec"]]
    rid, log = "dcos:adminrouter:ops:mesos", tmp_path / "audit.log"
    log.write_text(f"type=audit authorizer=adminrouter object={rid} action=full result=deny uid=old__web-principal\n")
    answers = {
        **dict.fromkeys(questions, ""),
        "dcos_url": cluster.url,
        "dcos_ca_path": cluster.ca,
        "dcos_username": SUPERUSER,
        "dcos_password": PASSWORD,
        "dcos_service_name": "/old/web",
        "dcos_services": json.dumps([{"name": "/old/web"}, {"name": "/old/queue"}]),
        "dcos_audit_paths": json.dumps([str(log)]),
        "dcos_permissions_file": str(tmp_path / "found.yml"),
        "dcos_token_path": str(tmp_path / "kept.token"),
    }
    file = tmp_path / "answers.yml"
    file.write_text(
        "".join(f"!unsafe {json.dumps(name)}: !unsafe {json.dumps(said)}\n" for name, said in answers.items())
    )
    env = {**user, "PATH": os.pathsep.join([str(older_ansible), user["PATH"]])}

    def play(*names: str) -> str:
        command = ["ansible-playbook", "-i", "inventory.yml", "-e", f"@{file}", *(f"{name}.yml" for name in names)]
        done = run(*command, cwd=kit / "project", env=env)
        assert "WARNING" not in done.stderr, done.stderr
        return done.stdout

    first = [
        "provision_service",
        "provision_services",
        "rotate_keys",
        "keep_token",
        "find_permissions",
        "finish_bring_up",
    ]
    last = ["bootstrap", "show_access", "retire_service", "retire_services"]
    assert {f"{name}.yml" for name in (*first, *last)} == {template["playbook"] for template in templates}
    play(*first)
    assert cluster.logs_in("old/web/web-secret")
    assert cluster.logs_in("old/queue/queue-secret")
    assert cluster.grants("old__web-principal") == {rid: ["full"]}
    play(*last)
    assert cluster.secrets_below("old") == []


# The README


def test_the_readme_works_as_printed(kit: Path, user: dict[str, str], cluster: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    shutil.copytree(kit, folder)
    shutil.copy(cluster.ca or "", folder / "dcos-ca.crt")
    script = printed(folder, "Try it without AWX")
    for shown, ours in {
        "https://dcos.example.com": cluster.url,
        "=admin": f"={SUPERUSER}",
        "=...": f"={shlex.quote(PASSWORD)}",
    }.items():
        assert shown in script
        script = script.replace(shown, ours)
    output = run("bash", "-eu", "-c", script, cwd=folder, env=user).stdout
    assert SUPERUSER in output
    assert found_secrets({"output": output}, {"password": PASSWORD}) == []
