# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret shows in -vvvv --diff, in logs, in what callbacks are given; and generated keys are in no file."""

from __future__ import annotations

import base64
import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from integration_support import (
    KEYS,
    PASSWORD,
    SUPERUSER,
    Emulator,
    Lab,
    Run,
    Task,
    document,
    found_secrets,
    new_key,
    private_pem,
    public_pem,
    task,
    unique,
)

MODULES = Path(__file__).parents[2] / "plugins" / "modules"
OTHERS_PASSWORD = "Fl0wer pot\\/?#'"
FOREIGN_TEXT = "what-another-team-stored-here-9182"
PLAIN_TEXT = 'a db "password" \\ of the shop 4711'
PLAIN_FILE = "what-is-in-the-keytab-of-the-shop-0815"
NEW_PASSWORD = 'An0ther "pot" & more+'
SUCCEED = ("generate", "given", "pair", "account", "plain", "lookup", "reading", "people", "fleet")
LOUD = ("-vvvv", "--diff")


@dataclass(frozen=True)
class Loud:
    """The run, and every secret that played a part in it."""

    run: Run
    secrets: dict[str, str]
    texts: dict[str, str]


def cases(e: Emulator, lab: Lab, secrets: dict[str, str]) -> dict[str, list[Task]]:
    """Each module, succeeding and failing in all ways in which something secret is at hand."""
    strict = {"security_mode": "strict"}
    person = e.make_person(unique("leak"), OTHERS_PASSWORD)
    given, pkcs1, own, small, next_one = (new_key() for _count in range(5))
    service = e.superuser(unique("leak"), own)
    uids = [unique("leak") for _count in range(10)]
    secrets |= {
        "connection password": PASSWORD,
        "person's password": OTHERS_PASSWORD,
        "person's new password": NEW_PASSWORD,
        "token": e.token,
        "ID token": jwt.encode({"email": "jo@example.com"}, own, "RS256"),
        "foreign text": FOREIGN_TEXT,
        "plain text": PLAIN_TEXT,
        "plain file": PLAIN_FILE,
        "given key": private_pem(given),
        "given PKCS#1 key": private_pem(pkcs1, "TraditionalOpenSSL"),
        "given PKCS#1 key as PKCS#8": private_pem(pkcs1),
        "service's key": private_pem(own),
        "stored key": private_pem(small),
        "next key": private_pem(next_one),
        "broken key": private_pem(KEYS[0])[:-200],
        "key file": private_pem(KEYS[5]),
    }
    e.make_secret(f"{uids[0]}/foreign", FOREIGN_TEXT)
    e.make_secret(f"{uids[0]}/mine", document(uids[0], small))
    e.make_secret(f"{uids[0]}/mine-next", document(uids[0], next_one))
    # Whatever fields somebody stored the key in, and a password for the service that reads it.
    odd = {
        **document(uids[0], small),
        "scheme": {"private_key": private_pem(small)},
        "login_endpoint": f"https://joe:{quote(OTHERS_PASSWORD, safe='')}@a.example/",
    }
    e.make_secret(f"{uids[0]}/odd", odd)
    e.make_account(uids[0], KEYS[0])
    pair = str(lab.place("pair") / "made.pem")
    key_file = lab.file("pair/loose.pem", secrets["key file"])
    plain_file = lab.file("pair/keytab", PLAIN_FILE)
    lab.file("cli/dcos.toml", f'[core]\ndcos_url = "{e.url}"\ndcos_acs_token = "{e.token}"\nssl_verify = "{e.ca}"\n')
    lab.file("torn/dcos.toml", f'[core]\ndcos_acs_token = "{e.token}\n')
    as_service = {"dcos_username": service, "dcos_password": "", "dcos_private_key": secrets["service's key"]}
    as_token = {"dcos_username": "", "dcos_password": "", "dcos_token": e.token}
    as_wrong = {"dcos_password": OTHERS_PASSWORD}
    as_cli = {"dcos_username": "", "dcos_password": "", "dcos_url": ""}
    lines = [
        f"Service login for `{uids[0]}`: invalid token `{e.token}`: expired",
        f"type=audit authorizer=secrets uid={uids[0]} object=dcos:secrets:default:/x action=read result=deny "
        f"request_uri=/x?token={e.token}",
    ]

    def secret(**args: Any) -> Task:
        return task("dcos_sa_secret", args={"path": f"{uids[0]}/mine", "uid": uids[0], **strict, **args})

    def token(**args: Any) -> Task:
        return task("dcos_token", args=args, no_log=True)

    def plain(**args: Any) -> Task:
        return task("dcos_secret", args={"path": f"{uids[0]}/plain", **args})

    def look_up(expression: str, **variables: Any) -> Task:
        """Into a file, as configurations are written."""
        connection = {f"ansible_{name}": value for name, value in e.connection.items()}
        args = {
            "content": f"{{{{ lookup({expression}) }}}}",
            "dest": str(lab.place("pair") / "looked-up"),
            "mode": "0600",
        }
        return task("ansible.builtin.copy", args=args, no_log=True, vars={**connection, **variables})

    def info(**args: Any) -> Task:
        return task("dcos_cluster_info", args=args)

    return {
        "generate": [
            task("dcos_sa_secret", args={"path": f"{uids[1]}/s", "uid": uids[1], "generate_key": True, **strict}),
            task("dcos_sa_secret", args={"path": f"{uids[1]}/s", "uid": uids[1], "generate_key": True,
                                         "login_endpoint": "https://a.example/login"}),
            task("dcos_sa_secret", args={"path": f"{uids[1]}/s", "uid": uids[1], "state": "absent"}, check_mode=True),
            task("dcos_sa_secret", args={"path": f"{uids[1]}/s", "uid": uids[1], "generate_key": True,
                                         "rotate": "prepare", **strict}),
        ],
        "given": [
            task("dcos_sa_secret", args={"path": f"{uids[2]}/s", "uid": uids[2],
                                         "private_key": secrets["given PKCS#1 key"], **strict}),
            task("dcos_sa_secret", args={"path": f"{uids[2]}/s", "uid": uids[2],
                                         "private_key": secrets["given key"], **strict}),
            task("dcos_token", args={"path": str(lab.place("pair") / "token"), "uid": person,
                                     "password": OTHERS_PASSWORD}),
            {**token(), "register": "login"},
            info(**{**as_token, "dcos_token": "{{ login.token }}"}),
            task("dcos_service_account", args={"uid": uids[2], "public_key": public_pem(given)}),
            token(secret_path=f"{uids[2]}/s", return_token=False),
            token(uid=service, private_key=secrets["service's key"], exchange=False),
        ],
        "pair": [
            task("dcos_keypair", args={"private_key_path": pair, "public_key_path": f"{pair}.pub"}),
            task("dcos_keypair", args={"private_key_path": pair, "regenerate": "always"}),
            task("dcos_service_account", args={"uid": uids[3], "public_key_path": f"{pair}.pub"}),
        ],
        "account": [
            task("dcos_service_account", args={"uid": uids[4], "public_key": public_pem(KEYS[0]), **as_service}),
            task("dcos_acl_grant", args={"uid": uids[4], "rid": "dcos:adminrouter:acs", "actions": ["full"],
                                         **as_token}),
            task("dcos_service_account", args={"uid": uids[4], "state": "absent", **as_cli,
                                               "dcos_config": str(lab.place("cli"))}),
        ],
        "plain": [
            plain(value=PLAIN_TEXT),
            plain(value="another value, which is replaced"),
            plain(value=PLAIN_TEXT),
            plain(src=plain_file),
            task("dcos_secret", args={"path": f"{uids[0]}/generated", "generate": {"length": 64}}),
            task("dcos_secret", args={"path": f"{uids[0]}/foreign", "state": "absent"}, check_mode=True),
        ],
        "lookup": [
            look_up(f"'dcos.security.dcos_secret', '{uids[0]}/foreign'"),
            look_up("'dcos.security.dcos_token'"),
        ],
        "reading": [
            task("dcos_service_account_info", args={"uid": uids[0]}),
            task("dcos_sa_secret_info", args={"path": f"{uids[0]}/mine"}),
            task("dcos_sa_secret_info", args={"path": f"{uids[0]}/foreign"}),
            task("dcos_secret_info", args={"path": uids[0]}),
            task("dcos_sa_secret_info", args={"path": f"{uids[0]}/odd"}),
            secret(path=f"{uids[0]}/odd", state="absent"),
            task("dcos_acl_grant_info", args={"uid": uids[0]}),
            task("dcos_ca", args={"path": str(lab.place("pair") / "ca.crt"), "fingerprint": [e.ca_fingerprint]}),
            # Not the secrets of all: to that of the case "cut" the connection breaks.
            task("dcos_access_info", args={"secrets": False}),
            task("dcos_audit_info", args={"text": lines}),
        ],
        "people": [
            task("dcos_user", args={"uid": uids[8], "password": OTHERS_PASSWORD, "description": "made"}),
            task("dcos_user", args={"uid": uids[8], "password": NEW_PASSWORD, "update_password": "always"}),
            task("dcos_user", args={"uid": uids[8], "password": OTHERS_PASSWORD, "update_password": "always"},
                 check_mode=True),
            task("dcos_initial_superuser", args={"uid": uids[8], "password": NEW_PASSWORD}),
            task("dcos_group", args={"gid": uids[8], "members": [uids[8]]}),
            task("dcos_user_info", args={"uid": uids[8]}),
            task("dcos_group_info", args={"gid": uids[8]}),
        ],
        "fleet": [
            task("dcos_services", args={"services": [{"name": f"/{uids[0]}/fleet"}]}),
        ],
        # Failures
        "no-fleet": [
            task("dcos_services", args={"services": [{"name": f"/{uids[0]}/no", "secret_path": f"{uids[0]}/foreign"}]}),
        ],
        "no-reading-account": [task("dcos_service_account_info", args=as_wrong)],
        "no-reading-secret": [task("dcos_sa_secret_info", args={"path": f"{uids[0]}/mine", **as_wrong})],
        "no-listing": [task("dcos_secret_info", args=as_wrong)],
        "plain-document": [plain(path=f"{uids[0]}/mine", value=PLAIN_TEXT)],
        "plain-two": [plain(value=PLAIN_TEXT, src=plain_file)],
        "plain-list": [plain(value=[PLAIN_TEXT])],
        "plain-unknown": [plain(value=PLAIN_TEXT, valu=1)],
        "plain-short": [plain(generate={"length": 1})],
        "lookup-none": [{**look_up(f"'dcos.security.dcos_secret', '{uids[0]}/foreign', '{uids[0]}/gone'"),
                         "no_log": False}],
        "lookup-refused": [{**look_up("'dcos.security.dcos_token'", ansible_dcos_password=OTHERS_PASSWORD),
                            "no_log": False}],
        "no-reading-access": [task("dcos_access_info", args=as_wrong)],
        "no-reading-audit": [task("dcos_audit_info", args={"text": lines, **as_wrong})],
        "no-reading-grants": [task("dcos_acl_grant_info", args={"uid": uids[0], **as_wrong})],
        "no-user": [task("dcos_user", args={"uid": uids[0], "password": NEW_PASSWORD})],
        "short-password": [task("dcos_user", args={"uid": uids[9], "password": NEW_PASSWORD[:4]})],
        "no-password": [task("dcos_user", args={"uid": uids[9], "password": NEW_PASSWORD, "provider_type": "ldap"})],
        "refused-user": [task("dcos_user", args={"uid": uids[9], "password": NEW_PASSWORD, **as_wrong})],
        "no-initial-superuser": [task("dcos_initial_superuser", args={"uid": uids[8], "password": NEW_PASSWORD[:4]})],
        "no-group": [task("dcos_group", args={"gid": uids[9], **as_wrong})],
        "no-reading-users": [task("dcos_user_info", args=as_wrong)],
        "no-reading-groups": [task("dcos_group_info", args=as_wrong)],
        "no-ca": [task("dcos_ca", args={"path": str(lab.place("pair") / "no.crt"), "fingerprint": ["AB" * 32]})],
        "mismatch": [secret(private_key=secrets["given key"])],
        "too-early": [secret(generate_key=True, rotate="finish")],
        "foreign": [secret(generate_key=True, path=f"{uids[0]}/foreign")],
        "foreign-login": [token(secret_path=f"{uids[0]}/foreign")],
        "broken": [secret(private_key=secrets["broken key"])],
        "two-keys": [secret(private_key=secrets["given key"], private_key_path=key_file)],
        "exclusive-options": [secret(private_key=secrets["given key"], login_endpoint="https://a.example/login")],
        "unknown-option": [secret(private_key=secrets["given key"], privat_key=1)],
        "bad-choice": [secret(private_key=secrets["given key"], security_mode="loose")],
        # A key where none belongs, and another mistake, which Ansible itself refuses.
        "misplaced-choice": [task("dcos_keypair", args={"private_key_path": secrets["given key"], "state": "loose"})],
        "misplaced-type": [task("dcos_keypair", args={"private_key_path": pair, "size": secrets["given key"]})],
        "misplaced-two": [task("dcos_service_account", args={"uid": uids[5], "public_key": secrets["given key"],
                                                             "public_key_path": key_file})],
        "misplaced-unknown": [task("dcos_sa_secret_info", args={"path": secrets["given key"], "pth": "x"})],
        "misplaced-name": [task("dcos_acl_grant_info", args={"uid": uids[5], secrets["given key"]: "x"})],
        "misplaced-base64": [task("dcos_services", args={"services": [
            {"name": "/x", "key_dir": base64.b64encode(secrets["given key"].encode()).decode()}], "state": "loose"})],
        "misplaced-json": [task("dcos_services", args={"services": json.dumps([
            {"name": "/x", "key_dir": secrets["given key"]}]), "concurrency": "many"})],
        "key-as-public": [task("dcos_service_account", args={"uid": uids[5], "public_key_path": key_file})],
        "refused-password": [token(uid=uids[5], password=OTHERS_PASSWORD)],
        "refused-connection": [info(dcos_username=uids[5])],
        "refused-key": [info(**{**as_service, "dcos_username": uids[5]})],
        "refused-token": [info(**{**as_token, "dcos_token": e.token[:-8]})],
        "password-in-url": [info(dcos_url=e.url.replace("://", "://joe:pw@"))],
        "refused-id-token": [info(**{**as_token, "dcos_token": "", "dcos_id_token": secrets["ID token"]})],
        "two-sets": [info(dcos_token=e.token)],
        "two-sets-with-id-token": [info(dcos_id_token=secrets["ID token"])],
        "unreachable": [info(dcos_url="https://127.0.0.1:1", dcos_retries=0)],
        "torn-config": [info(**as_cli, dcos_config=str(lab.place("torn")))],
        "grants": [task("dcos_acl_grant", args={"uid": uids[6], "rid": "dcos:a b", "actions": ["read"]})],
        "stale-pair": [
            task("dcos_keypair", args={"private_key_path": key_file, "size": 3072}),
        ],
        "cut": [task("dcos_sa_secret", args={"path": f"{uids[7]}-cut/s", "uid": uids[7], "dcos_retries": 0,
                                             "private_key": secrets["given key"], **strict})],
    }  # fmt: skip


@pytest.fixture(scope="module", params=["direct", pytest.param("packed", marks=pytest.mark.exhaustive)])
def loud(request: pytest.FixtureRequest, strict_for_all: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Loud:
    """Everything once, as loud as Ansible gets; no pipelining, which shows more."""
    emulator, lab = strict_for_all, Lab(tmp_path_factory.mktemp("lab"))
    secrets: dict[str, str] = {}
    table = cases(emulator, lab, secrets)
    log = lab.place("log") / "ansible.log"
    cut = {"kind": "cut_after", "match": {"path": "-cut/"}, "skip": 2}  # live and next are read before
    with emulator.failing(cut):
        run = lab.play(
            table,
            emulator,
            fails=True,
            arguments=LOUD,
            environment={"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_PIPELINING": "false"},
            packed=request.param == "packed",
        )
    for name in ("generate", "given"):
        for path in (f"{table[name][0]['dcos.security.dcos_sa_secret']['uid']}/s{end}" for end in ("", "-next")):
            stored = emulator.stored(path)
            if stored is not None:
                secrets[f"key at {path}"] = stored["private_key"]
    made = emulator.secret(table["plain"][-2]["dcos.security.dcos_secret"]["path"])
    assert made is not None
    assert (lab.place("pair") / "looked-up").read_text().startswith("eyJ"), "the last lookup is that of a token"
    secrets |= {"made value": made, "looked-up token": (lab.place("pair") / "looked-up").read_text()}
    secrets["made pair"] = (lab.place("pair") / "made.pem").read_text()
    secrets["kept token"] = (lab.place("pair") / "token").read_text().strip()
    texts = {
        "stdout": run.stdout,
        "stderr": run.stderr,
        "log": log.read_text(encoding="utf-8"),
        "callbacks": json.dumps([result.result for result in run.results], ensure_ascii=False),
        **{path.name: path.read_text(encoding="utf-8") for path in emulator.data_dir.glob("*.log")},
    }
    return Loud(run, secrets, texts)


@pytest.mark.parametrize("secret", [PASSWORD, private_pem(KEYS[0]), "a.token.of-some-length"])
def test_the_search_finds_planted_secrets(secret: str) -> None:
    """A control: a secret inside of other things, in all forms in which it could get away."""
    surrounding = f"xy{secret}z"
    shown = {
        "plain": surrounding,
        "JSON": json.dumps({"a": surrounding}),
        "JSON, not ASCII": json.dumps(surrounding, ensure_ascii=False),
        "JSON in JSON": json.dumps(json.dumps(surrounding)),
        "Python": repr([surrounding]),
        "URL": quote(surrounding, safe=""),
        "base64": base64.b64encode(surrounding.encode()).decode(),
        "base64, one further": base64.b64encode(f"-{surrounding}".encode()).decode(),
        "base64, two further": base64.urlsafe_b64encode(f"--{surrounding}".encode()).decode(),
        "broken into lines": "\n".join(textwrap.wrap(surrounding, 20)),
    }
    assert found_secrets(shown, {"it": secret}) == [f"it in {name}" for name in shown]
    assert found_secrets({"nothing": "xyz" * 100}, {"it": secret}) == []


def test_what_ran(loud: Loud) -> None:
    """Each module of the collection, with success and with failure, and the failures are the intended ones."""
    own = [result for result in loud.run.results if result.action.startswith("dcos.security.")]
    everything = {f"dcos.security.{path.stem}" for path in MODULES.glob("dcos_*.py")}
    for outcome in ("ok", "failed"):
        assert {result.action for result in own if result.outcome == outcome} == everything, outcome
    wrong = [
        f"{result.host}: {result.task} was {result.outcome}"
        for result in own
        if result.outcome != ("ok" if result.host in SUCCEED else "failed")
    ]
    assert wrong == []


def test_nothing_leaks(loud: Loud) -> None:
    assert found_secrets(loud.texts, loud.secrets) == []


def test_no_token_at_all(loud: Loud) -> None:
    """Those that modules got for themselves are known to nobody; they are recognised by their form."""
    for name, text in loud.texts.items():
        assert "eyJ0eXAi" not in text, name
        assert "eyJhbGci" not in text, name


def test_generated_keys_are_in_no_file(strict: Emulator, lab: Lab) -> None:
    """With everything kept that Ansible writes on the way."""
    uid = unique("nofile")
    secret = {"uid": uid, "path": f"{uid}/s", "generate_key": True, "security_mode": "strict"}
    tasks = [
        task("dcos_sa_secret", args=secret, register="made"),
        task("dcos_service_account", args={"uid": uid, "public_key": "{{ made.secret.public_key }}"}),
        task("dcos_token", args={"secret_path": f"{uid}/s", "return_token": False}, no_log=True),
        task("dcos_sa_secret", args={**secret, "rotate": "prepare"}),
    ]
    lab.play(
        tasks,
        strict,
        arguments=LOUD,
        environment={"ANSIBLE_KEEP_REMOTE_FILES": "true", "ANSIBLE_PIPELINING": "false"},
        packed=True,
    )
    keys = {path: stored["private_key"] for path in (f"{uid}/s", f"{uid}/s-next") if (stored := strict.stored(path))}
    assert len(keys) == 2
    files = {str(path): path.read_bytes().decode("latin-1") for path in lab.folder.rglob("*") if path.is_file()}
    assert any("AnsiballZ" in path for path in files), "nothing was kept"
    assert found_secrets(files, {"password": SUPERUSER}) != [], "the search finds what is there"
    assert found_secrets(files, keys) == []
