# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys in arguments are recognised in every form, and hidden before Ansible judges the arguments."""

from __future__ import annotations

import base64
import json
import textwrap
from typing import Any
from urllib.parse import quote

import pytest
from ansible.module_utils import basic

from ansible_collections.dcos.security.plugins.module_utils._module.private_keys import holds_private_key
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import (
    certificate_text,
    private_text,
    public_text,
)
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, run

PEM = private_text("a")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "PEM": PEM,
    "PKCS#1": private_text("a", form="TraditionalOpenSSL"),
    "in JSON": json.dumps([{"name": "/a", "key_dir": PEM}]),
    "folded": PEM.replace("\n", " "),
    "URL": quote(PEM),
    "base64": encoded(PEM),
    "base64, one further": encoded(f"-{PEM}"),
    "base64, two further": base64.urlsafe_b64encode(f"--{PEM}".encode()).decode(),
    "base64 in lines": "\n".join(textwrap.wrap(encoded(PEM), 76)),
    "base64 in lines in JSON": json.dumps("\n".join(textwrap.wrap(encoded(PEM), 76))),
    "base64 of JSON": encoded(json.dumps({"private_key": PEM})),
    "base64 twice": encoded(encoded(PEM)),
    "no first line": "".join(PEM.splitlines()[1:-1]),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_private_key_is_recognised(form: str) -> None:
    assert holds_private_key(FORMS[form])
    assert holds_private_key(f"words {FORMS[form]} words")


@pytest.mark.parametrize(
    "text",
    ["", "/a.pem", public_text("a"), encoded(public_text("a")), certificate_text("a")],
    ids=["empty", "path", "public key", "public key in base64", "certificate"],
)
def test_public_text_is_not_taken_for_a_private_key(text: str) -> None:
    assert not holds_private_key(text)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("dcos_keypair", {"private_key_path": "KEY", "state": "loose"}),
    ("dcos_keypair", {"private_key_path": "x", "size": "KEY"}),
    ("dcos_service_account", {"uid": "KEY", "public_key": "a", "public_key_path": "b"}),
    ("dcos_service_account", {"uid": "KEY", "KEY": 1}),
    ("dcos_service_account_info", {"uid": "KEY", "unknown": 1}),
    ("dcos_acl_grant", {"uid": "KEY", "gid": "b", "rid": "c"}),
    ("dcos_acl_grant", {"uid": "a", "rid": "c", "actions": ["KEY"]}),
    ("dcos_sa_secret", {"path": "KEY", "uid": "a", "security_mode": "loose"}),
    ("dcos_token", {"uid": "KEY", "exchange": "maybe"}),
    ("dcos_ca", {"path": "a", "fingerprint": ["KEY"], "unknown": 1}),
    ("dcos_access_info", {"secrets": "KEY"}),
    ("dcos_services", {"services": [{"name": "/a", "key_dir": "KEY"}], "state": "loose"}),
    ("dcos_services", {"services": "KEY", "concurrency": "KEY"}),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "options"), WRONG)
def test_a_misplaced_key_is_hidden_in_ansibles_own_errors(
    name: str, options: dict[str, Any], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the message nor the arguments of the invocation nor the system's log hold a line of it."""
    logged: list[str] = []
    monkeypatch.setattr(
        basic.AnsibleModule, "log", lambda module, msg, log_args=None: logged.append(f"{msg} {log_args}")
    )
    given = json.loads(json.dumps(options).replace('"KEY"', json.dumps(FORMS[form])))
    result = run(name, given, login={} if name == "dcos_keypair" else LOGIN)
    assert result["failed"] is True
    assert "failure" not in result, "refused by Ansible, not by us"
    shown = "".join((json.dumps(result) + "".join(logged)).replace("\\n", "").split())
    lines = FORMS[form].replace("\\n", "\n").split()
    assert not [line for line in lines if len(line) > 40 and line in shown]
    whole = "".join(FORMS[form].replace("\\n", "").split())
    assert not [whole[i : i + 60] for i in range(40, len(whole) - 60, 20) if whole[i : i + 60] in shown]


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [
        ("dcos_token", {"uid": "svc", "password": "TEXT"}, "password"),
        ("dcos_service_account", {"uid": "svc", "description": "TEXT"}, "description"),
        ("dcos_services", {"services": [{"name": "/a", "description": "TEXT"}]}, "services"),
        ("dcos_keypair", {"private_key_path": "/nowhere/TEXT"}, "private_key_path"),
    ],
)
def test_an_option_that_is_not_utf8_is_named(
    name: str, options: dict[str, Any], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to ansible-core 2.18 such arguments arrive, and Ansible's own code would end with a traceback."""
    load = basic._load_params

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(part) for key, part in value.items()}
        if isinstance(value, list):
            return [replaced(part) for part in value]
        return value.replace("TEXT", "\udcff") if isinstance(value, str) else value

    monkeypatch.setattr(basic, "_load_params", lambda: replaced(load()))
    result = run(name, options, login={} if name == "dcos_keypair" else LOGIN)
    assert result["msg"].startswith(f"{option}: this is not UTF-8 text")
    assert set(result["failure"]) == {"status", "code", "title"}


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [
        ("dcos_keypair", {"private_key_path": "/a\0b"}, "private_key_path"),
        ("dcos_keypair", {"private_key_path": "/a", "public_key_path": "/a\0b"}, "public_key_path"),
        ("dcos_ca", {"path": "/a\0b"}, "path"),
        ("dcos_ca", {"path": "/a", "source_path": "/a\0b"}, "source_path"),
        ("dcos_token", {"path": "/a\0b"}, "path"),
        ("dcos_services", {"services": [], "progress_path": "/a\0b"}, "progress_path"),
        ("dcos_cluster_info", {"dcos_ca_path": "/a\0b"}, "dcos_ca_path"),
        ("dcos_cluster_info", {"dcos_config": "/a\0b"}, "dcos_config"),
        ("dcos_keypair", {"private_key_path": "/etc/passwd/x"}, "private_key_path"),
    ],
)
def test_an_invalid_path_is_named(
    name: str, options: dict[str, Any], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From Python 3.12 on, Ansible fails first on a NUL, when it writes the options to a syslog.
    monkeypatch.setattr(basic, "HAS_SYSLOG", False)
    result = run(name, options, login={} if name == "dcos_keypair" else LOGIN)
    assert result["msg"].startswith(f"{option}: ")
    assert set(result["failure"]) == {"status", "code", "title"}
