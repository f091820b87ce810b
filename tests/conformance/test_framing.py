# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the IAM reads requests and words answers, whatever the resource."""

from __future__ import annotations

import json

import pytest
from conformance_support import IAM, Emulator, Names, Row, table

LACKS = "Request has bad Content-Type or lacks JSON data"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PLAIN = {"Content-Type": "text/plain"}
UNSUPPORTED = "Unexpected or undefined Content-Type"
ERROR_TYPE = {"Content-Type": "application/json; charset=UTF-8", "Vary": "Accept"}
BODIES = "bouncer-observed: Bodies and content types"
FORMS = "bouncer-observed: Response form"


def as_json(**content: object) -> bytes:
    return json.dumps(content).encode()


@table(
    Row(f"{BODIES}: no Content-Type", "PUT /users/{unknown}", 400, b"{}", text="Missing Content-Type header."),
    Row(f"{BODIES}: text/plain", "PUT /users/{unknown}", 415, b"{}", PLAIN, text=UNSUPPORTED),
    Row(
        f"{BODIES}: a JSON-like vendor type",
        "PUT /users/{unknown}",
        415,
        b"{}",
        {"Content-Type": "application/vnd.x+json"},
        text=UNSUPPORTED,
        title="Unsupported media type",
        answer_headers=ERROR_TYPE,
    ),
    Row(f"{BODIES}: empty Content-Type", "PUT /users/{unknown}", 415, b"{}", {"Content-Type": ""}, text=UNSUPPORTED),
    Row(f"{BODIES}: form", "PUT /users/{unknown}", 400, b"a=b", FORM, text=LACKS, title="Bad Request"),
    Row(f"{BODIES}: form, PATCH", "PATCH /users/{account}", 400, b"a=b", FORM, text=LACKS),
    Row(
        f"{BODIES}: case and parameters of the type do not matter",
        "PUT /users/{unknown}",
        201,
        as_json(password="abcde"),
        {"Content-Type": "Application/JSON; charset=UTF-8"},
    ),
    Row(f"{BODIES}: no body at all", "PUT /users/{unknown}", 400, text=LACKS),
    Row(f"{BODIES}: Content-Length 0", "PUT /users/{unknown}", 400, b"", text=LACKS),
    Row(f"{BODIES}: JSON null", "PUT /users/{unknown}", 400, None, text=LACKS),
    Row(
        f"{BODIES}: malformed JSON",
        "PUT /users/{unknown}",
        400,
        b"{'a'}",
        {"Content-Type": "application/json"},
        text="Cannot decode JSON body: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        title="Bad Request",
    ),
    Row(
        f"{BODIES}: only blanks",
        "PUT /users/{unknown}",
        400,
        b"  ",
        {"Content-Type": "application/json"},
        text="Cannot decode JSON body: Expecting value: line 1 column 3 (char 2)",
    ),
    Row(
        f"{BODIES}: a byte order mark",
        "PUT /users/{unknown}",
        400,
        b"\xef\xbb\xbf{}",
        {"Content-Type": "application/json"},
        text="Cannot decode JSON body: Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
    ),
    Row(
        f"{BODIES}: not UTF-8",
        "PUT /users/{unknown}",
        400,
        b"\x01\x80",
        {"Content-Type": "application/json"},
        text="Cannot decode JSON body using UTF-8. Reason: invalid start byte",
    ),
    Row(
        f"{BODIES}: an array",
        "PUT /users/{unknown}",
        400,
        [1],
        text="Unexpected JSON input. Hint: [1] is not of type 'object'",
        title="Bad Request",
    ),
    Row(
        f"{BODIES}: a text",
        "PUT /users/{unknown}",
        400,
        "abc",
        text="Unexpected JSON input. Hint: 'abc' is not of type 'object'",
    ),
    Row(
        "chosen: half a surrogate pair is no text",
        "PUT /groups/{unknown}",
        400,
        b'{"description": "\\ud800"}',
        {"Content-Type": "application/json"},
    ),
    Row(f"{BODIES}: a type is checked before the method", "PUT /users", 415, b"x", PLAIN),
    Row(f"{BODIES}: and before the route", "PUT /nothing/here", 415, b"x", PLAIN),
    Row(f"{BODIES}: a body with DELETE is ignored", "DELETE /users/{account}", 204, b"x", PLAIN),
    Row(f"{BODIES}: PUT on the list", "PUT /users", 405, answer=b"", answer_headers={"Allow": "GET, OPTIONS"}),
    Row(f"{BODIES}: POST on the list", "POST /users", 405, answer=b""),
    Row(f"{BODIES}: DELETE on the list", "DELETE /users", 405, answer=b""),
    Row(
        f"{BODIES}: POST on a user",
        "POST /users/{account}",
        405,
        answer=b"",
        answer_headers={"Allow": "DELETE, GET, PATCH, PUT, OPTIONS"},
    ),
    Row(
        "bouncer-observed: Users GET, HEAD is not served",
        "HEAD /users/{account}",
        405,
        answer=b"",
        answer_headers={"Allow": "DELETE, GET, PATCH, PUT, OPTIONS"},
    ),
    Row(
        "bouncer-observed: Users GET, OPTIONS",
        "OPTIONS /users/{account}",
        200,
        answer=b"",
        answer_headers={"Allow": "DELETE, GET, PATCH, PUT"},
    ),
    Row(f"{FORMS}: unknown route", "GET /nothing", 404, answer=b""),
    Row(f"{FORMS}: unknown route, any method", "DELETE /nothing/at/all", 404, answer=b""),
    Row("iam-api section 5: policyquery is internal", "GET /internal/policyquery?rid=a&uid=b&action=full", 404),
    Row("bouncer-observed: Users GET, double slash inside", "GET /users//{account}", 404, answer=b""),
    Row("bouncer-observed: Users GET, one trailing slash is forgiven", "GET /users/{account}/", 200),
    Row("bouncer-observed: Users GET, one trailing slash on the list", "GET /users/", 200),
    Row("chosen: two trailing slashes are not", "GET /users/{account}//", 404),
    Row(f"{FORMS}: 406 before routing", "GET /nothing", 406, headers={"Accept": "text/html"}, answer=b""),
    Row("iam-api section 1: 406", "GET /users", 406, headers={"Accept": "text/html, image/*"}, answer=b""),
    Row("iam-api section 1: explicit Accept", "GET /users", 200, headers={"Accept": "application/json"}),
    Row("iam-api section 1: wildcard", "GET /users", 200, headers={"Accept": "*/*"}),
    Row("iam-api section 1: in a list", "GET /users", 200, headers={"Accept": "text/html, application/json;q=0.1"}),
    Row("chosen: a half wildcard", "GET /users", 200, headers={"Accept": "application/*"}),
    Row("chosen: a quality of nothing", "GET /users", 406, headers={"Accept": "application/json;q=0, text/html"}),
)
def test_table(row: Row, emulator: Emulator, names: Names) -> None:
    row.check(emulator, names)


def test_406_answers_in_xml_if_the_client_accepts_it(emulator: Emulator) -> None:
    """bouncer-observed: Response form: XML body if the client accepts XML; the reason is not in it."""
    answer = emulator.iam("GET", "/users", headers={"Accept": "text/xml"})
    assert (answer.status, answer.content_type) == (406, "application/xml")
    assert b"must support" not in answer.body


def test_success_body(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Response form: indented by two, final newline, lower-case charset, lists wrapped."""
    answer = emulator.iam("GET", names.fill("/users/{account}"))
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.text == json.dumps(answer.json, indent=2, ensure_ascii=False) + "\n"
    assert list(emulator.iam("GET", "/users").json) == ["array"]


def test_error_body(emulator: Emulator) -> None:
    """bouncer-observed: Response form: one line, title and description before the code, upper-case charset."""
    answer = emulator.iam("GET", "/users/nope")
    text = (
        '{"title": "400 Bad Request", "description": "User with uid `nope` not known.", "code": "ERR_UNKNOWN_USER_ID"}'
    )
    assert answer.text == text
    assert answer.content_type == "application/json; charset=UTF-8"
    assert answer.headers["Vary"] == "Accept"


def test_created_and_no_content(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: Response form: 201 is empty with a JSON type, 204 has neither type nor length."""
    path = names.fill("/users/{unknown}")
    created = emulator.iam("PUT", path, {"password": "abcde"})
    assert (created.status, created.body) == (201, b"")
    assert created.headers["Content-Length"] == "0"
    assert created.content_type == "application/json; charset=utf-8"
    deleted = emulator.iam("DELETE", path)
    assert (deleted.status, deleted.body) == (204, b"")
    assert deleted.content_type is None
    assert deleted.headers["Content-Length"] is None


@pytest.mark.parametrize(
    ("method", "path", "chunks", "expected"),
    [
        ("PUT", "/users/{unknown}", [b'{"password": "a-fine', b'-password"}'], 201),
        ("PATCH", "/users/{account}", [b'{"description": "x"}'], 204),
        ("POST", "/auth/login", [b'{"uid": "bootstrapuser", "password": ', b'"deleteme"}'], 200),
        ("PUT", "/users/{unknown}", [], 400),
    ],
)
def test_a_chunked_body(
    emulator: Emulator, names: Names, method: str, path: str, chunks: list[bytes], expected: int
) -> None:
    """iam-api section 6: Admin Router's nginx buffers a request and adds the length that the IAM needs.

    bouncer-observed: Bodies and content types: the IAM alone answers 400; no client reaches it that way.
    """
    connection = emulator.connect()
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    headers["Authorization"] = f"token={emulator.token()}"
    connection.request(method, IAM + names.fill(path), iter(chunks), headers, encode_chunked=True)
    response = connection.getresponse()
    assert response.status == expected, response.read()
    connection.close()


def test_a_token_is_checked_before_anything_else(emulator: Emulator) -> None:
    """iam-api section 6: Admin Router guards the IAM, so its 401 wins over 404, 405, 406 and 415."""
    for method, path, headers in (
        ("GET", "/nothing", {}),
        ("PUT", "/users", {}),
        ("GET", "/users", {"Accept": "text/html"}),
        ("PUT", "/users/x", PLAIN),
    ):
        body = b"x" if method == "PUT" else None
        assert emulator.call(method, IAM + path, body=body, headers=headers, token=None).status == 401
