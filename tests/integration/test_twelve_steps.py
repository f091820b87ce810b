# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, modify, delete, each as check, do, check again, do again; for every module that manages a state.

All resources go through a step side by side. Between the runs their states are read without the modules, so that a
check that writes is found even where it writes what the result says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from integration_support import (
    KEYS,
    LOGIN,
    SUPERUSER,
    Emulator,
    Lab,
    TaskResult,
    document,
    fingerprint,
    load_private,
    own_ca,
    private_pem,
    public_pem,
    task,
    unique,
    values,
)

STEPS = ("create", "modify", "delete")
TURNS = ("check", "do", "check again", "do again")


@dataclass
class Wanted:
    """What one step asks for, and what it must say.

    made: the key in the result is made by the step, so that the one of the check is another one.
    before: prepares the step.
    writes: requests that change something, None for a resource that is no part of the cluster.
    """

    args: dict[str, Any]
    result: Callable[[], dict[str, Any]]
    diff: Callable[[], tuple[dict[str, Any], dict[str, Any]]]
    writes: int | None
    made: bool = False
    before: Callable[[], object] = lambda: None


@dataclass
class Subject:
    """A resource on its way through the steps."""

    module: str
    about: str
    state: Callable[[], Any]
    steps: dict[str, Wanted]
    extra: dict[str, Any] = field(default_factory=dict)


def _keypair(emulator: Emulator, lab: Lab) -> Subject:
    private, public = lab.place("keypair") / "svc.pem", lab.place("keypair") / "svc.pub.pem"
    args = {"private_key_path": str(private), "public_key_path": str(public)}
    seen: dict[str, str] = {}

    def state() -> Any:
        files = {
            path.name: (path.read_text(), path.stat().st_mode & 0o777) for path in (private, public) if path.exists()
        }
        if files:
            key = load_private(files["svc.pem"][0])
            assert "-----BEGIN PRIVATE KEY-----" in files["svc.pem"][0]
            assert files["svc.pub.pem"][0] == public_pem(key)
            assert (files["svc.pem"][1], files["svc.pub.pem"][1]) == (0o600, 0o644)
            seen["last"], seen["now"] = seen.get("now", ""), f"RSA {key.key_size} {fingerprint(key)}"
        return files

    def result(size: int) -> dict[str, Any]:
        return {"keypair": {**args, "size": size, "fingerprint": "<fingerprint>", "public_key": "<public key>"}}

    def view(words: str) -> dict[str, str]:
        return {"private_key": words, "public_key": words}

    return Subject(
        "dcos_keypair",
        "",
        state,
        {
            "create": Wanted(args, lambda: result(2048), lambda: ({}, view("RSA 2048 <fingerprint>")), None, made=True),
            "modify": Wanted(
                {**args, "size": 3072, "regenerate": "partial_idempotence"},
                lambda: result(3072),
                lambda: (view(seen["first"]), view("RSA 3072 <fingerprint>")),
                None,
                made=True,
                before=lambda: seen.update(first=seen["now"]),
            ),
            "delete": Wanted(
                {**args, "state": "absent"},
                lambda: {"keypair": None},
                lambda: ({"private_key": "not read", "public_key": seen["now"]}, {}),
                None,
            ),
        },
    )


def _lost_half(emulator: Emulator, lab: Lab) -> Subject:
    """A key in PKCS#1 that is there already, its public half added."""
    private, public = lab.place("half") / "svc.pem", lab.place("half") / "svc.pub.pem"
    key = KEYS[0]
    words = f"RSA 2048 {fingerprint(key)}"

    def state() -> Any:
        return {
            path.name: (path.read_text(), path.stat().st_mode & 0o777) for path in (private, public) if path.exists()
        }

    def result(public_path: Path | None) -> dict[str, Any]:
        return {
            "keypair": {
                "private_key_path": str(private),
                "public_key_path": None if public_path is None else str(public_path),
                "public_key": public_pem(key),
                "fingerprint": fingerprint(key),
                "size": 2048,
            }
        }

    return Subject(
        "dcos_keypair",
        "",
        state,
        {
            "create": Wanted(
                {"private_key_path": str(private), "public_key_path": str(public)},
                lambda: result(public),
                lambda: ({"private_key": words, "public_key": None}, {"private_key": words, "public_key": words}),
                None,
                before=lambda: lab.file("half/svc.pem", private_pem(key, "TraditionalOpenSSL")),
            ),
            "modify": Wanted(
                {"private_key_path": str(private), "mode": "0640"},
                lambda: result(None),
                lambda: (ANY, ANY),  # that there is a difference is what counts
                None,
            ),
            "delete": Wanted(
                {"private_key_path": str(private), "public_key_path": str(public), "state": "absent"},
                lambda: {"keypair": None},
                lambda: ({"private_key": "not read", "public_key": words}, {}),
                None,
            ),
        },
    )


def _account(emulator: Emulator, lab: Lab) -> Subject:
    uid, key = unique("steps"), KEYS[0]

    def result(description: str) -> dict[str, Any]:
        return {
            "service_account": {
                "uid": uid,
                "description": description,
                "public_key": public_pem(key),
                "fingerprint": fingerprint(key),
                "provider_type": "internal",
                "url": f"/acs/api/v1/users/{uid}",
            }
        }

    def view(description: str) -> dict[str, Any]:
        return {"uid": uid, "description": description, "fingerprint": fingerprint(key)}

    return Subject(
        "dcos_service_account",
        uid,
        lambda: emulator.account(uid),
        {
            "create": Wanted(
                # Sent as SubjectPublicKeyInfo whatever form it was given in.
                {"uid": uid, "description": "before", "public_key": public_pem(key, "PKCS1")},
                lambda: result("before"),
                lambda: ({}, view("before")),
                1,
            ),
            "modify": Wanted(
                {"uid": uid, "description": ""}, lambda: result(""), lambda: (view("before"), view("")), 1
            ),
            "delete": Wanted(
                {"uid": uid, "state": "absent"}, lambda: {"service_account": None}, lambda: (view(""), {}), 1
            ),
        },
    )


def _replacement(emulator: Emulator, lab: Lab) -> Subject:
    """The key of an account that holds grants and is in a group."""
    uid, old, new = unique("replaced"), KEYS[0], KEYS[1]
    gid = unique("group")

    def state() -> Any:
        account = emulator.account(uid)
        journal = emulator.account(f"{uid}.replacing")
        return account and (account, journal, emulator.grants(uid), emulator.groups(uid))

    def furnish() -> None:
        emulator.make_group(gid, uid)
        emulator.grant(uid, f"dcos:test:{uid}:/a/*", "read", "update")

    def result(key: Any) -> dict[str, Any]:
        return {
            "service_account": {
                "uid": uid,
                "description": uid,
                "public_key": public_pem(key),
                "fingerprint": fingerprint(key),
                "provider_type": "internal",
                "url": f"/acs/api/v1/users/{uid}",
            }
        }

    def view(key: Any) -> dict[str, Any]:
        return {"uid": uid, "description": uid, "fingerprint": fingerprint(key)}

    return Subject(
        "dcos_service_account",
        uid,
        state,
        {
            "create": Wanted(
                {"uid": uid, "public_key_path": lab.file("first.pub", public_pem(old), 0o644)},
                lambda: result(old),
                lambda: ({}, view(old)),
                1,
            ),
            "modify": Wanted(
                {"uid": uid, "public_key": public_pem(new), "replace_key": True},
                lambda: result(new),
                lambda: (view(old), view(new)),
                7,  # journal, delete, create, group, two grants, journal
                before=furnish,
            ),
            "delete": Wanted(
                {"uid": uid, "state": "absent"}, lambda: {"service_account": None}, lambda: (view(new), {}), 1
            ),
        },
    )


def _secret_view(uid: str, path: str, endpoint: str, finger: str) -> dict[str, Any]:
    return {
        "store": "default",
        "path": path,
        "uid": uid,
        "scheme": "RS256",
        "login_endpoint": endpoint,
        "fingerprint": finger,
    }


def _generated_secret(emulator: Emulator, lab: Lab) -> Subject:
    uid = unique("generated")
    path = f"{uid}/secret"
    derived, given = f"https://leader.mesos{LOGIN}", f"https://dcos.example.com{LOGIN}"
    seen: dict[str, str] = {}

    def state() -> Any:
        stored = emulator.stored(path)
        if stored is not None:
            seen["now"] = fingerprint(load_private(stored["private_key"]))
        return stored, emulator.secret(f"{path}-next")

    def result(endpoint: str, new: bool) -> dict[str, Any]:
        view = _secret_view(uid, path, endpoint, "<fingerprint>")
        return {
            "secret": {**view, "public_key": "<public key>", "pending": False},
            "key_changed": new,
            "unsettled": False,
        }

    return Subject(
        "dcos_sa_secret",
        uid,
        state,
        {
            "create": Wanted(
                {"uid": uid, "path": f"/{path}", "generate_key": True, "security_mode": "strict"},
                lambda: result(derived, True),
                lambda: ({}, _secret_view(uid, path, derived, "<fingerprint>")),
                1,
                made=True,
            ),
            "modify": Wanted(
                {"uid": uid, "path": path, "generate_key": True, "login_endpoint": given},
                lambda: result(given, False),
                lambda: (
                    _secret_view(uid, path, derived, "<fingerprint>"),
                    _secret_view(uid, path, given, "<fingerprint>"),
                ),
                1,
            ),
            "delete": Wanted(
                {"uid": uid, "path": path, "state": "absent"},
                lambda: {"secret": None, "key_changed": False, "unsettled": False},
                lambda: (_secret_view(uid, path, given, seen["now"]), {}),
                1,
            ),
        },
    )


def _given_secret(emulator: Emulator, lab: Lab) -> Subject:
    """A key of the user's own, first in the UI's document, then another one, for an account that has it."""
    uid, key = unique("given"), KEYS[2]
    path, endpoint = f"{uid}/secret", f"https://leader.mesos{LOGIN}"
    old = f"https://master.mesos{LOGIN}"

    def misspell() -> None:
        fields = document(uid, key, old)
        fields["schema"] = fields.pop("scheme")
        fields["private_key"] = private_pem(key, "TraditionalOpenSSL")
        fields["note"] = "kept"
        emulator.call("DELETE", f"/secrets/v1/secret/default/{path}")
        emulator.make_secret(path, fields)

    def result(endpoint: str, new: bool) -> dict[str, Any]:
        view = _secret_view(uid, path, endpoint, fingerprint(key))
        return {
            "secret": {**view, "public_key": public_pem(key), "pending": False},
            "key_changed": new,
            "unsettled": False,
        }

    def view(endpoint: str, scheme: str | None = "RS256") -> dict[str, Any]:
        return {**_secret_view(uid, path, endpoint, fingerprint(key)), "scheme": scheme}

    return Subject(
        "dcos_sa_secret",
        uid,
        lambda: emulator.stored(path),
        {
            "create": Wanted(
                {"uid": uid, "path": path, "private_key": private_pem(key), "security_mode": "strict"},
                lambda: result(endpoint, True),
                lambda: ({}, view(endpoint)),
                1,
                before=lambda: emulator.make_account(uid, key),
            ),
            "modify": Wanted(
                {
                    "uid": uid,
                    "path": path,
                    "private_key_path": lab.file("given.pem", private_pem(key)),
                    "security_mode": "strict",
                },
                lambda: result(old, False),  # the other name of the leading master is as good
                lambda: (view(old, None), view(old)),
                1,
                before=misspell,
            ),
            "delete": Wanted(
                {"uid": uid, "path": path, "state": "absent"},
                lambda: {"secret": None, "key_changed": False, "unsettled": False},
                lambda: (view(old), {}),
                1,
            ),
        },
    )


def _grants_of(emulator: Emulator, kind: str) -> Subject:
    name = unique(kind)
    if kind == "users":
        emulator.make_account(name, KEYS[0])
    else:
        emulator.make_group(name)
    a, b, c = (f"dcos:test:{name}:{rest}" for rest in ("/a/*", "b@", "c"))
    option = "uid" if kind == "users" else "gid"

    def grants(*entries: tuple[str, str]) -> list[dict[str, str]]:
        return [{"rid": rid, "action": action} for rid, action in entries]

    def direct(**by_rid: Any) -> list[dict[str, Any]]:
        names = {"a": a, "b": b, "c": c}
        return [{"rid": names[rid], "actions": actions} for rid, actions in by_rid.items()]

    def result(granted: list[Any], revoked: list[Any], after: list[Any]) -> dict[str, Any]:
        return {"grants": {"granted": granted, "revoked": revoked, "direct": after}, "through_groups": []}

    first = direct(a=["read", "update"], b=["full"])
    second = direct(a=["read"], c=["create"])
    return Subject(
        "dcos_acl_grant",
        name,
        lambda: (emulator.grants(name, kind), [emulator.acl(rid) for rid in (a, b, c)]),
        {
            "create": Wanted(
                {
                    option: name,
                    "permissions": [
                        {"rid": a, "actions": ["update"], "description": "of a"},
                        {"rid": b, "actions": ["full"]},
                        {"rid": a, "actions": ["read"]},
                    ],
                },
                lambda: result(grants((a, "read"), (a, "update"), (b, "full")), [], first),
                lambda: ({"direct": []}, {"direct": first}),
                5,
            ),
            "modify": Wanted(
                {
                    option: name,
                    "permissions": [{"rid": a, "actions": ["read"]}, {"rid": c, "actions": ["create"]}],
                    "exclusive": True,
                },
                lambda: result(grants((c, "create")), grants((a, "update"), (b, "full")), second),
                lambda: ({"direct": first}, {"direct": second}),
                4,
            ),
            "delete": Wanted(
                {option: name, "permissions": [{"rid": a}, {"rid": c, "actions": ["create"]}], "state": "absent"},
                lambda: result([], grants((a, "read"), (c, "create")), []),
                lambda: ({"direct": second}, {"direct": []}),
                2,
            ),
        },
    )


def _token(emulator: Emulator, lab: Lab) -> Subject:
    uid = emulator.make_account(unique("token"), KEYS[3])
    path = lab.place("token") / "kept"

    def state() -> Any:
        if not path.exists():
            return None
        assert path.stat().st_mode & 0o777 == 0o600
        assert (
            emulator.call("GET", "/acs/api/v1/users/x/permissions", token=path.read_text().strip()).status_code != 401
        )
        return path.read_text()

    def result(who: str) -> dict[str, Any]:
        return {"uid": who, "expires_at": "<end>", "expires_in": "<seconds>"}

    nothing = dict.fromkeys(("token", "uid", "expires_at", "expires_in", "authorization"))
    return Subject(
        "dcos_token",
        "",
        state,
        {
            "create": Wanted(
                {"path": str(path)},
                lambda: result(SUPERUSER),
                lambda: ({}, {"uid": SUPERUSER, "expires_at": "<end>"}),
                None,
            ),
            "modify": Wanted(
                {"path": str(path), "uid": uid, "private_key": private_pem(KEYS[3])},
                lambda: result(uid),
                lambda: ({}, {"uid": uid, "expires_at": "<end>"}),
                None,
            ),
            "delete": Wanted(
                {"path": str(path), "state": "absent"}, lambda: nothing, lambda: ({"path": str(path)}, {}), None
            ),
        },
    )


def _ca(emulator: Emulator, lab: Lab) -> Subject:
    """The CA bundle, first from the cluster, then another one from a file."""
    path = lab.place("ca") / "bundle.crt"
    own = Path(str(emulator.ca)).read_text()
    other = own_ca()

    def entry(pem: str) -> dict[str, str]:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        form = "%Y-%m-%dT%H:%M:%SZ"
        return {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
            "not_before": certificate.not_valid_before_utc.strftime(form),
            "not_after": certificate.not_valid_after_utc.strftime(form),
        }

    def view(*pems: str) -> dict[str, Any]:
        return {"path": str(path), "certificates": [entry(pem) for pem in pems]}

    def result(trusted_by: str, *pems: str) -> dict[str, Any]:
        return {
            "ca": {**view(*pems), "fingerprint": entry(pems[0])["fingerprint"], "trusted_by": trusted_by},
        }

    return Subject(
        "dcos_ca",
        "",
        lambda: (path.read_text(), path.stat().st_mode & 0o777) if path.exists() else None,
        {
            "create": Wanted(
                {"path": str(path), "fingerprint": [emulator.ca_fingerprint.replace(":", "").lower()]},
                lambda: result("fingerprint", own),
                lambda: ({}, view(own)),
                None,
            ),
            "modify": Wanted(
                {"path": str(path), "source_path": lab.file("two.crt", f"two of them\n{own}and\n{other}")},
                lambda: result("file", own, other),
                lambda: (view(own), view(own, other)),
                None,
            ),
            "delete": Wanted(
                {"path": str(path), "state": "absent"}, lambda: {"ca": None}, lambda: ({"path": str(path)}, {}), None
            ),
        },
    )


SUBJECTS: dict[str, Callable[[Emulator, Lab], Subject]] = {
    "keypair": _keypair,
    "keypair-lost-half": _lost_half,
    "account": _account,
    "account-replaced": _replacement,
    "secret-generated": _generated_secret,
    "secret-given": _given_secret,
    "grants-of-account": lambda emulator, lab: _grants_of(emulator, "users"),
    "grants-of-group": lambda emulator, lab: _grants_of(emulator, "groups"),
    "token": _token,
    "ca": _ca,
}


@dataclass
class Journey:
    """What became of each subject: results by step and turn, states around them."""

    subjects: dict[str, Subject]
    results: dict[tuple[str, str, str], TaskResult] = field(default_factory=dict)
    wanted: dict[tuple[str, str], tuple[dict[str, Any], tuple[Any, Any]]] = field(default_factory=dict)
    states: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    writes: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def journey(strict_for_all: Emulator, shared_lab: Lab) -> Journey:
    """All subjects through all steps, in two runs a step."""
    emulator, lab = strict_for_all, shared_lab
    way = Journey({name: make(emulator, lab) for name, make in SUBJECTS.items()})
    for step in STEPS:
        for subject in way.subjects.values():
            subject.steps[step].before()
        for name, subject in way.subjects.items():
            way.states[name, step] = [subject.state()]
            way.wanted[name, step] = (subject.steps[step].result(), subject.steps[step].diff())
        for turns in (TURNS[:1], TURNS[1:]):
            cases = {
                name: [
                    task(subject.module, turn, args=subject.steps[step].args, check_mode="check" in turn, diff=True)
                    for turn in turns
                ]
                for name, subject in way.subjects.items()
            }
            run = lab.play(cases, emulator)
            for name, subject in way.subjects.items():
                way.states[name, step].append(subject.state())
                for turn in turns:
                    result = way.results[name, step, turn] = run.one(turn, name)
                    way.writes[name, step, turn] = result.writes(emulator, subject.about)
    return way


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", SUBJECTS)
class TestSteps:
    def test_changed(self, journey: Journey, name: str, step: str) -> None:
        changed = [journey.results[name, step, turn].changed for turn in TURNS]
        assert changed == [True, True, False, False]

    def test_result(self, journey: Journey, name: str, step: str) -> None:
        wanted = journey.wanted[name, step][0]
        made = journey.subjects[name].steps[step].made
        for turn in TURNS:
            shown = _values(journey.results[name, step, turn])
            assert shown.pop("provisional", False) is (made and turn == "check"), turn
            assert shown == (wanted if turn in TURNS[:2] else _settled(wanted)), turn

    def test_diff(self, journey: Journey, name: str, step: str) -> None:
        before, after = journey.wanted[name, step][1]
        for turn in TURNS[:2]:
            assert journey.results[name, step, turn].diff["before"] != journey.results[name, step, turn].diff["after"]
            shown = _masked(journey.results[name, step, turn].diff, journey.results[name, step, turn])
            assert (shown["before"], shown["after"]) == (before, after), turn
        for turn in TURNS[2:]:
            shown = journey.results[name, step, turn].diff
            assert shown["before"] == shown["after"], turn

    def test_writes(self, journey: Journey, name: str, step: str) -> None:
        before, checked, done = journey.states[name, step]
        assert checked == before, "the check changed something"
        assert done != before
        number = journey.subjects[name].steps[step].writes
        if number is not None:
            found = [len(journey.writes[name, step, turn]) for turn in TURNS]
            assert found == [0, number, 0, 0]


def test_what_was_done(journey: Journey, strict: Emulator) -> None:
    """The states between the steps, read without the modules, hold what was asked for."""
    account, journal, grants, groups = journey.states["account-replaced", "modify"][-1]
    assert account["public_key"] == public_pem(KEYS[1])
    assert journal is None
    assert list(grants.values()) == [["read", "update"]]
    assert len(groups) == 1
    assert journey.states["account", "create"][-1]["public_key"] == public_pem(KEYS[0])
    assert journey.states["account", "modify"][-1]["description"] == ""
    assert journey.states["account", "delete"][-1] is None
    generated, next_one = journey.states["secret-generated", "modify"][-1]
    first, _diff = journey.states["secret-generated", "create"][-1]
    assert generated["private_key"] == first["private_key"]
    assert next_one is None
    repaired = journey.states["secret-given", "modify"][-1]
    assert set(repaired) == {"uid", "private_key", "scheme", "login_endpoint", "note"}
    assert repaired["private_key"] == private_pem(KEYS[2])
    grants, acls = journey.states["grants-of-account", "delete"][-1]
    assert grants == {}
    assert acls[0]["description"] == "of a"
    assert all(acl is not None for acl in acls), "ACLs are shared and stay"


def test_the_key_in_the_result_is_the_stored_one(journey: Journey) -> None:
    stored, _diff = journey.states["secret-generated", "create"][-1]
    said = journey.results["secret-generated", "create", "do"].result["secret"]
    assert said["fingerprint"] == fingerprint(load_private(stored["private_key"]))
    assert said["public_key"] == public_pem(load_private(stored["private_key"]))
    checked = journey.results["secret-generated", "create", "check"].result["secret"]
    assert checked["fingerprint"] != said["fingerprint"], "a key that was never stored may not be promised"


def _settled(wanted: dict[str, Any]) -> dict[str, Any]:
    """The result of a turn that finds everything done."""
    settled = {name: False if name == "key_changed" else value for name, value in wanted.items()}
    if "grants" in wanted:
        settled["grants"] = {**wanted["grants"], "granted": [], "revoked": []}
    return settled


def _values(result: TaskResult) -> dict[str, Any]:
    shown = values(result)
    shown.pop("cluster", None)
    for common in ("uid", "gid", "group", "owner", "size", "state", "mode", "path"):
        # Ansible's own, of a file whose attributes the module looked after.
        if result.action.endswith(("dcos_keypair", "dcos_ca")):
            shown.pop(common, None)
    return dict(_masked(shown, result))


def _masked(shown: Any, result: TaskResult) -> Any:
    """What another run makes anew is replaced by a word."""
    made = next((v for v in result.result.values() if isinstance(v, dict) and "fingerprint" in v), {})
    text = json.dumps(shown)
    for name, word in (("fingerprint", "<fingerprint>"), ("public_key", "<public key>")):
        if made and result.host in ("keypair", "secret-generated"):
            text = text.replace(json.dumps(made[name])[1:-1], word)
    if result.result.get("expires_at"):
        text = text.replace(result.result["expires_at"], "<end>")
        text = text.replace(f'"expires_in": {result.result["expires_in"]}', '"expires_in": "<seconds>"')
    return json.loads(text)
