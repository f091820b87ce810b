# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was answered is kept, and a restarted emulator is the same cluster."""

from __future__ import annotations

import shutil
import stat
import threading
from http.client import HTTPException
from pathlib import Path

from conformance_support import KEY, SECRETS, Emulator, Names, eventually, login_token, public_pem

WRITES = 100


def kill(emulator: Emulator) -> None:
    emulator.kill()
    emulator.close()


def test_kill_during_writes(own: Emulator) -> None:
    """The emulator's own promise: what was answered survives kill -9, and nothing half-done is found."""
    own.token()
    answered: list[int] = []
    enough = threading.Event()

    def write() -> None:
        for number in range(WRITES):
            try:
                answer = own.iam("PUT", f"/users/svc-{number}", {"public_key": public_pem(KEY)})
                secret = own.call("PUT", f"{SECRETS}/secret/default/svc-{number}", json_body={"value": str(number)})
            except (OSError, HTTPException):
                return
            assert (answer.status, secret.status) == (201, 201)
            answered.append(number)
            if len(answered) == WRITES // 2:
                enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert enough.wait(30)
    own.kill()
    writer.join()
    own.close()
    assert WRITES // 2 <= len(answered) < WRITES
    own.start()
    users = {user["uid"] for user in own.iam("GET", "/users?type=service").json["array"]}
    secrets = own.call("GET", f"{SECRETS}/secret/default/?list=true").json["array"]
    for number in answered:
        assert f"svc-{number}" in users
        assert f"svc-{number}" in secrets
        assert own.call("GET", f"{SECRETS}/secret/default/svc-{number}").json == {"value": str(number)}
    # One write of each kind may have been done without an answer; nothing more.
    assert len([uid for uid in users if uid.startswith("svc-")]) - len(answered) in (0, 1)


def test_a_restart_keeps_the_cluster(own: Emulator) -> None:
    """The emulator's own promise: state, CA, server key and signing key are kept; so are ports that were named."""
    token = own.token()
    own.must(201, "PUT", "/users/svc", {"public_key": public_pem(KEY)})
    own.grant("svc", "dcos:a:/b", "read")
    names = Names(own)
    oidc, saml = names["oidc"], names["saml"]
    ldap = {"host": "ldap.example", "port": 389, "enforce-starttls": True, "use-ldaps": False}
    own.must(200, "PUT", "/ldap/config", ldap)

    def kept() -> dict[str, bytes]:
        return {
            "ca": Path(own.ca_path).read_bytes(),
            "jwks": own.iam("GET", "/auth/jwks").body,
            "acls": own.iam("GET", "/acls").body,
            "permissions": own.iam("GET", "/users/svc/permissions").body,
            "users": own.iam("GET", "/users?type=service").body,
            "metadata": own.call("GET", "/metadata").body,
            "oidc": own.iam("GET", f"/auth/oidc/providers/{oidc}").body,
            "saml": own.iam("GET", f"/auth/saml/providers/{saml}").body,
            "ldap": own.iam("GET", "/ldap/config").body,
            "key": (own.data_dir / "server.key").read_bytes(),
        }

    before = kept()
    addresses = (own.http, own.https)
    kill(own)
    own.start(superuser_password="another-one")
    assert (own.http, own.https) == addresses
    assert kept() == before
    assert own.iam("GET", "/users", token=token).status == 200
    assert own.login(uid="svc", token=login_token(KEY, uid="svc")).status == 200
    assert own.login(uid="bootstrapuser", password="another-one").status == 401


def test_files_are_private(own: Emulator) -> None:
    """The emulator's own promise: what holds a secret is readable by its user alone; passwords are hashed."""
    own.must(201, "PUT", "/users/joe", {"password": "a-password-to-find"})
    for path in own.data_dir.iterdir():
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o644 if path.name == "ca.crt" else 0o600), path
    own.stop()
    for path in own.data_dir.iterdir():
        content = path.read_bytes()
        assert b"a-password-to-find" not in content, path
        assert b"deleteme" not in content, path


def test_it_ends_when_its_directory_is_removed(tmp_path: Path) -> None:
    """The emulator's own promise: whoever removes a cluster leaves no process behind; it lets a successor alone."""
    with Emulator(tmp_path, "disabled") as removed:
        shutil.rmtree(tmp_path)
        with Emulator(tmp_path, "disabled") as successor:
            eventually(lambda: removed._process.poll() == 0)
            assert (tmp_path / "endpoints.json").exists()
            assert successor.iam("GET", "/auth/jwks", token=None).status == 200
