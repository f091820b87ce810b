# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over a scripted transport: retries, writes whose answer was lost, 401, redirects, errors."""

from __future__ import annotations

import random
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from ansible_collections.dcos.security.plugins.module_utils._api import http
from ansible_collections.dcos.security.plugins.module_utils._errors import (
    ApiError,
    CredentialsError,
    DcosError,
    TlsError,
    UnreachableError,
)
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import (
    LOST,
    Reply,
    Script,
    error,
    serving,
)

URL = "https://dcos.example.com"
WHAT = "reading account a"
TIMED_OUT = requests.exceptions.ReadTimeout("timed out")


class Tokens(http.TokenSource):
    """Hands out t1, then after each renewal the next one."""

    def __init__(self, renewable: bool = True) -> None:
        self.number = 1
        self.refused: list[str] = []
        self._renewable = renewable

    def token(self) -> str:
        return f"t{self.number}"

    def renew(self, refused: str) -> bool:
        self.refused.append(refused)
        self.number += self._renewable
        return self._renewable

    def explain_refusal(self) -> str:
        return "Get another token."


def client(retries: int = 3, tokens: http.TokenSource | None = None, url: str = URL) -> http.HttpClient:
    made = http.HttpClient(url, "/some/ca.pem", 7, retries)
    made.tokens = tokens or Tokens()
    return made


def get(
    exchanges: list[tuple[str, Any]],
    retries: int = 3,
    judgement: http.Judgement = http.A_SUCCESS,
    repeats: http.Repeats = http.PATIENTLY,
    **options: Any,
) -> tuple[http.Answer, Script]:
    with Script(*exchanges).played() as script:
        return client(retries).send(http.Request("GET", "/x", WHAT, **options), judgement, repeats), script


# What is sent


def test_what_every_request_carries() -> None:
    answer, script = get([("GET /x?type=service", Reply(200, {"a": 1}))], params={"type": "service"})
    (sent,) = script.sent
    assert answer.json() == {"a": 1}
    assert sent.headers["Authorization"] == "token=t1"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["User-Agent"] == f"dcos.security/{http.COLLECTION_VERSION} (Ansible collection)"
    assert (sent.verify, sent.timeout, sent.body) == ("/some/ca.pem", 7, None)
    assert "Cookie" not in sent.headers


def test_a_body_goes_as_json_and_a_login_without_authorization() -> None:
    with Script(("POST /login", Reply(200, {}))).played() as script:
        client().send(http.Request("POST", "/login", "logging in", body={"uid": "ä"}, authenticated=False))
    assert script.sent[0].body == {"uid": "ä"}
    assert script.sent[0].headers["Content-Type"] == "application/json"
    assert "Authorization" not in script.sent[0].headers


def test_a_path_in_the_url_is_a_prefix() -> None:
    with Script(("GET /prefix/x", Reply(200, {}))).played():
        client(url=URL + "/prefix").send(http.Request("GET", "/x", WHAT))


# Retries


@pytest.mark.parametrize("first", [LOST, TIMED_OUT, Reply(429), Reply(502, "<html>"), Reply(503), Reply(504)])
def test_transient_failures_are_retried(first: Any, sleeps: list[float]) -> None:
    answer, _script = get([("GET /x", first), ("GET /x", Reply(200, {"a": 1}))])
    assert answer.json() == {"a": 1}
    assert len(sleeps) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409, 413, 415, 500, 501, 505])
def test_no_other_status_is_retried(status: int, sleeps: list[float]) -> None:
    with pytest.raises(ApiError) as caught:
        get([("GET /x", Reply(status, "<html>"))])
    assert caught.value.status == status
    assert "tried" not in caught.value.message
    assert sleeps == []


@pytest.mark.parametrize(("factor", "low_or_high"), [(0.75, 0), (1.25, 1)])
def test_waits_double_with_jitter(
    factor: float, low_or_high: int, sleeps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda *limits: limits[low_or_high])
    with pytest.raises(UnreachableError):
        get([("GET /x", LOST)] * 4)
    assert sleeps == pytest.approx([0.2 * factor, 0.4 * factor, 0.8 * factor])


def test_the_last_refusal_is_reported_with_the_number_of_tries() -> None:
    with pytest.raises(ApiError, match="answered 503 Busy") as caught:
        get([("GET /x", LOST)] * 2 + [("GET /x", Reply(502)), ("GET /x", Reply(503, None, {}, "Busy"))])
    assert "tried 4 times" in caught.value.message
    assert (caught.value.status, caught.value.title) == (503, "Busy")


@pytest.mark.parametrize(("retries", "calls"), [(0, 1), (1, 2), (5, 6)])
def test_the_number_of_retries(retries: int, calls: int, sleeps: list[float]) -> None:
    with pytest.raises(UnreachableError) as caught:
        get([("GET /x", LOST)] * calls, retries)
    assert caught.value.code == "unreachable"
    assert len(sleeps) == retries


@pytest.mark.parametrize(("asked", "waited"), [("0", 0), ("3", 3), ("10", 10), ("11", 10), ("86400", 10)])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_within_bounds(asked: str, waited: float, status: int, sleeps: list[float]) -> None:
    get([("GET /x", Reply(status, None, {"Retry-After": asked})), ("GET /x", Reply(200, {}))])
    assert sleeps == [waited]


@pytest.mark.parametrize("asked", ["", "soon", "-1", "1.5", "²", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_malformed_retry_after_is_ignored(asked: str, sleeps: list[float]) -> None:
    get([("GET /x", Reply(429, None, {"Retry-After": asked})), ("GET /x", Reply(200, {}))])
    assert len(sleeps) == 1
    assert 0.15 <= sleeps[0] <= 0.25


def test_a_request_without_retries_is_sent_once(sleeps: list[float]) -> None:
    with pytest.raises(UnreachableError):
        get([("GET /x", LOST)], repeats=http.Repeats(patient=False))
    assert sleeps == []


def test_only_a_503_checks_whether_waiting_helps(sleeps: list[float]) -> None:
    def unavailable() -> None:
        raise ApiError("sealed", None, 503)

    with pytest.raises(ApiError, match="sealed"):
        get([("GET /x", Reply(503))], repeats=http.Repeats(unavailable=unavailable))
    assert sleeps == []
    asked: list[int] = []
    get(
        [("GET /x", Reply(502)), ("GET /x", Reply(429)), ("GET /x", Reply(200))],
        repeats=http.Repeats(unavailable=lambda: asked.append(1)),
    )
    assert asked == []


# Writes whose answer was lost


class Journal:
    """Answers of C(happened), in their order."""

    def __init__(self, *answers: Any) -> None:
        self._left = list(answers)
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        answer = self._left.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return bool(answer)


def put(exchanges: list[Any], happened: Journal, retries: int = 3) -> http.Answer:
    with Script(*[("PUT /x", answer) for answer in exchanges]).played():
        request = http.Request("PUT", "/x", "creating account a", {"a": 1})
        return client(retries).send(request, http.Judgement((201, 204)), http.Repeats(happened))


@pytest.mark.parametrize("first", [LOST, TIMED_OUT, Reply(502), Reply(503), Reply(504)])
def test_a_write_that_took_effect_is_not_repeated(first: Any) -> None:
    happened = Journal(True)
    assert put([first], happened).status == 201
    assert happened.asked == 1


@pytest.mark.parametrize("first", [LOST, Reply(502)])
def test_a_write_that_did_not_take_effect_is_repeated(first: Any) -> None:
    happened = Journal(False)
    assert put([first, Reply(201)], happened).status == 201
    assert happened.asked == 1


@pytest.mark.parametrize("status", [400, 404, 409])
def test_the_refusal_of_a_repeat_is_judged_by_reading_back_again(status: int) -> None:
    """The first attempt may have been slower than the first look."""
    happened = Journal(False, True)
    assert put([LOST, error(status, "ERR_USER_EXISTS")], happened).status == 201
    assert happened.asked == 2
    with pytest.raises(ApiError) as caught:
        put([LOST, error(status, "ERR_USER_EXISTS")], Journal(False, False))
    assert (caught.value.status, caught.value.code) == (status, "ERR_USER_EXISTS")


@pytest.mark.parametrize("first", [None, Reply(429)])
def test_the_refusal_of_a_first_attempt_stands(first: Any) -> None:
    happened = Journal()
    with pytest.raises(ApiError) as caught:
        put([*([first] if first else []), error(409, "ERR_USER_EXISTS")], happened)
    assert caught.value.code == "ERR_USER_EXISTS"
    assert happened.asked == 0


def test_the_last_attempt_is_read_back_too(sleeps: list[float]) -> None:
    happened = Journal(False, False, True)
    assert put([LOST, LOST, LOST], happened, retries=2).status == 201
    assert happened.asked == 3
    assert len(sleeps) == 2


def test_without_retries_a_lost_write_is_read_back_once(sleeps: list[float]) -> None:
    assert put([LOST], Journal(True), retries=0).status == 201
    assert sleeps == []


def test_a_429_is_retried_without_reading_back() -> None:
    happened = Journal()
    assert put([Reply(429), Reply(204)], happened).status == 204
    assert happened.asked == 0


@pytest.mark.parametrize("raised", [UnreachableError("no answer."), ApiError("refused.", None, 403)])
def test_a_lost_write_that_cannot_be_read_back_is_reported(raised: DcosError) -> None:
    with pytest.raises(UnreachableError, match=r"^creating account a: the answer was lost, and whether") as caught:
        put([LOST], Journal(raised))
    assert raised.message in caught.value.message


# 401


def test_a_refused_token_is_renewed_once_and_the_request_repeated(sleeps: list[float]) -> None:
    tokens = Tokens()
    with Script(("GET /x", Reply(401, "<html>")), ("GET /x", Reply(200, {}))).played() as script:
        client(tokens=tokens).send(http.Request("GET", "/x", WHAT))
    assert [sent.headers["Authorization"] for sent in script.sent] == ["token=t1", "token=t2"]
    assert tokens.refused == ["t1"]
    assert sleeps == []


def test_a_second_refusal_is_final() -> None:
    tokens = Tokens()
    script = Script(("GET /x", Reply(401, "<html>")), ("GET /x", Reply(401, "<html>")))
    with script.played(), pytest.raises(CredentialsError, match="Get another token") as caught:
        client(tokens=tokens).send(http.Request("GET", "/x", WHAT))
    assert tokens.refused == ["t1"]
    assert (caught.value.status, caught.value.code) == (401, "credentials")


def test_a_request_renews_its_token_once_over_all_retries() -> None:
    tokens = Tokens()
    answers = [Reply(401), LOST, Reply(401)]
    with Script(*[("GET /x", answer) for answer in answers]).played(), pytest.raises(CredentialsError):
        client(tokens=tokens).send(http.Request("GET", "/x", WHAT))
    assert tokens.refused == ["t1"]


def test_a_token_that_cannot_be_renewed_is_not_sent_twice() -> None:
    with Script(("GET /x", error(401, "ERR_X", "Nope"))).played(), pytest.raises(CredentialsError) as caught:
        client(tokens=Tokens(renewable=False)).send(http.Request("GET", "/x", WHAT))
    assert caught.value.failure() == {"status": 401, "code": "ERR_X", "title": "Nope"}


def test_a_write_lost_after_the_renewal_is_read_back() -> None:
    happened = Journal(True)
    assert put([Reply(401), LOST], happened).status == 201
    assert happened.asked == 1


def test_without_a_token_source_there_are_no_credentials() -> None:
    with Script().played(), pytest.raises(CredentialsError, match="no credentials"):
        http.HttpClient(URL, False).send(http.Request("GET", "/x", WHAT))
    assert http.TokenSource().renew("t") is False
    assert http.TokenSource().explain_refusal() == ""


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_that_names_its_target_without_the_query(status: int, sleeps: list[float]) -> None:
    location = "https://user:S3CRET@other.example:8443/login?ticket=S3CRET#S3CRET"
    with pytest.raises(ApiError, match=r"a redirect to https://other\.example:8443/login, which is not") as caught:
        get([("GET /x", Reply(status, "<html>", {"Location": location}))])
    assert caught.value.status == status
    assert "S3CRET" not in caught.value.message
    # Without the path of the request, which is not for dcos_url.
    assert "set dcos_url to https://other.example:8443 (" in caught.value.message
    assert sleeps == []


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login?t=S3CRET", "/login"),
        ("//h/login?t=S3CRET", "//h/login, which is not followed"),
        ("", "nowhere"),
        ("https://h:99999/S3CRET", ""),
        ("http://[S3CRET", ""),
    ],
)
def test_a_redirect_to_an_odd_target(location: str, shown: str) -> None:
    with pytest.raises(DcosError, match="not followed") as caught:
        get([("GET /x", Reply(302, "", {"Location": location}))])
    assert f"redirect to {shown}" in caught.value.message
    assert "?t" not in caught.value.message
    assert " ://" not in caught.value.message


def test_an_expected_redirect_is_not_followed() -> None:
    """A write would be done at a place that nobody named."""
    with pytest.raises(ApiError):
        put([Reply(307, None, {"Location": "https://other.example/x"})], Journal())


# Errors


def test_an_error_document_yields_status_code_and_title() -> None:
    with pytest.raises(ApiError) as caught:
        get([("GET /x", error(400, "ERR_UNKNOWN_USER_ID", "400 Bad Request", "User with uid `a` not known."))])
    assert caught.value.failure() == {"status": 400, "code": "ERR_UNKNOWN_USER_ID", "title": "400 Bad Request"}
    assert caught.value.message.startswith(f"{WHAT}: {URL} answered 400 ERR_UNKNOWN_USER_ID")
    assert "User with uid `a` not known" in caught.value.message


def test_a_description_that_could_quote_a_secret_is_not_shown() -> None:
    with pytest.raises(ApiError) as caught:
        get([("GET /x", error(400, "ERR_X", "t", "S3CRET"))], judgement=http.Judgement(show_description=False))
    assert "S3CRET" not in caught.value.message


def test_an_html_page_has_no_code_and_its_text_is_not_shown() -> None:
    with pytest.raises(ApiError) as caught:
        get([("GET /x", Reply(403, "<html>PAGE</html>", {}, "Forbidden"))])
    assert caught.value.failure() == {"status": 403, "code": None, "title": "Forbidden"}
    assert "PAGE" not in caught.value.message
    assert "'dcos:superuser'" in caught.value.message


def test_an_html_401_is_about_credentials() -> None:
    script = Script(("GET /x", Reply(401, "<html>", {}, "Unauthorized")))
    with script.played(), pytest.raises(CredentialsError) as caught:
        client(tokens=Tokens(renewable=False)).send(http.Request("GET", "/x", WHAT))
    assert caught.value.failure() == {"status": 401, "code": "credentials", "title": "Unauthorized"}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"\xff{", {"Content-Type": "application/json"}),
        Reply(500, "[1]", {"Content-Type": "application/json"}),
        Reply(500, '{"code": 7, "title": null}', {"Content-Type": "application/json"}),
        Reply(500, "", {"Content-Type": "application/json"}),
        Reply(500, '{"code": "ERR_X"}', {"Content-Type": "text/plain"}),
    ],
)
def test_a_body_that_is_no_error_document_is_ignored(reply: Reply) -> None:
    with pytest.raises(ApiError) as caught:
        get([("GET /x", reply)])
    assert caught.value.failure() == {"status": 500, "code": None, "title": None}


def test_an_answer_keeps_its_content_out_of_its_repr() -> None:
    answer, _script = get([("GET /x", Reply(200, {"token": "S3CRET"}, {"Set-Cookie": "a=S3CRET"}))])
    assert answer.json()["token"] == "S3CRET"
    assert "S3CRET" not in repr(answer)


def _verification_error() -> ssl.SSLCertVerificationError:
    made = ssl.SSLCertVerificationError(1, "certificate verify failed: S3CRET")
    made.verify_message = "self-signed certificate"
    return made


def _tls_error() -> ssl.SSLError:
    made = ssl.SSLError(1, "S3CRET")
    made.reason = "WRONG_VERSION_NUMBER"
    return made


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (requests.exceptions.SSLError(_verification_error()), TlsError, "does not verify: self-signed certificate"),
        (requests.exceptions.SSLError(_tls_error()), TlsError, "WRONG_VERSION_NUMBER. Check that dcos_url"),
        (requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred")), UnreachableError, "cannot reach"),
        (requests.exceptions.ProxyError("http://u:S3CRET@p:1"), UnreachableError, "the proxy set in the environment"),
        (requests.exceptions.ConnectTimeout("S3CRET"), UnreachableError, "no answer in time (dcos_timeout)"),
        (requests.exceptions.ReadTimeout("S3CRET"), UnreachableError, "no answer in time (dcos_timeout)"),
        (requests.exceptions.InvalidURL("S3CRET"), UnreachableError, "the connection broke"),
        (requests.exceptions.ChunkedEncodingError("S3CRET"), UnreachableError, "the connection broke"),
        (requests.exceptions.ConnectionError(OSError(111, "refused")), UnreachableError, ": refused. Check"),
        (
            requests.exceptions.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "/?S3CRET", socket.gaierror(-2, "Name or service not known"))  # type: ignore[arg-type]
            ),
            UnreachableError,
            "the host name cannot be resolved",
        ),
    ],
)  # fmt: skip
def test_network_errors(raised: Exception, kind: type[DcosError], said: str) -> None:
    with pytest.raises(kind) as caught:
        get([("GET /x", raised)], retries=0)
    assert said in caught.value.message
    assert caught.value.message.startswith(f"{WHAT}: ")
    assert "S3CRET" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.value.code == ("tls" if kind is TlsError else "unreachable")


def test_a_deleted_ca_bundle_is_reported(tmp_path: Path) -> None:
    """It was there when the run began; the library itself complains, before it connects."""
    gone = str(tmp_path / "ca.crt")
    with pytest.raises(TlsError, match=f"{WHAT}: the CA certificates in {gone} cannot be read any more"):
        http.HttpClient("https://127.0.0.1:1", gone, retries=0).send(
            http.Request("GET", "/x", WHAT, authenticated=False)
        )


def test_an_os_error_that_requests_does_not_wrap(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.touch()
    client = http.HttpClient(URL, str(bundle), retries=0)
    with serving(Script(("GET /x", OSError(24, "Too many open files")))), pytest.raises(UnreachableError) as caught:
        client.send(http.Request("GET", "/x", WHAT, authenticated=False))
    assert ": Too many open files. Check" in caught.value.message


def test_a_failed_verification_is_not_retried(sleeps: list[float]) -> None:
    with pytest.raises(TlsError):
        get([("GET /x", requests.exceptions.SSLError(_verification_error()))])
    assert sleeps == []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("127.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("128.0.0.1", False),
        ("dcos.example.com", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback(host: str | None, loopback: bool) -> None:
    assert http.is_loopback(host) is loopback


HOSTILE = "\x1b[2K\rok: [localhost]\n\u202etxet"


def test_server_text_cannot_control_a_terminal() -> None:
    answers = [
        error(400, "ERR_X", HOSTILE, HOSTILE),
        Reply(400, {"code": HOSTILE, "title": HOSTILE}, {}, HOSTILE),
        Reply(302, None, {"Location": f"https://login.example.com/{HOSTILE}"}, HOSTILE),
    ]
    for answer in answers:
        with Script(("GET /x", answer)).played(), pytest.raises(DcosError) as caught:
            client().send(http.Request("GET", "/x", WHAT))
        assert caught.value.message.isprintable()
        assert (caught.value.title or "").isprintable()
        assert caught.value.code in ("ERR_X", None)


def test_advice_after_a_redirect_keeps_the_brackets_of_ipv6() -> None:
    reply = Reply(307, None, {"Location": "https://[::1]:8443/x?ticket=S3CRET"})
    with Script(("GET /x", reply)).played(), pytest.raises(ApiError) as caught:
        client(url="http://[::1]:8080").send(http.Request("GET", "/x", WHAT))
    assert "set dcos_url to https://[::1]:8443 " in caught.value.message


def test_an_unreachable_login_is_no_lost_answer_of_the_request() -> None:
    class NoLogin(Tokens):
        asked = 0

        def token(self) -> str:
            self.asked += 1
            raise UnreachableError("logging in as admin: cannot reach it.")

    tokens = NoLogin()
    with Script().played(), pytest.raises(UnreachableError, match=r"^logging in as admin"):
        client(tokens=tokens).send(http.Request("PUT", "/x", WHAT), repeats=http.Repeats(lambda: True))
    assert tokens.asked == 1
