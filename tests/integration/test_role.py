# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role dcos_service: interrupted at each write, in races, with bad variables, and at its loudest.

What it makes in each security mode is what the Molecule scenarios are about.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from integration_support import (
    KEYS,
    LOGIN,
    PASSWORD,
    SECRETS,
    Cut,
    Emulator,
    Lab,
    Run,
    Task,
    TaskResult,
    cuts_at,
    document,
    fingerprint,
    found_secrets,
    interrupted,
    load_private,
    private_pem,
    public_pem,
    task,
    unique,
    writes_of,
)


@dataclass(frozen=True)
class Service:
    """A service, by the part of its name that is in every path about it."""

    part: str

    @property
    def name(self) -> str:
        return f"/it/{self.part}"

    @property
    def account(self) -> str:
        return f"it__{self.part}-principal"

    @property
    def secret(self) -> str:
        return f"it/{self.part}/{self.part}-secret"

    @property
    def role(self) -> str:
        return f"it__{self.part}-role"

    def provision(self, **variables: Any) -> list[Task]:
        """The role, and its result as the task C(result)."""
        given = {"name": self.name, **variables}
        prefixed = {f"dcos_service_{name}": value for name, value in given.items()}
        include = task(
            "ansible.builtin.include_role", args={"name": "dcos.security.dcos_service"}, name="role", vars=prefixed
        )
        return [include, task("ansible.builtin.debug", "result", args={"var": "dcos_service_result"})]


def runs_of(results: Sequence[TaskResult]) -> list[list[TaskResult]]:
    """The tasks of one run of the role after the other; each ends with the one that shows its result."""
    runs: list[list[TaskResult]] = [[]]
    for result in results:
        runs[-1].append(result)
        if result.task == "result":
            runs.append([])
    assert runs.pop() == []
    return runs


def result_of(run: Sequence[TaskResult]) -> dict[str, Any]:
    return dict(run[-1].result["dcos_service_result"])


def changed(run: Sequence[TaskResult]) -> list[str]:
    return [result.task for result in run if result.changed]


# What it makes


def stateful_grants(service: Service) -> dict[str, list[str]]:
    """What the preset scheduler_stateful stands for, as the documentation of DC/OS lists it."""
    role, account = service.role, service.account
    return {
        f"dcos:mesos:master:framework:role:{role}": ["create"],
        "dcos:mesos:master:task:user:nobody": ["create"],
        f"dcos:mesos:master:reservation:role:{role}": ["create"],
        f"dcos:mesos:master:reservation:principal:{account}": ["delete"],
        f"dcos:mesos:master:volume:role:{role}": ["create"],
        f"dcos:mesos:master:volume:principal:{account}": ["delete"],
    }


ON_THE_CONTROLLER = {
    f"ansible.builtin.{name}" for name in ("set_fact", "include_tasks", "include_role", "debug", "fail")
}
ON_THE_CONTROLLER |= {"ansible.builtin.validate_argument_spec", "dcos.security.dcos_service_account_info"}


def test_bringing_up_and_exclusive(strict: Emulator, lab: Lab) -> None:
    """Superuser power comes and goes; what nobody listed is taken away, and with exclusive off it stays."""
    service = Service(unique("svc"))
    fixed = {"security_mode": "strict", "preset": "scheduler_minimum"}
    lab.play(service.provision(**fixed, superuser=True), strict)
    wanted = {
        f"dcos:mesos:master:framework:role:{service.role}": ["create"],
        "dcos:mesos:master:task:user:nobody": ["create"],
    }
    assert strict.grants(service.account) == {**wanted, "dcos:superuser": ["full"]}
    strict.grant(service.account, f"dcos:secrets:default:{service.part}", "read")
    strict.grant(service.account, "dcos:superuser", "read")
    run = lab.play(service.provision(**fixed, exclusive=False), strict)
    assert strict.grants(service.account) == {**wanted, f"dcos:secrets:default:{service.part}": ["read"]}
    assert result_of(run.of("case"))["superuser"] is False
    writes = [request for request in strict.requests(run.start, run.end, service.part) if request.is_write]
    assert len(writes) == 2
    run = lab.play(service.provision(**fixed), strict)
    assert strict.grants(service.account) == wanted
    assert result_of(run.of("case"))["revoked"] == [{"rid": f"dcos:secrets:default:{service.part}", "action": "read"}]
    modules = [result for result in run.of("case") if result.action.startswith("dcos.") and result.outcome == "ok"]
    assert len(modules) <= 4
    ran = {result.action for result in run.of("case") if result.outcome != "skipped"}
    assert ran - {module.action for module in modules} <= ON_THE_CONTROLLER


def test_superuser_power_through_a_group(strict: Emulator, lab: Lab) -> None:
    service = Service(unique("svc"))
    strict.make_account(service.account, KEYS[0])
    strict.make_secret(service.secret, document(service.account, KEYS[0]))
    gid = strict.make_group(unique("power"), service.account)
    strict.grant(gid, "dcos:superuser", "full", kind="groups")
    run = lab.play(service.provision(security_mode="strict"), strict, fails=True)
    assert gid in run.of("case")[-1].message


@pytest.mark.exhaustive
def test_key_in_files(strict: Emulator, lab: Lab) -> None:
    """With a copy of the key alone, which is rotated along, and a group, in which the account stays."""
    service = Service(unique("svc"))
    folder = lab.place("keys")
    gid, copy = strict.make_group(unique("group")), f"it/{service.part}/key"
    fixed = {"security_mode": "strict", "key_store": "file", "key_dir": str(folder), "preset": "scheduler_minimum"}
    fixed |= {"key_size": "3072", "pem_secret_path": copy, "groups": [gid]}
    provision = service.provision(**fixed)
    rotate = service.provision(**fixed, rotate_key=True)
    run = lab.play([*provision, *rotate, *provision], strict)
    first, rotated, last = runs_of(run.of("case"))
    assert changed(last) == []
    key = load_private((folder / f"{service.account}.pem").read_text())
    assert (folder / f"{service.account}.pem").stat().st_mode & 0o777 == 0o600
    assert (folder / f"{service.account}.pub").read_text() == public_pem(key)
    assert key.key_size == 3072
    assert strict.secret(copy) == private_pem(key)
    assert strict.groups(service.account) == [gid]
    assert {path.name for path in folder.iterdir()} == {f"{service.account}.pem", f"{service.account}.pub"}
    stored = strict.stored(service.secret)
    assert stored is not None
    assert fingerprint(load_private(stored["private_key"])) == fingerprint(key)
    assert [result_of(each)["key_changed"] for each in (first, rotated, last)] == [True, True, False]
    assert result_of(last)["fingerprint"] == result_of(rotated)["fingerprint"] == fingerprint(key)
    assert result_of(first)["fingerprint"] != fingerprint(key)
    assert strict.log_in(service.account, key) is not None
    assert strict.secret(f"{service.secret}-next") is None


@pytest.mark.exhaustive
def test_no_key_is_made_that_the_account_would_refuse(strict: Emulator, lab: Lab) -> None:
    """The account exists, and its key is in no file here: refused before a file or a secret is written.

    A rotation gives it a key that is in a file.
    """
    service = Service(unique("svc"))
    folder = lab.place("keys")
    fixed = {"security_mode": "strict", "key_store": "file", "key_dir": str(folder), "preset": "scheduler_minimum"}
    strict.make_account(service.account, KEYS[0])
    provision = service.provision(**fixed)
    run = lab.play([{"block": provision, "rescue": []}], strict, fails=True)
    assert [result.action for result in run.results if result.outcome == "failed"] == [
        "dcos.security.dcos_service_account"
    ]
    assert service.account in run.of("case")[-1].message
    assert list(folder.iterdir()) == []
    assert strict.secret(service.secret) is None
    lab.play([*service.provision(**fixed, rotate_key=True), *provision], strict)
    key = load_private((folder / f"{service.account}.pem").read_text())
    assert strict.log_in(service.account, key) is not None
    assert strict.logs_in(service.secret)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.exhaustive
def test_an_interrupted_rotation_with_keys_in_files_is_finished(strict: Emulator, lab: Lab) -> None:
    """By a plain run: a next key file is there from the first write to the last."""
    folder = lab.place("keys")
    fixed = {"security_mode": "strict", "key_store": "file", "key_dir": str(folder)}

    def provision(part: str, **more: Any) -> list[Task]:
        return Service(part).provision(**fixed, **more)

    def settle(part: str) -> Service:
        service = Service(part)
        strict.make_account(service.account, KEYS[0])
        strict.make_secret(service.secret, document(service.account, KEYS[0]))
        lab.file(f"keys/{service.account}.pem", private_pem(KEYS[0]))
        lab.file(f"keys/{service.account}.pub", public_pem(KEYS[0]))
        return service

    whole = settle(unique("svc"))
    indexes = writes_of(lab, strict, whole.part, provision(whole.part, rotate_key=True))
    cuts = cuts_at("svc", indexes)
    for part in cuts:
        settle(part)
    interrupted(lab, strict, cuts, lambda part: provision(part, rotate_key=True))
    run = lab.play({part: provision(part) * 2 for part in cuts}, strict, elsewhere="-repair")
    for part, cut in cuts.items():
        service = Service(part)
        first, second = runs_of(run.of(part))
        assert changed(first) != [], cut
        assert changed(second) == [], cut
        key = load_private((folder / f"{service.account}.pem").read_text())
        assert fingerprint(key) != fingerprint(KEYS[0]), cut
        assert (folder / f"{service.account}.pub").read_text() == public_pem(key), cut
        assert strict.log_in(service.account, key) is not None, cut
        assert strict.logs_in(service.secret), cut
        assert strict.secret(f"{service.secret}-next") is None, cut
        assert strict.account(f"{service.account}.replacing") is None, cut
    assert [path.name for path in folder.iterdir() if path.name.endswith(".next")] == []


@pytest.mark.exhaustive
def test_rotation_from_a_fingerprint(strict: Emulator, lab: Lab) -> None:
    """A job that runs every night rotates once; without that key, or without an account, it is a plain run.

    With keys in secrets the scenario "lifecycle" does that.
    """
    folder = lab.place("keys")
    nightly = {"security_mode": "strict", "rotate_key_from": fingerprint(KEYS[0])}
    in_file = {**nightly, "key_store": "file", "key_dir": str(folder)}
    services = {name: Service(unique("svc")) for name in ("file", "missing")}
    strict.make_account(services["file"].account, KEYS[0])
    strict.make_secret(services["file"].secret, document(services["file"].account, KEYS[0]))
    for half, text in (("pem", private_pem(KEYS[0])), ("pub", public_pem(KEYS[0]))):
        lab.file(f"keys/{services['file'].account}.{half}", text)
    cases = {name: services[name].provision(**(in_file if name == "file" else nightly)) for name in services}
    run = lab.play({name: [{"block": each, "check_mode": True}, *each, *each] for name, each in cases.items()}, strict)
    for name, service in services.items():
        check, first, second = runs_of(run.of(name))
        assert [write for result in check for write in result.writes(strict, service.part)] == []
        assert [result_of(each)["key_changed"] for each in (check, first, second)] == [True, True, False]
        assert changed(second) == []
        assert result_of(second)["fingerprint"] == result_of(first)["fingerprint"] != fingerprint(KEYS[0])
        replaced = [write for result in first for write in result.writes(strict, f"{service.account}.replacing")]
        assert (replaced != []) is (name != "missing")
        assert strict.logs_in(service.secret)
        assert strict.secret(f"{service.secret}-next") is None


@pytest.mark.exhaustive
def test_adopted_accounts_and_check_mode_of_new_ones(strict: Emulator, lab: Lab) -> None:
    adopted, new = Service(unique("svc")), Service(unique("svc"))
    fixed = {"security_mode": "strict", "preset": "scheduler_minimum"}
    strict.make_account(adopted.account, KEYS[0], "what somebody wrote")
    strict.make_secret(adopted.secret, document(adopted.account, KEYS[0]))
    run = lab.play(
        {
            "adopted": [*adopted.provision(**fixed), *adopted.provision(**fixed, description="asked for")],
            "new": [{"block": new.provision(**fixed), "check_mode": True}],
        },
        strict,
    )
    first, second = runs_of(run.of("adopted"))
    assert not [name for name in changed(first) if "account" in name]
    assert [name for name in changed(second) if "account" in name]
    account = strict.account(adopted.account)
    assert account is not None
    assert account["description"] == "asked for"
    assert len(result_of(run.of("new"))["granted"]) == 2, "planned without a warning that there is no account"


def test_messages_name_variables_of_the_role(strict: Emulator, lab: Lab) -> None:
    foreign, lost, person, mode = (Service(unique("svc")) for _count in range(4))
    fixed = {"security_mode": "strict"}
    strict.make_secret(foreign.secret, "somebody else's")
    strict.make_account(lost.account, KEYS[0])
    strict.make_person(person.account)
    said = {
        "foreign": r"^dcos_service_secret_path: .*Choose another dcos_service_secret_path, or delete the secret first",
        "lost": r"To give the account a new one, set dcos_service_rotate_key to true",
        "person": r"^dcos_service_account: ",
        "mode": r"^dcos_service_security_mode: ",
    }
    run = lab.play(
        {
            "foreign": foreign.provision(**fixed),
            "lost": lost.provision(**fixed),
            "person": person.provision(**fixed),
            "mode": mode.provision(security_mode="permissive"),
        },
        strict,
        fails=True,
    )
    for case, words in said.items():
        message = run.of(case)[-1].message
        assert re.search(words, message), message
        for word in ("overwrite", "rotate=", "replace_key", "dcos_sa_secret", "login_endpoint"):
            assert word not in message


@pytest.mark.exhaustive
def test_superuser_until_and_run_as_grants(strict: Emulator, lab: Lab) -> None:
    ended, runs_as, silent = (Service(unique("svc")) for _count in range(3))
    user = f"user{ended.part}"
    fixed = {"security_mode": "strict", "preset": "scheduler_minimum"}
    strict.make_account(ended.account, KEYS[0])
    strict.make_secret(ended.secret, document(ended.account, KEYS[0]))
    strict.grant(ended.account, "dcos:superuser", "full")
    app = runs_as.provision(**fixed, linux_user=user, run_as_grants=True)
    run = lab.play(
        {
            "ended": ended.provision(**fixed, superuser=True, superuser_until="2020-01-01"),
            "runs-as": [*app, *app, *runs_as.provision(**fixed, linux_user=user, state="absent")],
            "silent": silent.provision(**fixed, linux_user="other"),
        },
        strict,
        warnings=[
            "dcos_service_superuser_until: .* 2020-01-01",
            "dcos_service_linux_user: dcos_marathon .*:other create",
        ],
    )
    assert set(strict.grants(ended.account)) == set(list(stateful_grants(ended))[:2]), "the new grants, and no power"
    assert result_of(run.of("ended"))["superuser"] is False
    first, second, _gone = runs_of(run.of("runs-as"))
    assert [name for name in changed(first) if "Allow Marathon to start the service as its Linux user" in name]
    assert changed(second) == []
    native = strict.grants("dcos_marathon")
    assert native[f"dcos:mesos:master:task:user:{user}"] == ["create"], "others may need it: it outlives the service"
    assert "dcos:mesos:master:task:user:other" not in native


@pytest.mark.exhaustive
def test_retirement_leaves_nothing_and_takes_nothing_from_others(strict: Emulator, lab: Lab) -> None:
    gone, other, foreign = (Service(unique("svc")) for _count in range(3))
    folder = lab.place("keys")
    fixed = {"security_mode": "strict", "preset": "scheduler_minimum", "permissions": PERMISSIONS}
    in_file = {**fixed, "key_store": "file", "key_dir": str(folder), "pem_secret_path": f"it/{gone.part}/key"}
    retired = {"state": "absent", "delete_unused_acls": True, "delete_key_files": True}
    lab.play({"gone": gone.provision(**in_file), "foreign": foreign.provision(**fixed)}, strict)
    shared, _own = (
        permission["rid"].format(role=gone.role, service_account=gone.account) for permission in PERMISSIONS
    )
    strict.make_account(other.account, KEYS[0])
    strict.grant(other.account, shared, "read")
    strict.make_secret(f"{gone.secret}-next", document(gone.account, KEYS[1]))
    strict.make_account(
        f"{gone.account}.replacing", KEYS[1], json.dumps({"description": "", "grants": [], "groups": []})
    )
    lab.file(f"keys/{gone.account}.pem.next", private_pem(KEYS[1]))
    strict.must(204, "DELETE", f"{SECRETS}{foreign.secret}")
    strict.make_secret(foreign.secret, "somebody else's")

    away = {"gone": gone.provision(**in_file, **retired), "foreign": foreign.provision(**fixed, **retired)}
    run = lab.play({name: [{"block": each, "check_mode": True}, *each, *each] for name, each in away.items()}, strict)
    for name, service in (("gone", gone), ("foreign", foreign)):
        check, first, second = runs_of(run.of(name))
        assert [write for result in check for write in result.writes(strict, service.part)] == []
        assert changed(check) == changed(first)
        assert changed(second) == []
        assert strict.account(service.account) is None
        assert strict.account(f"{service.account}.replacing") is None
        rids = [rid for rid in stateful_grants(service) if service.part in rid]
        assert [rid for rid in rids if strict.acl(rid) is not None] == []
    assert list(folder.iterdir()) == []
    assert strict.secrets_below(f"it/{gone.part}") == []
    assert strict.secret(foreign.secret) == "somebody else's"
    assert strict.acl(shared) is not None
    assert strict.grants(other.account) == {shared: ["read"]}
    assert strict.acl("dcos:superuser") is not None


def test_service_without_an_account(permissive: Emulator, lab: Lab) -> None:
    service = Service(unique("svc"))
    run = lab.play(service.provision(optional_account="skip"), permissive)
    said = result_of(run.of("case"))
    assert (said["account"], said["security_mode"], said["granted"]) == (None, "permissive", [])
    assert permissive.account(service.account) is None


# What it refuses


def test_bad_variables_are_refused_before_the_first_write(strict: Emulator, permissive: Emulator, lab: Lab) -> None:
    person = strict.make_person(unique("person"))
    foreign = strict.make_secret(f"it/{unique('foreign')}/text", "some text")
    keyless = strict.make_account(unique("keyless"), KEYS[0])
    never = {"watches": {"grants": [], "support": {"strict": "not_available"}}}
    rows: dict[str, tuple[str, dict[str, Any]]] = {
        "no-name": ("dcos_service_name", {"name": ""}),
        "name": ("dcos_service_name: .*upper|dcos_service_name: .*lower-case", {"name": "/it/Upper"}),
        "preset": ("dcos_service_preset: there is no preset 'casandra'", {"preset": "casandra"}),
        "mode": ("security_mode: permissive .*strict", {"security_mode": "permissive"}),
        "mode-at-the-secret": ("security_mode: disabled is given", {"security_mode": "disabled"}),
        "mode-unknown": ("dcos_service_security_mode", {"security_mode": "loose"}),
        "not-available": ("cannot be deployed in strict mode", {"preset": "watches", "own_presets": never}),
        "principal": ("dcos_service_principal: .*strict", {"principal": "other"}),
        "rid": (r"dcos_service_permissions\[0\].rid", {"permissions": [{"rid": "dcos:a b", "actions": ["read"]}]}),
        "rid-percent": (
            r"dcos_service_permissions\[0\].rid",
            {"permissions": [{"rid": "dcos:%252F", "actions": ["read"]}]},
        ),
        "action": (
            "write",
            {"permissions": [{"rid": "dcos:secrets:default:a", "actions": ["read", "write"]}]},
        ),
        "superuser": (
            "dcos_service_superuser",
            {"permissions": [{"rid": "dcos:superuser", "actions": ["full"]}]},
        ),
        "placeholder": (
            "unknown placeholder",
            {"permissions": [{"rid": "dcos:secrets:default:{nowhere}", "actions": ["full"]}]},
        ),
        "account": ("dcos_service_account: ", {"account": "a/b"}),
        "native": ("dcos_service_account: .*DC/OS itself", {"account": "dcos_marathon"}),
        "prefix": ("dcos_service_allow_dcos_prefix", {"account": "dcos_mine"}),
        "person": ("dcos_service_account: .*person", {"account": person}),
        "path": ("dcos_service_secret_path: ", {"secret_path": "it//x"}),
        "foreign": ("service-account document", {"secret_path": foreign}),
        "keyless": ("rotate", {"account": keyless}),
        "key-dir": ("dcos_service_key_dir", {"key_store": "file"}),
        "key-size": ("dcos_service_key_size: 1024 bits are too few", {"key_size": 1024}),
        "pem-path": ("dcos_service_pem_secret_path: ", {"pem_secret_path": "it//x"}),
        "pem-foreign": ("Choose another dcos_service_pem_secret_path", {"pem_secret_path": foreign}),
        "no-group": ("dcos_service_groups: there is no group gone, so", {"groups": ["gone"]}),
        "superusers": ("dcos_service_groups: .*dcos_service_superuser", {"groups": "superusers"}),
        "verify": ("dcos_service_verify_login", {"verify_login": "sometimes"}),
        "fingerprint": ("dcos_service_rotate_key_from", {"rotate_key_from": "SHA256:abc"}),
        "journal": ("dcos_service_rotate_key: ", {"account": "x" * 90, "rotate_key": True}),
        "until": ("dcos_service_superuser_until", {"superuser_until": "2999-01-01"}),
        "no-moment": ("dcos_service_superuser_until", {"superuser": True, "superuser_until": "2999-01-01T10:00:00"}),
        "unknown-rid": (
            "dcos:mesos:master:framework:role:",
            {
                "permissions": [{"rid": "dcos:mesos:master:framework:rol:{role}", "actions": ["create"]}],
                "unknown_rids": "fail",
            },
        ),
        "values": ("dcos_service_preset_values.marathon_instance", {"preset": "marathon_access"}),
        # Ansible checks these, and knows neither empty text nor JSON text.
        "no-list": ("'dcos_service_permissions' is of type .*str.* unable to convert", {"permissions": "[{"}),
        "no-truth": ("'dcos_service_superuser' is of type .*str.* unable to convert", {"superuser": ""}),
    }
    cases = {
        name: Service(unique("bad")).provision(**{"security_mode": "strict", **variables})
        for name, (_says, variables) in rows.items()
    }
    run = lab.play(cases, strict, fails=True, warnings=["dcos_service_(pem_)?secret_path: .*cannot read the secret"])
    wrong = []
    for name, (says, _variables) in rows.items():
        last = run.of(name)[-1]
        if last.outcome != "failed" or re.search(says, json.dumps(last.result)) is None:
            wrong.append(f"{name}: {last.outcome}: {last.message}")
    assert wrong == []
    requests = strict.requests(run.start, run.end)
    assert [f"{each.method} {each.path}" for each in requests if each.is_write] == []


# Interruptions


PERMISSIONS = [
    {"rid": "dcos:service:marathon:marathon:services:/{role}/a/*", "actions": ["read"]},
    {"rid": "dcos:secrets:default:{service_account}", "actions": ["full"]},
]


def granted_to(service: Service) -> dict[str, list[str]]:
    """The same, with the names put in."""
    return {
        f"dcos:service:marathon:marathon:services:/{service.role}/a/*": ["read"],
        f"dcos:secrets:default:{service.account}": ["full"],
    }


def is_whole(
    emulator: Emulator,
    service: Service,
    grants: Mapping[str, list[str]] | None = None,
    groups: Sequence[str] = (),
) -> list[str]:
    """What is missing from the complete end state."""
    account = emulator.account(service.account)
    if account is None:
        return ["no account"]
    stored = emulator.stored(service.secret)
    found = {
        "description": (account["description"], f"Service account of {service.name}"),
        "grants": (emulator.grants(service.account), granted_to(service) if grants is None else grants),
        "groups": (emulator.groups(service.account), list(groups)),
        "journal": (emulator.account(f"{service.account}.replacing"), None),
        "secrets": (emulator.secrets_below(f"it/{service.part}"), [f"{service.part}-secret"]),
        "login": (emulator.logs_in(service.secret), True),
        "endpoint": ((stored or {}).get("login_endpoint"), f"https://leader.mesos{LOGIN}"),
    }
    return [f"{name}: {was}, not {wanted}" for name, (was, wanted) in found.items() if was != wanted]


def fresh(part: str) -> list[Task]:
    service = Service(part)
    words = f"Service account of {service.name}"
    return service.provision(security_mode="strict", permissions=PERMISSIONS, description=words)


def repaired(lab: Lab, emulator: Emulator, cuts: Mapping[str, Cut]) -> None:
    """A run without faults from elsewhere completes all; another one, for each third, changes nothing."""
    wants_more = set(list(cuts)[::3])
    run = lab.play({part: fresh(part) * (1 + (part in wants_more)) for part in cuts}, emulator, elsewhere="-repair")
    assert {cuts[part]: is_whole(emulator, Service(part)) for part in cuts} == {cut: [] for cut in cuts.values()}
    for part in wants_more:
        assert changed(runs_of(run.of(part))[1]) == []


@pytest.mark.exhaustive
def test_fresh_service_interrupted(strict: Emulator, lab: Lab) -> None:
    whole = unique("svc")
    indexes = writes_of(lab, strict, whole, fresh(whole))
    assert len(indexes) == 6  # secret, account, two ACLs, two grants
    assert is_whole(strict, Service(whole)) == []
    cuts = cuts_at("svc", indexes)
    interrupted(lab, strict, cuts, fresh)
    repaired(lab, strict, cuts)


@pytest.mark.exhaustive
def test_existing_service_interrupted(strict: Emulator, lab: Lab) -> None:
    """Repairs, grants and revocations of a service that is there: the last write takes the superuser's power."""

    def furnish(part: str) -> str:
        service = Service(part)
        strict.make_account(service.account, KEYS[0], "not as it should be")
        misspelt = document(service.account, KEYS[0])
        misspelt["schema"] = misspelt.pop("scheme")
        strict.make_secret(service.secret, misspelt)
        strict.grant(service.account, "dcos:superuser", "full")
        strict.grant(service.account, f"dcos:secrets:default:{service.account}", "full", "read")
        return part

    indexes = writes_of(lab, strict, furnish(whole := unique("svc")), fresh(whole))
    assert len(indexes) == 6  # secret, description, ACL, grant, two revocations
    cuts = cuts_at("svc", indexes)
    for part in cuts:
        furnish(part)
    interrupted(lab, strict, cuts, fresh)
    assert all("dcos:superuser" in strict.grants(Service(part).account) for part in list(cuts)[:-1])
    repaired(lab, strict, cuts)


@dataclass(frozen=True)
class Neighbourhood:
    """Services that share resources and a group each with one other service, which nothing may happen to."""

    emulator: Emulator
    neighbour: Service

    @classmethod
    def founded(cls, emulator: Emulator) -> Neighbourhood:
        neighbour = Service(unique("neighbour"))
        emulator.make_account(neighbour.account, KEYS[2], "a neighbour")
        emulator.make_secret(neighbour.secret, document(neighbour.account, KEYS[2]))
        return cls(emulator, neighbour)

    def unlisted(self, service: Service) -> str:
        return f"dcos:service:marathon:marathon:services:/unlisted/{service.part}"

    def settle(self, part: str) -> Service:
        """A service with its grants, one that no list names, and a membership; the neighbour shares all but one."""
        service = Service(part)
        self.emulator.make_account(service.account, KEYS[0], f"Service account of {service.name}")
        self.emulator.make_secret(service.secret, document(service.account, KEYS[0]))
        shared, own = granted_to(service).items()
        for rid, actions in (shared, own, (self.unlisted(service), ["update"])):
            self.emulator.grant(service.account, rid, *actions)
        for rid, actions in (shared, (self.unlisted(service), ["read"])):
            self.emulator.grant(self.neighbour.account, rid, *actions)
        self.emulator.make_group(f"group.{part}", service.account, self.neighbour.account)
        return service

    def is_whole(self, part: str) -> list[str]:
        service = Service(part)
        grants = {**granted_to(service), self.unlisted(service): ["update"]}
        return is_whole(self.emulator, service, grants, [f"group.{part}"])

    def of_the_neighbour(self) -> object:
        """All there is to it."""
        uid = self.neighbour.account
        return (
            self.emulator.account(uid),
            self.emulator.grants(uid),
            self.emulator.groups(uid),
            self.emulator.secret(self.neighbour.secret),
        )

    def seen(self, part: str) -> str:
        """What there is of a service, in words that are the same for all of them."""
        service = Service(part)
        account = self.emulator.account(service.account)
        live, waiting = (self.emulator.stored(path) for path in (service.secret, f"{service.secret}-next"))
        found = {
            "account": account is not None and account["public_key"] == public_pem(KEYS[0]),
            "grants": None if account is None else self.emulator.grants(service.account),
            "groups": None if account is None else self.emulator.groups(service.account),
            "journal": self.emulator.account(f"{service.account}.replacing") is not None,
            "live": live is not None and live["private_key"] == private_pem(KEYS[0]),
            "next": waiting is not None,
            "acls": [self.emulator.acl(rid) is not None for rid in granted_to(service)],
        }
        return json.dumps(found, sort_keys=True).replace(part, "PART")


def to_repair(place: Neighbourhood, indexes: Sequence[int], cuts: Mapping[str, Cut]) -> dict[str, Cut]:
    """Those cut before each write, and after the last: after each other one things are as before the next."""
    parts = {(cut.index, cut.took_effect): part for part, cut in cuts.items()}
    for index, following in itertools.pairwise(indexes):
        if (index, True) in parts:
            assert place.seen(parts[index, True]) == place.seen(parts[following, False]), cuts[parts[index, True]]
    chosen = [parts[index, False] for index in indexes] + [parts[indexes[-1], True]]
    return {part: cuts[part] for part in chosen}


@pytest.mark.exhaustive
def test_rotation_interrupted(strict: Emulator, lab: Lab) -> None:
    place = Neighbourhood.founded(strict)
    plain = {"security_mode": "strict", "permissions": PERMISSIONS, "exclusive": False}

    def rotate(part: str) -> list[Task]:
        return Service(part).provision(**plain, rotate_key=True)

    whole = place.settle(unique("svc"))
    indexes = writes_of(lab, strict, whole.part, rotate(whole.part))
    assert len(indexes) == 11  # next, journal, deletion, creation, group, three grants, journal, live, next
    assert place.is_whole(whole.part) == []
    assert strict.log_in(whole.account, KEYS[0]) is None
    # The replacement's own grants test_interruptions cuts one by one.
    indexes = [*indexes[:5], *indexes[-3:]]
    cuts = {unique("svc"): Cut(index, False) for index in indexes}
    cuts |= {unique("svc"): Cut(index, True) for index in (indexes[0], *indexes[-2:])}
    for part in cuts:
        place.settle(part)
    before = place.of_the_neighbour()
    interrupted(lab, strict, cuts, rotate)
    left = to_repair(place, indexes, cuts)
    wants_more = set(list(left)[::5])
    mended = {part: Service(part).provision(**plain) * (1 + (part in wants_more)) for part in left}
    run = lab.play(mended, strict, elsewhere="-repair")
    assert {cut: place.is_whole(part) for part, cut in left.items()} == {cut: [] for cut in left.values()}
    assert [changed(runs_of(run.of(part))[1]) for part in wants_more] == [[]] * len(wants_more)
    assert place.of_the_neighbour() == before


RETIRED = {"state": "absent", "permissions": PERMISSIONS, "delete_unused_acls": True}


def is_gone(place: Neighbourhood, part: str) -> list[str]:
    """What is left of a service, or missing from what others need."""
    service = Service(part)
    shared, own = granted_to(service)
    found = {
        "account": (place.emulator.account(service.account), None),
        "journal": (place.emulator.account(f"{service.account}.replacing"), None),
        "secrets": (place.emulator.secrets_below(f"it/{part}"), []),
        "ACL that nobody uses": (place.emulator.acl(own), None),
        "ACL that the neighbour uses": (place.emulator.acl(shared) is not None, True),
        "unlisted ACL": (place.emulator.acl(place.unlisted(service)) is not None, True),
    }
    return [f"{name}: {was}, not {wanted}" for name, (was, wanted) in found.items() if was != wanted]


@pytest.mark.exhaustive
def test_retirement_interrupted(strict: Emulator, lab: Lab) -> None:
    """Of a service whose rotation was interrupted, too."""
    place = Neighbourhood.founded(strict)

    def settle(part: str) -> Service:
        service = place.settle(part)
        strict.make_secret(f"{service.secret}-next", document(service.account, KEYS[1]))
        journal = {"description": "", "grants": [], "groups": []}
        strict.make_account(f"{service.account}.replacing", KEYS[1], json.dumps(journal))
        return service

    def retire(part: str) -> list[Task]:
        return Service(part).provision(**RETIRED)

    whole = settle(unique("svc"))
    indexes = writes_of(lab, strict, whole.part, retire(whole.part))
    assert len(indexes) == 5  # journal, account, two secrets, an ACL
    assert is_gone(place, whole.part) == []
    cuts = cuts_at("svc", indexes)
    for part in cuts:
        settle(part)
    before = place.of_the_neighbour()
    interrupted(lab, strict, cuts, retire)
    run = lab.play({part: retire(part) * 2 for part in cuts}, strict, elsewhere="-repair")
    assert {cut: is_gone(place, part) for part, cut in cuts.items()} == {cut: [] for cut in cuts.values()}
    assert [changed(runs_of(run.of(part))[1]) for part in cuts] == [[]] * len(cuts)
    assert place.of_the_neighbour() == before


@pytest.mark.exhaustive
def test_two_runs_on_one_service_at_once(strict: Emulator, lab: Lab) -> None:
    """Whoever loses a race stops with an error or finds things done; a plain run later finds the one end state."""
    place = Neighbourhood.founded(strict)
    kept = {"security_mode": "strict", "permissions": PERMISSIONS, "exclusive": False}
    nightly = {**kept, "rotate_key_from": fingerprint(KEYS[0])}
    races = {
        "fresh": (kept, kept),
        "rotated": (nightly, nightly),
        "mixed": ({**kept, "rotate_key": True}, kept),
        "gone": (RETIRED, RETIRED),
    }
    parts = {kind: unique(kind) for kind in races}
    for kind, part in parts.items():
        if kind != "fresh":
            place.settle(part)
    before = place.of_the_neighbour()
    cases = {
        f"{kind}-{number}": [
            {
                "block": Service(parts[kind]).provision(**variables),
                "rescue": [task("ansible.builtin.debug", "lost", args={"var": "ansible_failed_result.msg"})],
            }
        ]
        for kind, both in races.items()
        for number, variables in enumerate(both)
    }
    run = lab.play(cases, strict, side_by_side=4)
    for kind in races:
        lost = [case for case in (f"{kind}-0", f"{kind}-1") if run.of(case)[-1].task == "lost"]
        assert len(lost) < 2, f"{kind}: {[run.of(case)[-1].result for case in lost]}"
    plain = {parts[kind]: Service(parts[kind]).provision(**kept) for kind in ("fresh", "rotated", "mixed")}
    plain[parts["gone"]] = Service(parts["gone"]).provision(**RETIRED)
    lab.play(plain, strict, elsewhere="-later")
    assert is_whole(strict, Service(parts["fresh"])) == []
    assert place.is_whole(parts["rotated"]) == []
    assert strict.log_in(Service(parts["rotated"]).account, KEYS[0]) is None
    assert place.is_whole(parts["mixed"]) == []
    assert is_gone(place, parts["gone"]) == []
    assert place.of_the_neighbour() == before


# Leaks


def test_role_leaks_nothing(strict: Emulator, lab: Lab) -> None:
    """A new service, a rotation, a key in files, a removal, and failures, all at the top of Ansible's voice."""
    log = lab.place("log") / "ansible.log"
    runs: list[Run] = []
    secrets = {"password": PASSWORD, "token": strict.token}
    services = [Service(unique("loud")) for _count in range(4)]
    fixed = {"security_mode": "strict", "preset": "scheduler_minimum"}
    folder = lab.place("keys")

    def play(cases: dict[str, list[Task]], **options: Any) -> None:
        environment = {"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_PIPELINING": "false"}
        runs.append(lab.play(cases, strict, arguments=("-vvvv", "--diff"), environment=environment, **options))
        for service in services:
            for path in (service.secret, f"{service.secret}-next"):
                stored = strict.stored(path)
                if stored is not None:
                    secrets[f"{path} of run {len(runs)}"] = stored["private_key"]

    in_file = services[1].provision(**fixed, key_store="file", key_dir=str(folder))
    play({"made": services[0].provision(**fixed), "file": in_file, "third": services[2].provision(**fixed)})
    rotate = {"rotate_key": True, **fixed}
    half = {"kind": "cut_before", "match": {"path": services[2].secret, "method": "PATCH"}}
    wrong = {"block": services[3].provision(**fixed), "module_defaults": {"group/dcos.security.dcos": {
        **strict.connection, "dcos_password": PASSWORD[::-1]}}}  # fmt: skip
    secrets["wrong password"] = PASSWORD[::-1]
    with strict.failing(half):
        play(
            {
                "rotated": services[0].provision(**rotate),
                "cut": services[2].provision(**rotate),
                "refused": [wrong],
            },
            fails=True,
        )
    assert [run.of(name)[-1].outcome for run, name in ((runs[1], "cut"), (runs[1], "refused"))] == ["failed"] * 2
    assert len(secrets) >= 3 + 3 + 4
    play({"gone": services[0].provision(state="absent"), "mended": services[2].provision(**fixed)})
    texts = {
        "log": log.read_text(encoding="utf-8"),
        **{path.name: path.read_text(encoding="utf-8") for path in strict.data_dir.glob("*.log")},
    }
    for number, run in enumerate(runs):
        texts[f"stdout {number}"], texts[f"stderr {number}"] = run.stdout, run.stderr
        texts[f"callbacks {number}"] = json.dumps([result.result for result in run.results], ensure_ascii=False)
    assert found_secrets(texts, secrets) == []
    assert [name for name, text in texts.items() if "eyJ0eXAi" in text or "eyJhbGci" in text] == []
