# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The glue: derived forms of secrets, what is hidden, what a result and a failure look like."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    TlsError,
    UnreachableError,
)
from ansible_collections.dcos.security.plugins.module_utils._module import arguments
from ansible_collections.dcos.security.plugins.module_utils._module import cluster as glue
from ansible_collections.dcos.security.plugins.module_utils._module import libraries as _deps
from ansible_collections.dcos.security.plugins.module_utils._resources.frame import Plan, Resource, Step
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import URL
from ansible_collections.dcos.security.tests.unit.plugins.modules.module_run import LOGIN, run_main

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXTS.filter(str.strip))
def test_every_form_of_a_secret_is_known(secret: str) -> None:
    forms = arguments.derived_forms(secret)
    for text in (secret, secret.strip()):
        assert text in forms
        assert json.dumps({"a": text})[7:-2] in forms
        assert json.dumps({"a": text}, ensure_ascii=False)[7:-2] in forms
        assert base64.b64encode(text.encode()).decode() in forms
        assert base64.urlsafe_b64encode(text.encode()).decode() in forms
        assert quote(text, safe="") in forms
    assert "" not in forms


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_empty_text_is_not_a_secret(secret: str) -> None:
    """An empty text among the hidden ones would make every output unreadable."""
    assert "" not in arguments.derived_forms(secret)


class Telling(Resource[None]):
    """Returns what it is told to."""

    def __init__(self, values: Mapping[str, Any], steps: int = 0, error: DcosError | None = None) -> None:
        self._values = values
        self._steps = steps
        self._error = error

    def read(self) -> None:
        if self._error is not None:
            raise self._error

    def plan(self, state: None) -> Plan:
        steps = tuple(Step("do", lambda: True) for _number in range(self._steps))
        return Plan(self._values, steps, {"a": 1}, {"a": 2})


def told(resource: Resource[Any], options: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    spec = {"secret": {"type": "str", "no_log": True}}

    def build(context: glue.Context[Any]) -> Resource[Any]:
        assert context.cluster.connection.url
        return resource

    return run_main(lambda: glue.run_cluster_module(spec, build), {**LOGIN, **(options or {})}, **how)


def test_a_result() -> None:
    result = told(Telling({"x": [1]}, 1), diff=True)
    assert result["x"] == [1]
    assert result["changed"] is True
    assert result["cluster"] == {"url": URL, "credentials_from": "task"}
    assert result["diff"] == {"before": {"a": 1}, "after": {"a": 2}}
    assert "diff" not in told(Telling({}, 1))
    unchanged = told(Telling({}), diff=True)
    assert unchanged["changed"] is False
    assert unchanged["diff"]["before"] == unchanged["diff"]["after"]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (DcosError("m", "key_mismatch"), {"status": None, "code": "key_mismatch", "title": None}),
        (ApiError("m", "ERR_X", 409, "Conflict"), {"status": 409, "code": "ERR_X", "title": "Conflict"}),
        (CredentialsError("m"), {"status": None, "code": "credentials", "title": None}),
        (UnreachableError("m"), {"status": None, "code": "unreachable", "title": None}),
        (TlsError("m"), {"status": None, "code": "tls", "title": None}),
    ],
)
def test_a_failure(error: DcosError, failure: dict[str, Any]) -> None:
    result = told(Telling({}, 0, error))
    assert result["failed"] is True
    assert result["msg"] == "m"
    assert result["failure"] == failure
    assert result["cluster"] == {"url": URL, "credentials_from": "task"}


def test_a_failure_before_the_connection_is_known() -> None:
    result = told(Telling({}), {"dcos_url": "ftp://x"})
    assert result["failed"] is True
    assert result["failure"] == {"status": None, "code": None, "title": None}
    assert "cluster" not in result


SECRET = 'p4ss "w0rd"/+\n?'


@pytest.mark.parametrize("form", range(6))
@pytest.mark.parametrize("option", ["secret", "dcos_password"])
def test_no_form_of_a_secret_is_printed(option: str, form: int) -> None:
    forms = [
        SECRET,
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        quote(SECRET, safe=""),
        SECRET.strip(),
    ]
    hidden = forms[form]
    result = told(Telling({"x": f"<{hidden}>"}), {option: SECRET})
    assert hidden not in result["x"]
    assert result["x"].startswith("<")
    failed = told(Telling({}, 0, DcosError(f"it was <{hidden}>")), {option: SECRET})
    assert hidden not in failed["msg"]


@pytest.mark.parametrize("url", ["https://admin:S3CRET@dcos.example.com", "admin:S3CRET@dcos.example.com"])
def test_a_password_in_a_url_is_not_among_the_printed_arguments(url: str) -> None:
    result = told(Telling({}), {"dcos_url": url})
    assert result["failed"] is True
    assert "S3CRET" not in json.dumps(result)


def test_only_modules_that_handle_tokens_need_pyjwt(monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.import_module

    def without_jwt(name: str) -> Any:
        if name == _deps.JWT.module:
            raise ImportError(name)
        return original(name)

    monkeypatch.setattr(importlib, "import_module", without_jwt)
    assert told(Telling({"x": 1}))["x"] == 1
    given_a_token = told(Telling({}), {"dcos_username": None, "dcos_password": None, "dcos_token": "a.b.c"})
    assert given_a_token["failed"] is True
    assert _deps.JWT.requirement in given_a_token["msg"]
    run = partial(glue.run_cluster_module, {}, lambda context: Telling({}), (_deps.JWT,))
    assert _deps.JWT.requirement in run_main(run, LOGIN)["msg"]


def test_warnings_are_printed() -> None:
    result = told(Telling({}), {"dcos_validate_certs": "false"})
    assert any("is not verified" in str(warning) for warning in result["warnings"])


def test_every_connection_option_takes_empty_text() -> None:
    """AWX renders an unfilled field as empty text; an option of type bool or int would not take it."""
    empty = dict.fromkeys(set(glue.CONNECTION_SPEC) - set(LOGIN), "")
    assert told(Telling({"x": 1}), empty)["x"] == 1


def test_no_connection_option_has_a_default_or_a_fallback() -> None:
    """Credential sets are bound in code, as a whole; an option left out must be told from one that is set."""
    for name, spec in glue.CONNECTION_SPEC.items():
        assert not {"default", "fallback", "required"} & set(spec), name
    secret = {name for name, spec in glue.CONNECTION_SPEC.items() if spec.get("no_log")}
    assert secret == {"dcos_token", "dcos_id_token", "dcos_password", "dcos_private_key"}
