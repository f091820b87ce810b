# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line as an event: what it says, and what never gets into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._audit.line import BAD_UID, parse
from ansible_collections.dcos.security.plugins.module_utils._audit.report import (
    NO_UID,
    NOT_MAPPED,
    REFUSED_LOGIN,
    REFUSED_PASSWORD,
)
from ansible_collections.dcos.security.plugins.module_utils._events.event import event_of

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJjaSJ9.c2lnbmF0dXJl"


def event(text: str) -> dict[str, str] | None:
    found = parse(text)
    assert found is not None
    return event_of(found)


def line(**pairs: str) -> str:
    """An audit line of Admin Router, with some of its pairs replaced."""
    known = {
        "timestamp": "2026-06-14T09:12:03Z",
        "authorizer": "adminrouter",
        "object": "dcos:adminrouter:package",
        "action": "full",
        "result": "deny",
        "request_uri": "/package/search",
        "uid": "ci",
    }
    return "type=audit " + " ".join(f"{key}={value}" for key, value in {**known, **pairs}.items() if value)


def test_denial_names_the_missing_permission() -> None:
    assert event(line()) == {
        "uid": "ci",
        "component": "adminrouter",
        "result": "deny",
        "rid": "dcos:adminrouter:package",
        "action": "full",
        "time": "2026-06-14T09:12:03.000000Z",
        "sample": line(),
    }


@pytest.mark.parametrize(
    ("text", "uid", "cause"),
    [
        pytest.param(line(uid=""), None, NO_UID, id="no token"),
        pytest.param(line(action="password-login", object=""), "ci", REFUSED_PASSWORD, id="password"),
        pytest.param(f"Service login for `ci`: invalid token `{TOKEN}`: expired", "ci", REFUSED_LOGIN, id="login"),
        pytest.param(line(object="/slave(1)/state", action="GET"), "ci", NOT_MAPPED, id="not mapped"),
        pytest.param(line(uid="../../etc/passwd"), None, BAD_UID, id="no account"),
    ],
)
def test_denial_that_no_grant_cures_says_why(text: str, uid: str | None, cause: str) -> None:
    found = event(text)
    assert found is not None
    assert (found.get("uid"), found["cause"], found["result"]) == (uid, cause, "deny")
    assert "rid" not in found
    assert "action" not in found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(line(uid="", result="allow"), id="open to everyone"),
        pytest.param(line(result="allow", request_uri="/secrets/v1/secret/x"), id="open to every account"),
        pytest.param(line(action="password-login", object="", result="allow"), id="login"),
    ],
)
def test_what_needs_no_grant_is_no_event(text: str) -> None:
    assert event(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"Service login for `ci`: invalid token `{TOKEN}`: expired",
        line(request_uri=f"/package/search?token={TOKEN}"),
        line(object=f"dcos:adminrouter:service:{TOKEN}"),
        line(authorizer=TOKEN),
        line(request_uri=f"/x#password={TOKEN[::-1]}"),
    ],
)
def test_no_secret_is_in_an_event(text: str) -> None:
    assert not any(TOKEN in value or TOKEN[::-1] in value for value in (event(text) or {}).values())


@given(st.text("{%#}x ", min_size=1, max_size=12))
def test_nothing_in_an_event_is_a_template(chosen: str) -> None:
    """Ansible would run what a client wrote into the URI of a request."""
    found = event(line(request_uri=f"/{chosen}", object=f"dcos:adminrouter:service:{chosen}", authorizer=chosen))
    for value in (found or {}).values():
        assert not any(opening in value for opening in ("{{", "{%", "{#"))
