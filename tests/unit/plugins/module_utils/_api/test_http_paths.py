# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoding of names in paths: what a server decodes is what was meant, through the whole HTTP library."""

from __future__ import annotations

from urllib.parse import unquote

import requests
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dcos.security.plugins.module_utils._api import http
from ansible_collections.dcos.security.plugins.module_utils._api.http import Request
from ansible_collections.dcos.security.plugins.module_utils._rules.permissions import check_rid
from ansible_collections.dcos.security.tests.unit.plugins.module_utils._rules.test_identifiers import GOOD_UIDS, PATHS
from ansible_collections.dcos.security.tests.unit.plugins.module_utils._rules.test_permissions import RIDS
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Reply, Sent, serving


def arrives(path: str) -> str:
    """The path as it goes over the wire."""
    seen: list[Sent] = []

    def handler(sent: Sent) -> Reply:
        seen.append(sent)
        return Reply(200, {})

    client = http.HttpClient("https://dcos.example.com/prefix", False)
    with serving(handler):
        client.send(Request("GET", path, "reading", authenticated=False))
    assert seen[0].path.startswith("/prefix/")
    return seen[0].path[len("/prefix") :]


def test_rids_as_other_clients_send_them() -> None:
    assert http.encode_rid("dcos:service:marathon:marathon:services:/dev/*") == (
        "dcos:service:marathon:marathon:services:%252Fdev%252F*"
    )
    assert http.encode_rid("dcos:mesos:master:framework:role:slave_public/foo-role") == (
        "dcos:mesos:master:framework:role:slave_public%252Ffoo-role"
    )
    assert http.encode_rid("dcos:superuser") == "dcos:superuser"


def test_uids_as_other_clients_send_them() -> None:
    assert http.encode_segment("ci@b.example_-") == "ci@b.example_-"
    assert http.encode_segment("a/b?c#d%") == "a%2Fb%3Fc%23d%25"


@given(RIDS | st.lists(RIDS, min_size=1).map("/".join))
def test_a_rid_decoded_twice_is_the_rid(rid: str) -> None:
    """Once by the web layer, for which it is one segment; once by the IAM."""
    check_rid(rid, "rid")
    path = arrives(f"/acls/{http.encode_rid(rid)}/users/a/full")
    segments = [unquote(segment) for segment in path.split("/")]
    assert segments[:2] + segments[3:] == ["", "acls", "users", "a", "full"]
    assert unquote(segments[2]) == rid


@given(RIDS)
def test_only_necessary_characters_are_encoded_in_a_rid(rid: str) -> None:
    encoded = http.encode_rid(rid)
    assert encoded.count(":") == rid.count(":")
    assert encoded.count("*") == rid.count("*")
    assert encoded.count("%252F") == rid.count("/")


@given(GOOD_UIDS)
def test_a_uid_decoded_once_is_the_uid(uid: str) -> None:
    path = arrives(f"/users/{http.encode_segment(uid)}/permissions")
    assert [unquote(segment) for segment in path.split("/")] == ["", "users", uid, "permissions"]


@given(PATHS)
def test_a_secret_path_decoded_once_is_the_path(path: str) -> None:
    encoded = "/".join(http.encode_segment(part) for part in path.split("/"))
    assert unquote(arrives(f"/secrets/v1/secret/default/{encoded}")) == f"/secrets/v1/secret/default/{path}"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_one_segment(text: str) -> None:
    encoded = http.encode_segment(text)
    assert not set(encoded) & set("/?# \\")
    assert unquote(encoded) == text
    if text not in (".", ".."):
        url = requests.Request("GET", f"https://h/a/{encoded}/b").prepare().url
        assert url is not None
        assert unquote(url) == f"https://h/a/{text}/b"
