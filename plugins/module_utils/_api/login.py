# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From credentials to an authentication token: one login when the first request needs it, one more after a 401."""

from __future__ import annotations

import threading
from typing import Callable

from .._crypto.jwt import LOGIN_TOKEN_LIFETIME, claims, login_token
from .._errors import ApiError, CredentialsError, UnreachableError
from .._rules.security_modes import LOGIN_PATH
from .answers import document
from .connection import (
    Credentials,
    IdTokenCredentials,
    KeyCredentials,
    LoginCredentials,
    NoCredentials,
    PasswordCredentials,
    TokenCredentials,
)
from .gate import lets_everybody_in
from .http import HttpClient, Judgement, Request, TokenSource
from .id_token import user_of
from .refusal import is_of_dcos_oauth, login_words, refusal

_LOGIN_TYPES = ("application/json", "text/plain")
"""Media types of the answer to a login: that of an open cluster up to 1.12 has none of its own."""


def log_in(http: HttpClient, credentials: LoginCredentials, lifetime: int = LOGIN_TOKEN_LIFETIME) -> str:
    """Log in and return the authentication token.

    lifetime: seconds that a service's login token is valid.
    """
    what = login_words(credentials)
    answer = http.send(
        Request("POST", LOGIN_PATH, what, _body(credentials, lifetime), authenticated=False),
        Judgement((200, 400, 401, 404), show_description=False),
    )
    if answer.status == 404:
        raise UnreachableError(
            f"{what}: {http.url} answered 404: there is no DC/OS at this URL. Check host and path of dcos_url."
        )
    is_about_token = isinstance(credentials, IdTokenCredentials) and answer.error_field("description") is not None
    if answer.status == 401 or is_of_dcos_oauth(answer) or (answer.status == 400 and is_about_token):
        message = refusal(http.url, credentials, answer, lifetime)
        raise CredentialsError(message, "credentials", answer.status, answer.error_field("title"))
    if answer.status == 400:
        came_back = f"400 {answer.code or answer.reason}".rstrip()
        raise ApiError(f"{what}: {http.url} answered {came_back}.", answer.code, 400, answer.error_field("title"))
    found = document(answer, http.url, what, _LOGIN_TYPES)
    token = found.text("token")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise found.odd("token holds characters that no token can have")
    if isinstance(credentials, KeyCredentials) and claims(token).get("uid", credentials.uid) != credentials.uid:
        raise found.odd("token is that of another account")
    return token


def _body(credentials: LoginCredentials, lifetime: int) -> dict[str, object]:
    if isinstance(credentials, IdTokenCredentials):
        return {"token": credentials.id_token}
    if isinstance(credentials, PasswordCredentials):
        return {"uid": credentials.uid, "password": credentials.password}
    return {"uid": credentials.uid, "token": login_token(credentials.uid, credentials.key, lifetime)}


class Login(TokenSource):
    """The token of one connection: got at the first need, renewed once when the cluster stops taking it.

    There is none where the cluster lets everybody in.
    """

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
        self._was_asked = False
        self._lock = threading.Lock()

    @property
    def uid(self) -> str | None:
        """The account that this connection acts as; None when a given token does not tell."""
        if isinstance(self.credentials, TokenCredentials):
            uid = claims(self.credentials.token).get("uid")
            return uid if isinstance(uid, str) else None
        if isinstance(self.credentials, IdTokenCredentials):
            return user_of(self.credentials)
        return None if isinstance(self.credentials, NoCredentials) else self.credentials.uid

    def token(self) -> str | None:
        with self._lock:
            if not self._was_asked:
                self._token = self._log_in()
                self._was_asked = True
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
        if self._token is None:
            return "Other requests need no token here, but this one does. Give credentials."
        return f"The cluster rejects both tokens that it issued to {self.uid} just now. Does the account exist?"

    def _log_in(self) -> str | None:
        """The token; none where the cluster is found to let everybody in, which is asked where there is no login."""
        if isinstance(self.credentials, TokenCredentials):
            return self.credentials.token
        try:
            if isinstance(self.credentials, NoCredentials):
                raise CredentialsError(self.credentials.message)
            token = log_in(self._http, self.credentials)
        except CredentialsError:
            if lets_everybody_in(self._http):
                return None
            raise
        self._hide(token)
        return token
