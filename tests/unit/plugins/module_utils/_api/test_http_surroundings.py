# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine's own settings must not change: real requests to a server on a free port of this machine."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.dcos.security.plugins.module_utils._api import http
from ansible_collections.dcos.security.plugins.module_utils._api.http import Request
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError, TlsError, UnreachableError
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import certificate_text, private_text


@dataclass(frozen=True)
class Seen:
    line: str
    headers: dict[str, str]


class Server(ThreadingHTTPServer):
    """Notes every request and answers 200 with a cookie."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(Seen(self.requestline, dict(self.headers)))
        self.send_response(200)
        self.send_header("Set-Cookie", "dcos-acs-auth-cookie=somebody; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as made:
        yield made


def free_port() -> int:
    """A port on which nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Tokens(http.TokenSource):
    def __init__(self, token: str = "mine") -> None:
        self._token = token

    def token(self) -> str:
        return self._token


@contextlib.contextmanager
def client(url: str, verify: bool | str = True, token: str = "mine", retries: int = 0) -> Iterator[http.HttpClient]:
    made = http.HttpClient(url, verify, 5, retries)
    made.tokens = Tokens(token)
    yield made
    made._session.close()


def test_a_netrc_does_not_replace_the_token(server: Server, bare_surroundings: Path) -> None:
    netrc = bare_surroundings / ".netrc"
    netrc.write_text("default login somebody password else\n", encoding="utf-8")
    netrc.chmod(0o600)
    with client(server.url) as made:
        made.send(Request("GET", "/x", "reading"))
        made.send(Request("GET", "/x", "reading", authenticated=False))
    assert server.seen[0].headers["Authorization"] == "token=mine"
    assert "Authorization" not in server.seen[1].headers


def test_cookies_of_the_cluster_are_not_sent_back(server: Server) -> None:
    with client(server.url) as made:
        for _round in range(3):
            made.send(Request("GET", "/x", "reading"))
    assert len(server.seen) == 3
    assert all("Cookie" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_for_loopback(server: Server, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port()}")
    with client(server.url) as made:
        made.send(Request("GET", "/x", "reading"))
    assert [seen.line for seen in server.seen] == ["GET /x HTTP/1.1"]


def test_a_proxy_for_other_hosts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    with client("http://dcos.example.com") as made:
        made.send(Request("GET", "/x", "reading"))
    assert [seen.line for seen in server.seen] == ["GET http://dcos.example.com/x HTTP/1.1"]
    assert server.seen[0].headers["Authorization"] == "token=mine"


def test_no_proxy_is_honoured(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", ".invalid")
    with client("http://dcos.invalid") as made, pytest.raises(UnreachableError):
        made.send(Request("GET", "/x", "reading"))
    assert server.seen == []


def test_the_password_of_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:S3CRET@127.0.0.1:{free_port()}")
    with client("http://dcos.example.com") as made, pytest.raises(UnreachableError) as caught:
        made.send(Request("GET", "/x", "reading"))
    assert "the proxy set in the environment does not answer" in caught.value.message
    assert "S3CRET" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unreachable_server(sleeps: list[float]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with client(url, retries=2) as made, pytest.raises(UnreachableError, match="Connection refused") as caught:
        made.send(Request("GET", "/x", "reading account a"))
    assert caught.value.message.startswith("reading account a: cannot reach http://127.0.0.1:")
    assert len(sleeps) == 2


@pytest.mark.parametrize("token", ["S3CRET\n", "S3\rCRET", "S3\nCRET", "S3CRET\u20ac"])
def test_a_token_that_no_header_can_hold_is_reported_but_not_quoted(server: Server, token: str) -> None:
    """The HTTP library would raise an error that quotes the whole header, and Ansible would print it."""
    with client(server.url, token=token) as made, pytest.raises(DcosError, match="cannot be sent") as caught:
        made.send(Request("GET", "/x", "reading account a"))
    assert caught.value.message.startswith("reading account a: ")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "CRET" not in repr(caught.value)
    assert server.seen == []


# TLS


@dataclass(frozen=True)
class Tls:
    url: str
    ca: str


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Tls]:
    ca, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    ca.write_text(certificate_text("tls"), encoding="ascii")
    key.write_text(private_text("tls"), encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    server = Server()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield Tls(f"https://127.0.0.1:{server.server_port}", str(ca))


def test_the_given_bundle_verifies(tls: Tls) -> None:
    with client(tls.url, tls.ca) as made:
        assert made.send(Request("GET", "/x", "reading")).status == 200


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_variables_of_requests_do_not_verify(tls: Tls, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, tls.ca)
    with client(tls.url) as made, pytest.raises(TlsError, match="does not verify") as caught:
        made.send(Request("GET", "/x", "reading"))
    assert "dcos_ca_path" in caught.value.message
    assert caught.value.code == "tls"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_environment_variables_of_requests_do_not_break_verification(
    tls: Tls, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nonexistent")
    for verify in (tls.ca, False):
        with client(tls.url, verify) as made:
            assert made.send(Request("GET", "/x", "reading")).status == 200


def test_urllib3_does_not_repeat_our_warning(tls: Tls) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with client(tls.url, False) as made:
            made.send(Request("GET", "/x", "reading"))
    assert [str(each.message) for each in seen] == []


def test_a_bundle_that_cannot_be_parsed(tls: Tls, tmp_path: Path) -> None:
    bundle = tmp_path / "broken.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", encoding="ascii")
    with client(tls.url, str(bundle)) as made, pytest.raises(TlsError):
        made.send(Request("GET", "/x", "reading"))


def test_https_to_a_port_that_speaks_http(server: Server) -> None:
    with client(f"https://127.0.0.1:{server.server_port}") as made, pytest.raises(TlsError, match="no TLS connection"):
        made.send(Request("GET", "/x", "reading"))
