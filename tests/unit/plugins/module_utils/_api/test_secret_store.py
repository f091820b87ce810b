# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret store's endpoints: statuses without codes, text and files, and a sealed store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api.gate import EnterpriseOnlyError
from ansible_collections.dcos.security.plugins.module_utils._api.secret_store import Secrets, StoredValue
from ansible_collections.dcos.security.plugins.module_utils._errors import ApiError, DcosError, OddAnswerError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import cluster_for
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    AT_ENTERPRISE,
    AT_OPEN,
    LOST,
    Reply,
    Script,
    error,
)

URL = "/secrets/v1/secret/default/prod/svc/secret"
SEAL = "GET /secrets/v1/seal-status/default"
JSON = {"Content-Type": "application/json"}
BYTES = {"Content-Type": "application/octet-stream"}
SEALED = Reply(200, {"sealed": True, "threshold": 1})
UNSEALED = Reply(200, {"sealed": False})


def play(exchanges: list[tuple[str, Any]], act: Callable[[Secrets], Any]) -> Any:
    with Script(*exchanges).played():
        return act(cluster_for().secrets)


def read(secrets: Secrets) -> StoredValue | None:
    return secrets.read("default", "prod/svc/secret")


def create(secrets: Secrets) -> bool:
    return secrets.create("default", "prod/svc/secret", StoredValue.of_text("S3CRET"))


LOOKED_AT = StoredValue.of_text("before")
OURS, OTHERS = Reply(200, {"value": "S3CRET"}, JSON), Reply(200, {"value": "other"}, JSON)
BEFORE, GONE = Reply(200, {"value": "before"}, JSON), error(404)


def update(secrets: Secrets) -> bool:
    return secrets.update("default", "prod/svc/secret", StoredValue.of_text("S3CRET"), LOOKED_AT)


def delete(secrets: Secrets) -> bool:
    return secrets.delete("default", "prod/svc/secret", LOOKED_AT)


@pytest.mark.parametrize(
    ("reply", "content", "text"),
    [
        (Reply(200, {"value": "té\n"}, JSON), "té\n".encode(), "té\n"),
        (Reply(200, {"value": "", "author": "x"}, JSON), b"", ""),
        (Reply(200, b"\xff\x00", BYTES), b"\xff\x00", None),
        (Reply(200, b'{"value": "x"}', BYTES), b'{"value": "x"}', '{"value": "x"}'),
    ],
)
def test_text_and_files_are_read(reply: Reply, content: bytes, text: str | None) -> None:
    with Script((f"GET {URL}", reply)).played() as script:
        value = read(cluster_for().secrets)
    assert value is not None
    assert (value.content, value.text()) == (content, text)
    assert script.sent[0].headers["Accept"] == "*/*"
    assert value.is_text is (reply.headers == JSON)
    assert repr(value) == f"StoredValue(is_text={value.is_text})"


def test_a_missing_secret_is_none() -> None:
    assert play([(f"GET {URL}", error(404))], read) is None
    with pytest.raises(ApiError) as caught:
        play([(f"GET {URL}", Reply(403, "<html>"))], read)
    assert caught.value.status == 403


def test_put_creates_and_patch_updates() -> None:
    for method, status, act in (("PUT", 201, create), ("PATCH", 204, update)):
        with Script((f"{method} {URL}", Reply(status))).played() as script:
            assert act(cluster_for().secrets) is True
        assert script.sent[0].body == {"value": "S3CRET"}
    assert play([(f"DELETE {URL}", Reply(204))], delete) is True


@pytest.mark.parametrize("content", [b"\x00\xff\n", b"", b'{"value": "x"}'])
def test_files_are_sent_as_they_are(content: bytes) -> None:
    value = StoredValue(content, False)
    for method, status, act in (
        ("PUT", 201, lambda secrets: secrets.create("default", "prod/svc/secret", value)),
        ("PATCH", 204, lambda secrets: secrets.update("default", "prod/svc/secret", value, LOOKED_AT)),
    ):
        with Script((f"{method} {URL}", Reply(status))).played() as script:
            assert act(cluster_for().secrets) is True
        assert script.sent[0].content == content
        assert script.sent[0].headers["Content-Type"] == "application/octet-stream"
        assert script.sent[0].headers["Content-Length"] == str(len(content))


def test_the_same_bytes_of_the_other_kind_are_another_value() -> None:
    """A file with our text is not what we stored: a service reads it in another way."""
    exchanges = [(f"PUT {URL}", LOST), (f"GET {URL}", Reply(200, b"S3CRET", BYTES)), (f"PUT {URL}", error(409))]
    other = (f"GET {URL}", Reply(200, b"S3CRET", BYTES))
    assert play([*exchanges, other, other], create) is False


def test_a_folder_is_listed_with_whole_paths() -> None:
    listed = Reply(200, {"array": ["key", "deeper/key"]}, JSON)
    found = play(
        [("GET /secrets/v1/secret/default/prod/svc?list=true", listed)],
        lambda secrets: secrets.paths("default", "prod/svc"),
    )
    assert found == ["prod/svc/deeper/key", "prod/svc/key"]


def test_a_409_or_404_of_the_store_is_confirmed_by_reading() -> None:
    """Its errors carry no code, so each is believed only where reading shows the same."""
    back = f"GET {URL}"
    assert play([(f"PUT {URL}", error(409)), (back, OTHERS)], create) is False
    assert play([(f"PATCH {URL}", error(404)), (back, GONE)], update) is False
    assert play([(f"DELETE {URL}", error(404)), (back, GONE)], delete) is False
    for call, status, found, act in (
        ("PUT", 409, GONE, create),
        ("PATCH", 404, BEFORE, update),
        ("DELETE", 404, BEFORE, delete),
    ):
        with pytest.raises(ApiError) as caught:
            play([(f"{call} {URL}", error(status)), (back, found)], act)
        assert caught.value.status == status


@pytest.mark.parametrize("status", [200, 204, 404, 409])
def test_an_html_page_is_no_answer_of_the_store(status: int) -> None:
    page = Reply(status, "<html>")
    back = f"GET {URL}"
    assert play([(f"PUT {URL}", page), (back, OURS)], create) is True
    assert play([(f"PATCH {URL}", page), (back, OURS)], update) is True
    assert play([(f"DELETE {URL}", page), (back, GONE)], delete) is True
    for call, found, act in (("PUT", GONE, create), ("PATCH", BEFORE, update), ("DELETE", BEFORE, delete)):
        asked = [AT_ENTERPRISE] if (call, status) == ("PUT", 404) else []
        with pytest.raises(DcosError) as caught:
            play([(f"{call} {URL}", page), (back, found), *asked], act)
        assert caught.value.status == status


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, "<html>"),
        Reply(200, "text", {"Content-Type": "text/plain"}),
        Reply(200, {}, JSON),
        Reply(200, {"value": None}, JSON),
        Reply(200, {"value": 7}, JSON),
        Reply(200, [], JSON),
        Reply(200, b'{"value": "\\ud800"}', JSON),
        Reply(200, b"[" * 200_000, JSON),
    ],
)
def test_a_malformed_answer_is_no_value_of_a_secret(reply: Reply) -> None:
    """What is mistaken for a foreign value would be offered to be overwritten."""
    with pytest.raises(OddAnswerError, match=r"^reading secret prod/svc/secret: what came back"):
        play([(f"GET {URL}", reply)], read)


def test_a_missing_store() -> None:
    for call, act in (("GET", read), ("PUT", create)):
        exchanges = [(f"{call} {URL}", Reply(404, "<html>")), (f"GET {URL}", Reply(404, error(404).body))]
        with pytest.raises(ApiError, match="DC/OS Enterprise") as caught:
            play([*exchanges[: 1 if act is read else 2], AT_ENTERPRISE], act)
        assert (caught.value.status, caught.value.code) == (404, None)
        with pytest.raises(EnterpriseOnlyError, match="an open DC/OS cluster, which has no secret store") as caught:
            play([*exchanges[: 1 if act is read else 2], AT_OPEN], act)
        assert (caught.value.status, caught.value.code) == (404, "mode")


@pytest.mark.parametrize(("method", "act"), [("PUT", create), ("PATCH", update), ("GET", read), ("DELETE", delete)])
@pytest.mark.parametrize("status", [400, 403, 413, 500])
def test_no_error_quotes_a_value(method: str, act: Callable[[Secrets], Any], status: int) -> None:
    read_back = [(f"GET {URL}", GONE if method == "PUT" else BEFORE)] if status == 500 and method != "GET" else []
    with pytest.raises(DcosError) as caught:
        play([(f"{method} {URL}", error(status, None, "t", "S3CRET")), *read_back], act)
    assert caught.value.status == status
    assert "prod/svc/secret" in caught.value.message
    assert "S3CRET" not in repr(caught.value) + str(caught.value)


def test_a_creation_whose_answer_was_lost_is_judged_by_reading_back() -> None:
    call, back = f"PUT {URL}", f"GET {URL}"
    assert play([(call, LOST), (back, OURS)], create) is True
    assert play([(call, LOST), (back, GONE), (call, Reply(201))], create) is True
    refused = [(call, LOST), (back, OTHERS), (call, error(409))]
    assert play([*refused, (back, OTHERS), (back, OTHERS)], create) is False
    assert play([*refused, (back, OURS)], create) is True


@pytest.mark.parametrize(("found", "is_ours"), [(OURS, True), (OTHERS, False), (GONE, False)])
def test_a_lost_update_overwrites_only_the_value_that_was_read(found: Reply, is_ours: bool) -> None:
    call, back = f"PATCH {URL}", f"GET {URL}"
    assert play([(call, LOST), (back, found)], update) is is_ours
    unchanged = [(call, LOST), (back, BEFORE)]
    assert play([*unchanged, (call, Reply(204))], update) is True
    assert play([*unchanged, (call, error(404)), (back, found)], update) is is_ours


def test_a_lost_deletion_deletes_only_the_value_that_was_read() -> None:
    call, back = f"DELETE {URL}", f"GET {URL}"
    assert play([(call, LOST), (back, GONE)], delete) is True
    assert play([(call, LOST), (back, BEFORE), (call, Reply(204))], delete) is True
    assert play([(call, LOST), (back, OTHERS)], delete) is True


@pytest.mark.parametrize(("method", "act"), [("GET", read), ("PUT", create), ("PATCH", update), ("DELETE", delete)])
def test_a_sealed_store_is_not_waited_for(method: str, act: Callable[[Secrets], Any], sleeps: list[float]) -> None:
    with pytest.raises(ApiError, match="the secret store 'default' is sealed") as caught:
        play([(f"{method} {URL}", Reply(503)), (SEAL, SEALED)], act)
    assert caught.value.status == 503
    assert "'dcos security cluster secret-store unseal default KEY'" in caught.value.message
    assert "PUT /secrets/v1/auto-unseal/default" in caught.value.message
    assert sleeps == []


@pytest.mark.parametrize(
    "status",
    [UNSEALED, Reply(503), Reply(502), Reply(403, "<html>"), Reply(404), Reply(200, "<html>"), LOST],
    ids=["unsealed", "503", "502", "403", "404", "html", "lost"],
)
def test_a_503_is_retried_unless_the_store_is_known_to_be_sealed(status: Any, sleeps: list[float]) -> None:
    """Who may read a secret may not always read the seal status; that must not turn a passing 503 into an error."""
    value = play([(f"GET {URL}", Reply(503)), (SEAL, status), (f"GET {URL}", OURS)], read)
    assert value is not None
    assert value.text() == "S3CRET"
    assert len(sleeps) == 1


def test_a_cluster_without_a_secret_store_is_reported() -> None:
    with pytest.raises(ApiError, match="Enterprise has one secret store, 'default'; an open DC/OS has none") as caught:
        play(
            [("GET /secrets/v1/secret/default/?list=true", Reply(404, "<html>")), AT_ENTERPRISE],
            lambda secrets: secrets.paths("default"),
        )
    assert caught.value.status == 404
