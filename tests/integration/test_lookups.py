# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookups as plays use them: the sources of their connection, one login for many secrets, and what comes back."""

from __future__ import annotations

import base64
from typing import Any

from integration_support import (
    KEYS,
    PASSWORD,
    SECRETS,
    SUPERUSER,
    Emulator,
    Lab,
    Task,
    private_pem,
    task,
    unique,
)

TEXT = "p4ss {{ 6 * 7 }} é\n"


def read(expression: str, wanted: object, **keywords: Any) -> Task:
    """A task that compares what a lookup returns; the value itself is in no output of a passing run."""
    variables = {"found": f"{{{{ {expression} }}}}", "wanted": wanted, **keywords.pop("vars", {})}
    return task(
        "ansible.builtin.assert", "read", args={"that": "found == wanted", "quiet": True}, vars=variables, **keywords
    )


def test_sources(strict: Emulator, lab: Lab) -> None:
    """Options of the lookup, variables of any kind, the environment, the DC/OS CLI; the first complete set wins."""
    path = strict.make_secret(f"{unique('lookup')}/text", "of the source")
    service = strict.superuser(unique("lookup"), KEYS[1])
    assert strict.ca is not None
    key = lab.file("service.pem", private_pem(KEYS[1]))
    where = {"ansible_dcos_url": strict.url, "ansible_dcos_ca_path": strict.ca}
    wrong = {"ansible_dcos_username": "joe", "ansible_dcos_password": "wrong"}
    text = f'[core]\ndcos_url = "{strict.url}"\ndcos_acs_token = "{strict.token}"\nssl_verify = "{strict.ca}"\n'
    lab.file("home/.dcos/dcos.toml", text)

    def found(options: str = "", **variables: Any) -> Task:
        return read(f"lookup('dcos.security.dcos_secret', '{path}'{options})", "of the source", vars=variables)

    by_variables = [
        found(**where, ansible_dcos_username=SUPERUSER, ansible_dcos_password="{{ vaulted }}", vaulted=PASSWORD),
        found(**where, ansible_dcos_username=service, ansible_dcos_private_key_path=key),
        found(", dcos_token=given", **where, **wrong, given=strict.token),
        # What AWX renders for fields that nobody filled in.
        found(**where, ansible_dcos_token=strict.token, ansible_dcos_username="", ansible_dcos_password=""),
    ]
    cli = {"cli": [found()]}
    assert lab.play({"variables": by_variables, **cli}).returncode == 0
    environment = {"DCOS_URL": strict.url, "DCOS_TLS_CA_PATH": strict.ca, "DCOS_USERNAME": SUPERUSER}
    nowhere = {"DCOS_URL": "https://127.0.0.1:1", "DCOS_ACS_TOKEN": "a.wrong.token"}
    lab.play([found()], environment={**environment, "DCOS_PASSWORD": PASSWORD})
    lab.play(by_variables, environment=nowhere)


def test_many_secrets_take_one_login(strict: Emulator, lab: Lab) -> None:
    """A text comes back as it is, nothing in it rendered; a file in base64; a default where there is none."""
    folder = unique("lookup")
    for name in ("text", "other"):
        strict.make_secret(f"{folder}/{name}", TEXT)
    keytab = lab.file("keytab", "\x00é\n")
    store = task("dcos_secret", "store", args={"path": f"{folder}/keytab", "src": keytab})
    paths = ", ".join(f"'{folder}/{name}'" for name in ("text", "keytab", "other", "none"))
    # Compared in base64, in which nothing could be taken for a template.
    wanted = [base64.b64encode(text.encode()).decode() for text in (TEXT, "AMOpCg==", TEXT, "none")]
    variables = {f"ansible_{name}": value for name, value in strict.connection.items()}
    expression = f"query('dcos.security.dcos_secret', {paths}, default='none') | map('b64encode') | list"
    many = read(expression, wanted, vars=variables)
    run = lab.play([store, many], strict)
    requests = run.one("read").requests(strict)
    assert [request.path for request in requests if request.is_login] == ["/acs/api/v1/auth/login"]
    assert {f"{SECRETS}{folder}/{name}" for name in ("text", "keytab", "other", "none")} <= {r.path for r in requests}
    assert strict.call("GET", f"{SECRETS}{folder}/keytab").headers["Content-Type"] == "application/octet-stream"


def test_secret_that_is_not_there_fails_the_task(strict: Emulator, lab: Lab) -> None:
    variables = {f"ansible_{name}": value for name, value in strict.connection.items()}
    expression = "lookup('dcos.security.dcos_secret', 'never/made')"
    ignored = "lookup('dcos.security.dcos_secret', 'never/made', errors='ignore') or 'nothing'"
    run = lab.play([read(ignored, "nothing", vars=variables), read(expression, "", vars=variables)], strict, fails=True)
    outcomes = [result.outcome for result in run.of("case")]
    assert outcomes == ["ok", "failed"]
    assert "there is no secret never/made in store default" in " ".join(run.output.split())


def test_token(strict: Emulator, lab: Lab) -> None:
    variables = {f"ansible_{name}": value for name, value in strict.connection.items()}
    ask = task(
        "ansible.builtin.uri",
        "ask",
        args={
            "url": f"{strict.url}/acs/api/v1/users/{SUPERUSER}",
            "headers": {"Authorization": "token={{ lookup('dcos.security.dcos_token') }}"},
            "ca_path": strict.ca,
            "use_proxy": False,
        },
        no_log=True,
        vars=variables,
    )
    run = lab.play([ask], strict)
    assert [(request.path, request.uid) for request in run.one("ask").requests(strict)][-1] == (
        f"/acs/api/v1/users/{SUPERUSER}",
        SUPERUSER,
    )
