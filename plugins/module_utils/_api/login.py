# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From credentials to an authentication token: one login when the first request needs it, one more after a 401."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Callable

from .._crypto.jwt import LOGIN_TOKEN_LIFETIME, claims, login_token
from .._errors import CredentialsError, UnreachableError
from .._rules.security_modes import LOGIN_PATH
from .answers import document
from .connection import (
    Credentials,
    KeyCredentials,
    LoginCredentials,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from .http import Answer, HttpClient, Judgement, Request, TokenSource

_NOTABLE_SKEW = 30
"""Seconds: the Date header has whole seconds and the answer takes time; below this a clock is not to blame."""


def log_in(http: HttpClient, credentials: LoginCredentials, lifetime: int = LOGIN_TOKEN_LIFETIME) -> str:
    """Log in and return the authentication token.

    lifetime: seconds that a service's login token is valid.
    """
    what = f"logging in as {credentials.uid}"
    body: dict[str, str] = {"uid": credentials.uid}
    if isinstance(credentials, PasswordCredentials):
        body["password"] = credentials.password
    else:
        body["token"] = login_token(credentials.uid, credentials.key, lifetime)
    answer = http.send(
        Request("POST", LOGIN_PATH, what, body, authenticated=False),
        Judgement((200, 401, 404), show_description=False),
    )
    if answer.status == 404:
        raise UnreachableError(
            f"{what}: {http.url} answered 404: there is no DC/OS at this URL. Check host and path of dcos_url."
        )
    if answer.status == 401:
        raise CredentialsError(
            _refused(http, credentials, answer, lifetime), "credentials", 401, answer.error_field("title")
        )
    found = document(answer, http.url, what)
    token = found.text("token")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise found.odd("token holds characters that no token can have")
    if isinstance(credentials, KeyCredentials) and claims(token).get("uid", credentials.uid) != credentials.uid:
        raise found.odd("token is that of another account")
    return token


def _refused(http: HttpClient, credentials: LoginCredentials, answer: Answer, lifetime: int) -> str:
    if isinstance(credentials, KeyCredentials):
        cause = "the account is unknown, or its public key does not belong to this private key"
    else:
        cause = "the user is unknown or the password is wrong"
    text = f"logging in as {credentials.uid}: {http.url} refused the credentials (401): {cause}."
    skew = clock_skew(answer)
    if skew is not None and abs(skew) >= _NOTABLE_SKEW:
        side = "behind" if skew > 0 else "ahead of"
        text += f" The clock of this machine is {abs(skew)} seconds {side} the cluster's."
        if isinstance(credentials, KeyCredentials) and skew >= lifetime:
            text += f" The login token, valid for {lifetime} seconds, had expired on arrival: set the clock."
    return text


def clock_skew(answer: Answer, now: Callable[[], float] = time.time) -> int | None:
    """Seconds by which the server's clock (its Date header) is ahead of ours; None if it does not tell."""
    try:
        server = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError, IndexError):
        return None
    return round(server.timestamp() - now())


class Login(TokenSource):
    """The token of one connection: got at the first need, renewed once when the cluster stops taking it."""

    def __init__(
        self,
        http: HttpClient,
        credentials: Credentials | NoCredentials,
        source: str | None,
        hide: Callable[[str], None] = lambda secret: None,
    ) -> None:
        self.credentials = credentials
        self._http = http
        self._source = source
        self._hide = hide
        self._token: str | None = None
        self._lock = threading.Lock()

    @property
    def uid(self) -> str | None:
        """The account that this connection acts as; None when a given token does not tell."""
        if isinstance(self.credentials, TokenCredentials):
            uid = claims(self.credentials.token).get("uid")
            return uid if isinstance(uid, str) else None
        return None if isinstance(self.credentials, NoCredentials) else self.credentials.uid

    def token(self) -> str:
        with self._lock:
            if self._token is None:
                self._token = self._log_in()
            return self._token

    def renew(self, refused: str) -> bool:
        if isinstance(self.credentials, TokenCredentials):
            return False
        with self._lock:
            if self._token == refused:  # else another request has renewed it meanwhile
                self._token = self._log_in()
            return True

    def explain_refusal(self) -> str:
        if isinstance(self.credentials, TokenCredentials):
            return (
                f"The token (from: {self._source}) has expired, or another cluster issued it. Get a new one, or give "
                "a login set, which renews it by itself."
            )
        return f"The cluster rejects both tokens that it issued to {self.uid} just now. Does the account exist?"

    def _log_in(self) -> str:
        if isinstance(self.credentials, NoCredentials):
            raise CredentialsError(self.credentials.message)
        if isinstance(self.credentials, TokenCredentials):
            return self.credentials.token
        token = log_in(self._http, self.credentials)
        self._hide(token)
        return token
