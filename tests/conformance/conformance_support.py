# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conformance tests share: a client that sends exactly what it is told, and tables of rows.

The client is `http.client`, because libraries above it tidy up: they change percent-encoding, add headers and follow
redirects, and this is about what the emulator does with requests as they are.
"""

from __future__ import annotations

import http.client
import itertools
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dcos_emulator.cluster import Cluster

IAM = "/acs/api/v1"
SECRETS = "/secrets/v1"
SUPERUSER, PASSWORD = "bootstrapuser", "deleteme"
JSON = "application/json"
BINARY = "application/octet-stream"
COMMAND = Path(sys.executable).with_name("dcos-emulator")

_numbers = itertools.count(1)


class _Default:
    """An argument that was not given, where None means something."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        code: str | None = self.json.get("code")
        return code

    @property
    def content_type(self) -> str | None:
        return self.headers["Content-Type"]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the emulator's command to its end."""
    command = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def eventually(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What `condition` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
    return result


class Emulator(Cluster):
    """A running emulator, and a client for it."""

    def __init__(self, data_dir: Path, mode: str = "strict", **options: Any) -> None:
        self._tokens: dict[str, str] = {}
        self._connections: dict[str, http.client.HTTPConnection] = {}
        super().__init__(data_dir, security_mode=mode, **options)

    def stop(self) -> None:
        self.close()
        super().stop()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def tls(self) -> ssl.SSLContext:
        """The strictest verification there is."""
        context = ssl.create_default_context(cafile=self.ca_path)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def connect(self, url: str | None = None) -> http.client.HTTPConnection:
        """A new connection."""
        parts = urlsplit(url or self.url)
        assert parts.hostname is not None
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=self.tls())

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, url: str | None = None
    ) -> Answer:
        """Send exactly this, plus Host unless given and, with a body, Content-Length; the connection is kept alive."""
        url = url or self.url
        connection = self._connections.get(url)
        if connection is None:
            connection = self._connections[url] = self.connect(url)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            connection.close()
            del self._connections[url]
            raise

    def call(
        self,
        method: str,
        path: str,
        *,
        json_body: object = _Default,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | type[_Default] | None = _Default,
        url: str | None = None,
    ) -> Answer:
        """A request as the superuser, unless `token` is another one or None."""
        sent = dict(headers or {})
        if token is _Default:
            token = self.token()
        if token is not None:
            sent.setdefault("Authorization", f"token={token}")
        if json_body is not _Default:
            body = json.dumps(json_body).encode()
            sent.setdefault("Content-Type", JSON)
        return self.send(method, path, sent, body, url)

    def iam(self, method: str, path: str, json_body: object = _Default, **options: Any) -> Answer:
        return self.call(method, IAM + path, json_body=json_body, **options)

    def must(self, status: int, method: str, path: str, json_body: object = _Default, **options: Any) -> Answer:
        """A request to the IAM that prepares a test."""
        answer = self.iam(method, path, json_body, **options)
        assert answer.status == status, answer.body
        return answer

    def login(self, **body: object) -> Answer:
        return self.iam("POST", "/auth/login", body, token=None)

    def token(self, uid: str = SUPERUSER) -> str:
        """A token for the superuser, or for a person made by `Names`."""
        if uid not in self._tokens:
            password = PASSWORD if uid == SUPERUSER else Names.PASSWORD
            answer = self.login(uid=uid, password=password)
            assert answer.status == 200, answer.body
            self._tokens[uid] = answer.json["token"]
        return self._tokens[uid]

    def use_token(self, token: str) -> None:
        """Be the superuser with this token from now on."""
        self._tokens[SUPERUSER] = token

    def grant(self, uid: str, rid: str, action: str) -> None:
        """Grant, and make the ACL where it is missing."""
        path = f"/acls/{encode(rid)}"
        assert self.iam("PUT", path, {"description": ""}).status in (201, 409)
        self.must(204, "PUT", f"{path}/users/{uid}/{action}")


def encode(rid: str) -> str:
    return rid.replace("/", "%252F")


def new_key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def public_pem(key: Any, form: str = "SubjectPublicKeyInfo") -> str:
    public = key.public_key() if hasattr(key, "public_key") else key
    pem: bytes = public.public_bytes(serialization.Encoding.PEM, getattr(serialization.PublicFormat, form))
    return pem.decode()


def private_pem(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def login_token(key: Any, algorithm: str = "RS256", headers: dict[str, Any] | None = None, **claims: object) -> str:
    """A service login token; five minutes unless `exp` says otherwise, without `exp` where it is `...`."""
    claims.setdefault("exp", int(time.time()) + 300)
    if claims["exp"] is ...:
        del claims["exp"]
    return jwt.encode(claims, key, algorithm, headers)


KEY = new_key()
OTHER_KEY = new_key()


class Names(dict[str, str]):
    """Names for the placeholders of a table row; what a row names is made when it is first named."""

    PASSWORD = "a-fine-password"

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator
        self._number = next(_numbers)

    def __missing__(self, name: str) -> str:
        value = getattr(self, f"_make_{name}")(f"{name.replace('_', '-')}-{self._number}")
        self[name] = value
        return str(value)

    def fill(self, template: Any) -> Any:
        """A row's text, or the texts in its body, with the names in place."""
        if isinstance(template, str):
            return template.format_map(self)
        if isinstance(template, dict):
            return {key: self.fill(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self.fill(value) for value in template]
        return template

    def _make_unknown(self, name: str) -> str:
        return name

    def _make_public_key(self, name: str) -> str:
        return public_pem(KEY)

    def _make_account(self, name: str) -> str:
        self._emulator.must(201, "PUT", f"/users/{name}", {"description": "A", "public_key": public_pem(KEY)})
        return name

    def _make_person(self, name: str) -> str:
        self._emulator.must(201, "PUT", f"/users/{name}", {"description": "P", "password": self.PASSWORD})
        return name

    def _make_remote(self, name: str) -> str:
        body = {"description": "R", "provider_type": "oidc", "provider_id": "https://idp.example"}
        self._emulator.must(201, "PUT", f"/users/{name}", body)
        return name

    def _make_group(self, name: str) -> str:
        self._emulator.must(201, "PUT", f"/groups/{name}", {"description": "G"})
        return name

    def _make_member(self, name: str) -> str:
        """A service account in {group}."""
        self._emulator.must(201, "PUT", f"/users/{name}", {"public_key": public_pem(KEY)})
        self._emulator.must(204, "PUT", f"/groups/{self['group']}/users/{name}")
        return name

    def _make_oidc(self, name: str) -> str:
        """A configured identity provider that speaks OpenID Connect."""
        config = {"issuer": "https://idp.example", "base_url": "https://cluster.example"}
        config |= {"description": "O", "client_id": "id", "client_secret": "a-secret"}
        self._emulator.must(201, "PUT", f"/auth/oidc/providers/{name}", config)
        return name

    def _make_saml(self, name: str) -> str:
        """A configured identity provider that speaks SAML."""
        config = {"description": "S", "idp_metadata": "<x/>", "sp_base_url": "https://cluster.example/"}
        self._emulator.must(201, "PUT", f"/auth/saml/providers/{name}", config)
        return name

    def _make_rid(self, name: str) -> str:
        """A resource with slashes and a star in its name."""
        rid = f"dcos:test:{self._number}:/a/*"
        self._emulator.must(201, "PUT", f"/acls/{encode(rid)}", {"description": "D"})
        return rid

    def _make_rid_path(self, name: str) -> str:
        return encode(self["rid"])

    def _make_reader(self, name: str) -> str:
        """A service account with `read` on {rid}."""
        self._emulator.must(201, "PUT", f"/users/{name}", {"public_key": public_pem(KEY)})
        self._emulator.must(204, "PUT", f"/acls/{self['rid_path']}/users/{name}/read")
        return name

    def _make_reading_group(self, name: str) -> str:
        """A group with `read` on {rid}."""
        self._emulator.must(201, "PUT", f"/groups/{name}", {"description": "G"})
        self._emulator.must(204, "PUT", f"/acls/{self['rid_path']}/groups/{name}/read")
        return name

    def _make_secret(self, name: str) -> str:
        """A text secret in a folder of its own."""
        answer = self._emulator.call("PUT", f"{SECRETS}/secret/default/{name}/text", json_body={"value": "v"})
        assert answer.status == 201, answer.body
        return f"{name}/text"

    def _make_binary(self, name: str) -> str:
        """A binary secret."""
        path = f"{SECRETS}/secret/default/{name}"
        answer = self._emulator.call("PUT", path, body=b"\0\xff", headers={"Content-Type": BINARY})
        assert answer.status == 201, answer.body
        return name


@dataclass(frozen=True)
class Row:
    """One line of a table: what is sent, what is answered, and where that is known from."""

    source: str
    request: str
    """Method and path, the path below the IAM's prefix unless it starts with two slashes (one is dropped)."""
    status: int
    sent: Any = _Default
    """A JSON body; bytes are sent as they are."""
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    text: str | None = None
    """The error's description."""
    answer: Any = _Default
    """The JSON answer, or the bytes of it."""
    answer_headers: Mapping[str, str | None] = field(default_factory=dict)
    """None: the header is missing."""
    title: str | None = None
    also: Callable[[Emulator, Names], None] | None = None
    """What must be true afterwards."""

    def check(self, emulator: Emulator, names: Names) -> Answer:
        method, path = self.request.split(" ", 1)
        # Before the request: naming may make what the row talks about.
        path, sent, expected = names.fill(path), names.fill(self.sent), names.fill(self.answer)
        text = names.fill(self.text)
        path = path[1:] if path.startswith("//") else IAM + path
        if isinstance(sent, bytes):
            answer = emulator.call(method, path, body=sent, headers=self.headers)
        else:
            answer = emulator.call(method, path, json_body=sent, headers=self.headers)
        assert answer.status == self.status, answer.body
        if self.text is not None or self.code is not None or self.title is not None:
            assert answer.code == self.code
        if text is not None:
            assert answer.json["description"] == text
        if self.title is not None:
            assert answer.json["title"] == self.title
        if isinstance(expected, bytes):
            assert answer.body == expected
        elif expected is not _Default:
            assert answer.json == expected
        for name, value in self.answer_headers.items():
            assert answer.headers[name] == value, name
        if self.also is not None:
            self.also(emulator, names)
        return answer


def table(*rows: Row) -> pytest.MarkDecorator:
    """Run a test once per row; the test's name holds the row's source and request."""
    return pytest.mark.parametrize("row", rows, ids=[f"{row.source} | {row.request} | {row.status}" for row in rows])
