# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that only read, compared with what the cluster says by raw HTTP; and the CA bundle, which is read first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration_support import (
    KEYS,
    SECRETS,
    SUPERUSER,
    Emulator,
    Lab,
    document,
    fingerprint,
    public_pem,
    task,
    unique,
    values,
)


def test_info_modules(strict: Emulator, lab: Lab) -> None:
    uid = strict.make_account(unique("read"), KEYS[0])
    stray = strict.make_account(f"{uid}.replacing", KEYS[1], "{}")
    gid = strict.make_group(unique("readers"), uid)
    rid = f"dcos:test:{uid}:/a/*"
    strict.grant(uid, rid, "update", "read")
    strict.grant(gid, rid, "full", kind="groups")
    strict.make_secret(f"{uid}/mine", document(uid, KEYS[0]))
    strict.make_secret(f"{uid}/mine-next", document(uid, KEYS[1]))
    strict.make_secret(f"{uid}/stale", document(uid, KEYS[2]))
    strict.make_secret(f"{uid}/text", "some text")
    tasks = [
        task("dcos_service_account_info", "account", args={"uid": uid}),
        task("dcos_service_account_info", "accounts", check_mode=True),
        task("dcos_service_account_info", "person", args={"uid": SUPERUSER}),
        task("dcos_acl_grant_info", "by uid", args={"uid": uid}),
        task("dcos_acl_grant_info", "by gid", args={"gid": gid}),
        task("dcos_acl_grant_info", "by rid", args={"rid": rid}),
        task("dcos_acl_grant_info", "nobody", args={"uid": "never-made"}),
        task("dcos_acl_grant_info", "nothing", args={"rid": "dcos:test:never-made"}),
        *(
            task("dcos_sa_secret_info", name, args={"path": f"{uid}/{name}"})
            for name in ("mine", "stale", "text", "none")
        ),
    ]
    run = lab.play(tasks, strict)
    found = {name: values(run.one(name)) for name in (each["name"] for each in tasks)}
    assert not any(result.changed for result in run.of("case"))
    assert not any(request.is_write for request in strict.requests(run.start, run.end))

    view = {
        "uid": uid,
        "description": "made by a test",
        "public_key": public_pem(KEYS[0]),
        "fingerprint": fingerprint(KEYS[0]),
        "provider_type": "internal",
        "url": f"/acs/api/v1/users/{uid}",
        "native": False,
        "replacing": False,
    }
    assert found["account"]["service_accounts"] == [view]
    assert found["person"]["service_accounts"] == []
    everyone = {account["uid"]: account for account in found["accounts"]["service_accounts"]}
    assert everyone[uid] == view
    assert everyone[stray]["replacing"] is True
    assert everyone["dcos_marathon"]["native"] is True
    raw = strict.must(200, "GET", "/acs/api/v1/users?type=service").json()["array"]
    assert list(everyone) == sorted(account["uid"] for account in raw)

    through = [{"gid": gid, "rid": rid, "actions": ["full"]}]
    assert found["by uid"]["grants"] == {
        "direct": [{"rid": rid, "actions": ["read", "update"]}],
        "through_groups": through,
    }
    assert found["by gid"]["grants"]["direct"] == [{"rid": rid, "actions": ["full"]}]
    assert found["by rid"]["resource"] == {
        "rid": rid,
        "users": [{"uid": uid, "actions": ["read", "update"]}],
        "groups": [{"gid": gid, "actions": ["full"]}],
    }
    assert (found["nobody"]["grants"], found["nothing"]["resource"]) == (None, None)

    mine: dict[str, Any] = found["mine"]["secret"]
    assert mine["fingerprint"] == fingerprint(KEYS[0])
    assert (mine["is_document"], mine["matches_account"], mine["pending"]) == (True, True, True)
    assert "private_key" not in mine
    stale = found["stale"]["secret"]
    assert (stale["matches_account"], stale["pending"], stale["uid"]) == (False, False, uid)
    text = found["text"]["secret"]
    assert (text["is_document"], text["uid"], text["fingerprint"]) == (False, None, None)
    assert found["none"]["secret"] is None


def test_without_permissions(strict: Emulator, lab: Lab) -> None:
    """An account that may do nothing is told what it lacks; the mode is null, not an error."""
    uid = strict.make_account(unique("weak"), KEYS[0])
    path = strict.make_secret(f"{uid}/text", "some text")
    token = strict.log_in(uid, KEYS[0])
    defaults = {"dcos_url": strict.url, "dcos_ca_path": strict.ca, "dcos_token": token}
    cases = {
        "info": [task("dcos_cluster_info", "info")],
        "account": [
            task("dcos_service_account", "account", args={"uid": "never-made", "public_key": public_pem(KEYS[0])})
        ],
        "secret": [task("dcos_sa_secret_info", "secret", args={"path": path})],
    }
    run = lab.play(cases, defaults=defaults, fails=True)
    assert run.one("info", "info").result["cluster_info"]["security_mode"] is None
    for name in ("account", "secret"):
        refused = run.one(name, name)
        assert refused.result["failure"]["status"] == 403
        assert "lacks the permission" in refused.message
    requests = run.one("secret", "secret").requests(strict, SECRETS + path)
    assert [request.status for request in requests] == [403]


def test_ca_bundle(strict: Emulator, permissive: Emulator, lab: Lab) -> None:
    """What is offered is trusted for a reason, or refused; and no credentials go along."""
    folder = lab.place("ca")
    others = lab.file("ca/others.crt", Path(str(permissive.ca)).read_text())

    def ca(name: str, **args: Any) -> list[dict[str, Any]]:
        return [task("dcos_ca", name, args={"path": str(folder / f"{name}.crt"), **args})]

    cases = {
        "first": [
            *ca("first", trust_on_first_use=True),
            task("dcos_ca", "kept", args={"path": str(folder / "first.crt")}),
        ],
        "known": ca("known", fingerprint=[strict.ca_fingerprint]),
        "given": ca("given", source_path=others),
        "unknown": ca("unknown"),
        "wrong": ca("wrong", fingerprint=[permissive.ca_fingerprint]),
        "others": ca("others", trust_on_first_use=True),
        "no-fingerprint": ca("no-fingerprint", fingerprint=["ABCD"]),
    }
    defaults = {**strict.connection, "dcos_ca_path": "/nowhere"}
    run = lab.play(cases, defaults=defaults, fails=True, warnings=["trusted on first use"])
    reasons = {
        name: run.one(name, case).result["ca"]["trusted_by"]
        for case, name in (("first", "first"), ("first", "kept"), ("known", "known"), ("given", "given"))
    }
    assert reasons == {"first": "first_use", "kept": "existing", "known": "fingerprint", "given": "file"}
    assert not run.one("kept", "first").changed
    for name in ("unknown", "wrong", "others", "no-fingerprint"):
        assert run.one(name, name).code == "tls"
    assert strict.ca_fingerprint in run.one("unknown", "unknown").message
    bundle = Path(str(strict.ca)).read_text()
    assert (folder / "first.crt").read_text() == (folder / "known.crt").read_text() == bundle
    assert (folder / "given.crt").read_text() == (folder / "others.crt").read_text()
    assert not (folder / "unknown.crt").exists()
    sent = {(request.method, request.path, request.uid) for request in strict.requests(run.start, run.end)}
    assert sent == {("GET", "/ca/dcos-ca.crt", None)}
    info = task("dcos_cluster_info", "info", args={"dcos_ca_path": str(folder / "first.crt")})
    assert lab.play([info], strict).one("info").result["cluster_info"]["security_mode"] == "strict"
