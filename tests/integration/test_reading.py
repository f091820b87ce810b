# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading without permissions; and the CA bundle, which is read first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from integration_support import (
    KEYS,
    SECRETS,
    Emulator,
    Lab,
    public_pem,
    task,
    unique,
)


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
