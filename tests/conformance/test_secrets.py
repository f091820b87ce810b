# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conformance_support import BINARY, JSON, SECRETS, Emulator, Names, Row, table

API = "secrets-api section 2"
KINDS = "secrets-api section 3"
PATHS = "secrets-api section 4"
AT = f"/{SECRETS}/secret/default"
VALUE = {"value": "v"}
OCTETS = {"Content-Type": BINARY}


def holds(path: str, body: bytes, content_type: str) -> Callable[[Emulator, Names], None]:
    def check(emulator: Emulator, names: Names) -> None:
        answer = emulator.call("GET", f"{SECRETS}/secret/default/{names.fill(path)}", headers={"Accept": "*/*"})
        assert (answer.status, answer.body, answer.content_type) == (200, body, content_type)

    return check


@table(
    Row(f"{API}: create", f"PUT {AT}/{{unknown}}", 201, VALUE, answer={}, answer_headers={"Content-Type": JSON}),
    Row(
        f"{API}: create again",
        f"PUT {AT}/{{secret}}",
        409,
        {"value": "other"},
        answer={"title": "Conflict", "description": "The secret already exists."},
        also=holds("{secret}", b'{"value": "v"}', JSON),
    ),
    Row(f"{API}: read text", f"GET {AT}/{{secret}}", 200, answer=VALUE, answer_headers={"Content-Type": JSON}),
    Row(f"{API}: read an unknown one", f"GET {AT}/{{unknown}}", 404),
    Row(f"{API}: read a folder", f"GET {AT}/secret-folder/none", 404),
    Row(
        f"{API}: update",
        f"PATCH {AT}/{{secret}}",
        204,
        {"value": "w"},
        answer=b"",
        also=holds("{secret}", b'{"value": "w"}', JSON),
    ),
    Row(f"{API}: update an unknown one", f"PATCH {AT}/{{unknown}}", 404, VALUE),
    Row(f"{API}: delete", f"DELETE {AT}/{{secret}}", 204, answer=b""),
    Row(f"{API}: delete an unknown one", f"DELETE {AT}/{{unknown}}", 404),
    Row(
        "secrets-api section 1: unknown fields are ignored",
        f"PUT {AT}/{{unknown}}",
        201,
        {**VALUE, "path": "p", "store_id": "s"},
        also=holds("{unknown}", b'{"value": "v"}', JSON),
    ),
    Row(
        "secrets-api section 9: descriptive fields may come back",
        f"PUT {AT}/{{unknown}}",
        201,
        {**VALUE, "author": "a"},
        also=holds("{unknown}", b'{"author": "a", "value": "v"}', JSON),
    ),
    Row(
        f"{KINDS}: binary",
        f"PUT {AT}/{{unknown}}",
        201,
        b"\x00\xff\n",
        OCTETS,
        also=holds("{unknown}", b"\x00\xff\n", BINARY),
    ),
    Row(
        f"{KINDS}: text keeps its final newline",
        f"PUT {AT}/{{unknown}}",
        201,
        {"value": "v\n"},
        also=holds("{unknown}", b'{"value": "v\\n"}', JSON),
    ),
    Row(
        f"{KINDS}: empty text",
        f"PUT {AT}/{{unknown}}",
        201,
        {"value": ""},
        also=holds("{unknown}", b'{"value": ""}', JSON),
    ),
    Row(
        f"{KINDS}: text to binary",
        f"PATCH {AT}/{{secret}}",
        204,
        b"\x01",
        OCTETS,
        also=holds("{secret}", b"\x01", BINARY),
    ),
    Row(
        f"{KINDS}: binary to text",
        f"PATCH {AT}/{{binary}}",
        204,
        VALUE,
        also=holds("{binary}", b'{"value": "v"}', JSON),
    ),
    Row(
        f"{KINDS}: read binary",
        f"GET {AT}/{{binary}}",
        200,
        answer=b"\x00\xff",
        answer_headers={"Content-Type": BINARY},
    ),
    Row(f"{KINDS}: binary as JSON", f"GET {AT}/{{binary}}", 400, headers={"Accept": JSON}),
    Row(f"{KINDS}: text as JSON", f"GET {AT}/{{secret}}", 200, headers={"Accept": JSON}, answer=VALUE),
    Row("chosen: text as octets", f"GET {AT}/{{secret}}", 400, headers={"Accept": BINARY}),
    Row(f"{KINDS}: any other Accept", f"GET {AT}/{{secret}}", 400, headers={"Accept": "text/plain"}),
    Row(f"{KINDS}: any other Content-Type", f"PUT {AT}/{{unknown}}", 400, b"v", {"Content-Type": "text/plain"}),
    Row(f"{KINDS}: no Content-Type", f"PUT {AT}/{{unknown}}", 400, b"v"),
    Row(
        "chosen: parameters of the type do not matter",
        f"PUT {AT}/{{unknown}}",
        201,
        b'{"value": "v"}',
        {"Content-Type": "Application/JSON; charset=utf-8"},
    ),
    Row("chosen: malformed JSON", f"PUT {AT}/{{unknown}}", 400, b"{", {"Content-Type": JSON}),
    Row("chosen: no value", f"PUT {AT}/{{unknown}}", 400, {}),
    Row("chosen: the value is no text", f"PUT {AT}/{{unknown}}", 400, {"value": 5}),
    Row("chosen: a bad body on a known secret", f"PUT {AT}/{{secret}}", 400, {}),
    Row("secrets-api section 9: as large as can be", f"PUT {AT}/{{unknown}}", 201, b"x" * 2**20, OCTETS),
    Row("secrets-api section 9: too large", f"PUT {AT}/{{unknown}}", 413, b"x" * (2**20 + 1), OCTETS),
    Row("secrets-api section 9: too large as text", f"PUT {AT}/{{unknown}}", 413, {"value": "é" * 2**19 + "x"}),
    Row(f"{PATHS}: encoded slash", f"GET {AT}/folder%2F{{unknown}}", 404),
    Row(f"{PATHS}: all characters", f"PUT {AT}/aZ0-_./{{unknown}}", 201, VALUE),
    *(
        Row(f"{API}: an invalid secret id", f"PUT {AT}/{path}", 404, VALUE)
        for path in ("a%20b", "a$", "a:b", "%C3%A9", "a%252Fb", "a//b", "a/", "%2Fa", "a/../b", "..", "", "a%00")
    ),
    Row("secrets-api section 1: only one store", f"GET /{SECRETS}/secret/other/x", 404),
    Row("secrets-api section 1: only one store", f"PUT /{SECRETS}/secret/other/x", 404, VALUE),
    Row("chosen: other methods", f"POST {AT}/x", 405, VALUE),
    Row("chosen: HEAD is not served", f"HEAD {AT}/x", 405),
    Row(
        f"{API}: stores",
        f"GET /{SECRETS}/store",
        200,
        answer={
            "array": [
                {
                    "name": "default",
                    "description": "DC/OS Secret Store",
                    "driver": "Vault",
                    "initialized": True,
                    "sealed": False,
                }
            ]
        },
    ),
    Row(
        f"{API}: one store",
        f"GET /{SECRETS}/store/default",
        200,
        answer={
            "name": "default",
            "description": "DC/OS Secret Store",
            "driver": "Vault",
            "initialized": True,
            "sealed": False,
        },
    ),
    Row(f"{API}: an unknown store", f"GET /{SECRETS}/store/other", 404),
    Row(f"{API}: the store exists", f"PUT /{SECRETS}/store/default", 409, {}),
    Row("chosen: no further store", f"PUT /{SECRETS}/store/other", 404, {}),
    Row("chosen: the store stays", f"DELETE /{SECRETS}/store/default", 403),
    Row(
        f"{API}: seal status",
        f"GET /{SECRETS}/seal-status/default",
        200,
        answer={"sealed": False, "threshold": 1, "shares": 1, "progress": 0},
    ),
    Row(f"{API}: seal status of an unknown store", f"GET /{SECRETS}/seal-status/other", 404),
    Row(f"{API}: initialized", f"GET /{SECRETS}/init/default", 200, answer={"initialized": True}),
    Row(f"{API}: ping", f"GET /{SECRETS}/ping", 200, answer=b"pong"),
    Row(f"{API}: ping all", f"GET /{SECRETS}/ping/backends/all", 200, answer=b"pong"),
    Row(f"{API}: ping one", f"GET /{SECRETS}/ping/backends/default", 200, answer=b"pong"),
    Row(f"{API}: ping an unknown one", f"GET /{SECRETS}/ping/backends/other", 404),
    Row(f"{API}: revoke", f"PUT /{SECRETS}/revoke/default/x", 204),
    Row(f"{API}: renew", f"PUT /{SECRETS}/renew/default/x", 204, {"duration": "1h"}),
    Row("chosen: nothing else", f"GET /{SECRETS}/other", 404),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


@pytest.mark.parametrize("path", ["secret/default/{secret}", "store/default"])
def test_a_conflict_says_already_exists(emulator: Emulator, names: Names, path: str) -> None:
    """secrets-api section 2: clients update after a conflict; a public one knows it by these two words."""
    answer = emulator.call("PUT", f"{SECRETS}/{names.fill(path)}", json_body=VALUE)
    assert (answer.status, "already exists" in answer.text) == (409, True)


def test_errors_are_json_without_a_code(emulator: Emulator) -> None:
    """secrets-api section 2: title and description, no code."""
    answer = emulator.call("GET", f"{SECRETS}/secret/default/nope")
    assert (answer.status, answer.content_type, set(answer.json)) == (404, JSON, {"title", "description"})


LISTED = ("key1", "folder/key2", "folder/key3", "folder/sub", "folder/sub/key4")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/?list=true", ["folder/key2", "folder/key3", "folder/sub", "folder/sub/key4", "key1"]),
        ("?list=true", ["folder/key2", "folder/key3", "folder/sub", "folder/sub/key4", "key1"]),
        ("/folder?list=true", ["key2", "key3", "sub", "sub/key4"]),
        ("/folder/?list=true", ["key2", "key3", "sub", "sub/key4"]),
        ("/folder/sub?list=true", ["key4"]),
        ("/folder%2Fsub?list=true", ["key4"]),
        ("/key1?list=true", []),
        ("/fold?list=true", []),
        ("/unknown?list=true", []),
    ],
)
def test_lists(own_secrets: Emulator, path: str, expected: list[str]) -> None:
    """secrets-api section 2.1: recursive, sorted, relative to the folder; nothing below is an empty list."""
    answer = own_secrets.call("GET", f"{SECRETS}/secret/default{path}")
    assert (answer.status, answer.json, answer.content_type) == (200, {"array": expected}, JSON)


@pytest.fixture
def own_secrets(disabled: Emulator) -> Emulator:
    """The one emulator whose store no other test fills."""
    for path in LISTED:
        answer = disabled.call("PUT", f"{SECRETS}/secret/default/{path}", json_body={"value": "v"})
        assert answer.status in (201, 409)
    return disabled


def test_a_secret_and_a_folder_share_a_path(own_secrets: Emulator) -> None:
    """secrets-api section 2.1."""
    assert own_secrets.call("GET", f"{SECRETS}/secret/default/folder/sub").status == 200
    assert own_secrets.call("GET", f"{SECRETS}/secret/default/folder/sub/key4").status == 200
    assert own_secrets.call("GET", f"{SECRETS}/secret/default/folder").status == 404


def test_raw_and_encoded_slashes_are_one_path(emulator: Emulator, names: Names) -> None:
    """secrets-api section 4: clients use both forms, one for writing and the other for deleting."""
    name = names["unknown"]
    at = f"{SECRETS}/secret/default/"
    assert emulator.call("PUT", f"{at}a%2F{name}%2Fb", json_body={"value": "v"}).status == 201
    assert emulator.call("GET", f"{at}a/{name}/b").json == {"value": "v"}
    assert emulator.call("PUT", f"{at}a/{name}/b", json_body={"value": "v"}).status == 409
    assert emulator.call("GET", f"{at}a%2f{name}/b").status == 200
    assert emulator.call("DELETE", f"{at}a/{name}/b").status == 204


@pytest.mark.parametrize(
    ("rid", "action", "method", "path", "expected"),
    [
        ("dcos:secrets:default:/{name}/s", "read", "GET", "{name}/s", 200),
        ("dcos:secrets:default:/{name}/s", "full", "GET", "{name}/s", 200),
        ("dcos:secrets:default:/{name}/s", "update", "GET", "{name}/s", 403),
        ("dcos:secrets:default:/{name}/s", "read", "PATCH", "{name}/s", 403),
        ("dcos:secrets:default:/{name}/s", "update", "PATCH", "{name}/s", 204),
        ("dcos:secrets:default:/{name}/s", "delete", "DELETE", "{name}/s", 204),
        ("dcos:secrets:default:/{name}/s", "create", "PUT", "{name}/s", 409),
        ("dcos:secrets:default:/{name}/new", "create", "PUT", "{name}/new", 201),
        ("dcos:secrets:default:/{name}/s", "full", "GET", "{name}/s/below", 403),
        ("dcos:secrets:default:/{name}", "full", "GET", "{name}/s", 403),
        ("dcos:secrets:default:{name}/s", "full", "GET", "{name}/s", 403),
        ("dcos:secrets:default:/{name}/*", "full", "GET", "{name}/s", 200),
        ("dcos:secrets:default:/{name}/*", "full", "GET", "{name}/deeper/s", 404),
        ("dcos:secrets:default:/{name}/*", "full", "GET", "{name}", 403),
        ("dcos:secrets:default:/{name}/*", "full", "GET", "{name}more/s", 403),
        ("dcos:secrets:default:/*", "read", "GET", "{name}/s", 200),
        ("dcos:secrets:default:/{name}/*", "full", "GET", "{name}?list=true", 403),
        ("dcos:secrets:list:default:/{name}", "read", "GET", "{name}?list=true", 200),
        ("dcos:secrets:list:default:/{name}", "read", "GET", "{name}/?list=true", 200),
        ("dcos:secrets:list:default:/{name}", "full", "GET", "{name}/s", 403),
        ("dcos:secrets:list:default:/", "read", "GET", "?list=true", 200),
        ("dcos:adminrouter:secrets", "full", "GET", "{name}/s", 403),
        ("dcos:superuser", "read", "DELETE", "{name}/s", 204),
    ],
)
def test_permissions(
    emulator: Emulator, names: Names, rid: str, action: str, method: str, path: str, expected: int
) -> None:
    """secrets-api section 4.2: who may do what with which secret; wildcards; superusers."""
    person, name = names["person"], names["unknown"]
    at = f"{SECRETS}/secret/default/"
    assert emulator.call("PUT", f"{at}{name}/s", json_body={"value": "v"}).status == 201
    emulator.grant(person, rid.format(name=name), action)
    body = {"value": "v"} if method in ("PUT", "PATCH") else None
    options: dict[str, Any] = {"json_body": body} if body else {}
    answer = emulator.call(method, at + path.format(name=name), token=emulator.token(person), **options)
    assert answer.status == expected, answer.body


def test_403_comes_before_everything_but_401(emulator: Emulator, names: Names) -> None:
    """secrets-api section 1: whoever may not see a secret does not learn whether it is there."""
    token = emulator.token(names["person"])
    for path in (names["secret"], "nope", "a//b"):
        assert emulator.call("GET", f"{SECRETS}/secret/default/{path}", token=token).status == 403
    assert emulator.call("GET", f"{SECRETS}/secret/other/x", token=token).status == 403
    assert emulator.call("GET", f"{SECRETS}/store", token=token).status == 403
    assert emulator.call("GET", f"{SECRETS}/seal-status/default", token=token).status == 403
    assert emulator.call("GET", f"{SECRETS}/ping", token=token).status == 200


def test_seal_and_unseal(own: Emulator) -> None:
    """secrets-api section 5: a sealed store answers 503, says so, and stays sealed over a restart."""
    at = f"{SECRETS}/secret/default"
    assert own.call("PUT", f"{at}/s", json_body={"value": "v"}).status == 201
    assert own.call("PUT", f"{SECRETS}/seal/default").json["sealed"] is True

    def sealed() -> None:
        assert own.call("GET", f"{at}/s").status == 503
        assert own.call("PUT", f"{at}/t", json_body={"value": "v"}).status == 503
        assert own.call("PATCH", f"{at}/s", json_body={"value": "w"}).status == 503
        assert own.call("DELETE", f"{at}/s").status == 503
        assert own.call("GET", f"{at}/?list=true").status == 503
        assert own.call("GET", f"{SECRETS}/store").json["array"][0]["sealed"] is True
        assert own.call("GET", f"{SECRETS}/seal-status/default").json["sealed"] is True
        assert own.call("GET", f"{SECRETS}/ping/backends/default").status == 503
        assert own.call("GET", f"{SECRETS}/ping").status == 200

    sealed()
    own.stop()
    own.start()
    sealed()
    assert own.call("PUT", f"{SECRETS}/unseal/default", json_body={"key": "wrong"}).status == 400
    assert own.call("PUT", f"{SECRETS}/unseal/default", json_body={}).status == 400
    sealed()
    key = (own.data_dir / "unseal.key").read_text().strip()
    assert own.call("PUT", f"{SECRETS}/unseal/default", json_body={"key": key}).json["sealed"] is False
    assert own.call("GET", f"{at}/s").json == {"value": "v"}
    own.call("PUT", f"{SECRETS}/seal/default")
    assert own.call("PUT", f"{SECRETS}/auto-unseal/default").json["sealed"] is False
    assert own.call("GET", f"{at}/s").status == 200
