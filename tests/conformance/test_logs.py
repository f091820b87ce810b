# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log and the request log."""

from __future__ import annotations

import re

from conformance_support import IAM, KEY, SECRETS, Emulator, Names, encode, login_token, private_pem

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
ADMIN_ROUTER = (
    r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \S+ adminrouter\.sh\[(\d+)\]: "
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[notice\] \1#0: \*\d+ \[lua\] ee\.lua:57: auditlog\(\): "
    rf"type=audit timestamp={STAMP}Z authorizer=adminrouter object=(?P<object>\S+) action=(?P<action>\S+) "
    r'result=(?P<result>allow|deny) reason="(?P<reason>[^"]+)" srcip=127\.0\.0\.1 srcport=\d+ '
    r"request_uri=(?P<uri>\S+?)(?: uid=(?P<uid>[^\s,]+))?(?: while sending to client)?, client: 127\.0\.0\.1, "
    r'server: master\.mesos, request: "(?P<request>[^"]+)", host: "127\.0\.0\.1:\d+"'
)


def last_decision(emulator: Emulator) -> dict[str, str | None]:
    found = re.fullmatch(ADMIN_ROUTER, emulator.audit()[-1])
    assert found is not None, emulator.audit()[-1]
    return found.groupdict()


def test_allowed(emulator: Emulator) -> None:
    """audit-log section 3: the form of the real line, with the phase between uid and client."""
    emulator.iam("GET", "/users?type=service")
    assert last_decision(emulator) == {
        "object": "dcos:adminrouter:acs",
        "action": "full",
        "result": "allow",
        "reason": "IAM PQ response",
        "uri": f"{IAM}/users?type=service",
        "uid": "bootstrapuser",
        "request": f"GET {IAM}/users?type=service HTTP/1.1",
    }
    assert " uid=bootstrapuser while sending to client, client: " in emulator.audit()[-1]


def test_permission_missing(emulator: Emulator, names: Names) -> None:
    """audit-log section 3: the object is the missing permission; the uid is followed by a comma."""
    emulator.call("PUT", f"{IAM}/users/x", json_body={}, token=emulator.token(names["person"]))
    decision = last_decision(emulator)
    assert (decision["object"], decision["result"]) == ("dcos:adminrouter:acs", "deny")
    assert (decision["reason"], decision["uid"]) == ("IAM PQ response", names["person"])
    assert f" uid={names['person']}, client: " in emulator.audit()[-1]


def test_no_token(emulator: Emulator) -> None:
    """audit-log section 3: no uid where there is no valid token."""
    emulator.call("GET", "/dcos-metadata/bootstrap-config.json", token=None)
    decision = last_decision(emulator)
    assert (decision["object"], decision["result"]) == ("dcos:adminrouter:ops:metadata", "deny")
    assert (decision["reason"], decision["uid"]) == ("no valid authentication token", None)


def test_own_permissions_and_any_user(emulator: Emulator, names: Names) -> None:
    """audit-log section 3: the emulator's own reasons."""
    person = names["person"]
    emulator.call("GET", f"{IAM}/users/{person}/permissions", token=emulator.token(person))
    decision = last_decision(emulator)
    assert (decision["object"], decision["action"]) == (f"dcos:iam:users:{person}:permissions", "read")
    assert decision["reason"] == "own permissions"
    emulator.call("GET", "/metadata", token=emulator.token(person))
    assert last_decision(emulator)["reason"] == "any authenticated user may access"


def test_wrong_password(emulator: Emulator, names: Names) -> None:
    """audit-log section 4: the IAM's security event for a known user; a refused token or an unknown uid leaves none."""
    person, account = names["person"], names["account"]
    emulator.login(uid=person, password="wrong")
    line = emulator.audit()[-1]
    assert re.fullmatch(
        r"\[\d{6}-\d\d:\d\d:\d\d\.\d{3}\] \[\d+:MainThread\] \[bouncer\.app\.auth\.Login\] INFO: "
        rf"type=audit timestamp={STAMP}\.\d{{6}}Z srcip=127\.0\.0\.1 component=bouncer action=password-login "
        rf'result=deny reason="invalid password provided" uid={person}',
        line,
    ), line
    before = len(emulator.audit())
    emulator.login(uid=account, token=login_token(KEY, uid="other"))
    emulator.login(uid=names["unknown"], password="wrong")
    emulator.login(uid=person, password=Names.PASSWORD)
    assert len(emulator.audit()) == before


def test_secrets(emulator: Emulator, names: Names) -> None:
    """audit-log section 7: the emulator's own form: rid and action of the decision."""
    person = names["person"]
    at = f"{SECRETS}/secret/default"
    for method, path, rid, action in (
        ("PUT", f"{at}/svc%2Fx", "dcos:secrets:default:/svc/x", "create"),
        ("GET", f"{at}/svc/x", "dcos:secrets:default:/svc/x", "read"),
        ("PATCH", f"{at}/svc/x", "dcos:secrets:default:/svc/x", "update"),
        ("DELETE", f"{at}/svc/x", "dcos:secrets:default:/svc/x", "delete"),
        ("GET", f"{at}/svc?list=true", "dcos:secrets:list:default:/svc", "read"),
    ):
        for token, result in ((emulator.token(person), "deny"), (emulator.token(), "allow")):
            before = len(emulator.audit())
            emulator.call(method, path, json_body={"value": "v"}, token=token)
            router, store = emulator.audit()[before:]
            assert "object=dcos:adminrouter:secrets action=full result=allow" in router
            uid = person if result == "deny" else "bootstrapuser"
            assert re.fullmatch(
                rf"type=audit timestamp={STAMP}Z authorizer=secrets object={rid} action={action} result={result} "
                rf'reason="[^"]+" uid={uid}',
                store,
            ), store


def test_one_line_per_decision(emulator: Emulator) -> None:
    """audit-log: public routes are no decision."""
    before = len(emulator.audit())
    emulator.iam("GET", "/auth/providers")
    emulator.call("GET", "/")
    assert len(emulator.audit()) == before
    emulator.iam("GET", "/users")
    assert len(emulator.audit()) == before + 1


def test_request_log(emulator: Emulator, names: Names) -> None:
    """The emulator's own promise: one object per request, raw path, masked query, whoever it was."""
    before = len(emulator.requests())
    emulator.iam("GET", "/users?type=service&token=abc&x=1&eyJhbGciOi=")
    emulator.iam("GET", f"/acls/{encode('dcos:a:/b')}")
    emulator.login(uid="bootstrapuser", password="deleteme")
    emulator.login(uid="bootstrapuser", password="wrong")
    emulator.call("GET", f"{SECRETS}/secret/default/?list=true", token=None)
    emulator.call("GET", "/any", token=None, url=emulator.http)
    entries = emulator.requests()[before:]
    keys = ["time", "method", "path", "query", "status", "uid", "scheme", "fault"]
    assert all(list(entry) == keys for entry in entries)
    assert all(re.fullmatch(STAMP + r"\.\d{6}Z", entry["time"]) for entry in entries)
    shown = [tuple(entry[key] for key in keys[1:]) for entry in entries]
    listing = {"list": "true"}
    masked = {"type": "service", "token": None, "x": None, "?": None}
    assert shown == [
        ("GET", f"{IAM}/users", masked, 200, "bootstrapuser", "https", None),
        ("GET", f"{IAM}/acls/dcos:a:%252Fb", {}, 400, "bootstrapuser", "https", None),
        ("POST", f"{IAM}/auth/login", {}, 200, "bootstrapuser", "https", None),
        ("POST", f"{IAM}/auth/login", {}, 401, None, "https", None),
        ("GET", f"{SECRETS}/secret/default/", listing, 401, None, "https", None),
        ("GET", "/any", {}, 307, None, "http", None),
    ]


def test_no_secret_in_any_log(own: Emulator) -> None:
    """The emulator's own promise: no token, key, password or value, whatever is asked and however it fails."""
    names = Names(own)
    account, person = names["account"], names["person"]
    login = login_token(KEY, uid=account)
    service = own.login(uid=account, token=login).json["token"]
    secrets = {
        "value-to-find": "value",
        "wrong-to-find": "password",
        "new-to-find": "password",
        login.split(".")[2]: "login token",
        service.split(".")[2]: "authentication token",
        own.token().split(".")[2]: "authentication token",
        private_pem(KEY).splitlines()[1]: "private key",
        "deleteme": "password",
        Names.PASSWORD: "password",
    }
    at = f"{SECRETS}/secret/default"
    own.login(uid=person, password="wrong-to-find")
    own.iam("PATCH", f"/users/{person}", {"password": "new-to-find"})
    own.iam("PUT", "/users/broken", body=b'{"password": "new-to-find', headers={"Content-Type": "application/json"})
    own.iam("PUT", "/users/broken", {"password": "new-to-find", "public_key": private_pem(KEY)})
    own.call("PUT", f"{at}/a", json_body={"value": "value-to-find"})
    own.call("PUT", f"{at}/b", body=b"value-to-find", headers={"Content-Type": "application/octet-stream"})
    own.call("GET", f"{at}/a?token={service}&{service}", token=service)
    own.call("GET", f"{at}/a?a={login}", token="nonsense")
    own.call("GET", f"{at}/a", headers={"Authorization": f"Basic {service}"}, token=None)
    connection = own.connect()
    connection.connect()
    connection.sock.sendall(f"NONSENSE {service} value-to-find\r\nbroken header {login}\r\n\r\n".encode())
    connection.sock.settimeout(5)
    while connection.sock.recv(4096):
        pass
    connection.close()
    own.stop()
    for name in ("audit.log", "requests.log", "emulator.log"):
        text = (own.data_dir / name).read_text()
        for secret, kind in secrets.items():
            assert secret not in text, f"{kind} in {name}"
    own.start()
