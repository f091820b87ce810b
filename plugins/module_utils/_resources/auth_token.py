# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authentication token: from a login as a user or service, or from the file in which an earlier one was kept."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Callable, Mapping

from .._api.cluster import Cluster
from .._api.connection import (
    IdTokenCredentials,
    KeyCredentials,
    LoginCredentials,
    NoCredentials,
    TokenCredentials,
)
from .._api.id_token import is_for
from .._api.login import log_in
from .._crypto.jwt import (
    LOGIN_TOKEN_LIFETIME,
    claims,
    expires_at,
    is_signed_with_shared_secret,
    is_token,
    iso_utc,
    login_token,
    verified_claims,
)
from .._errors import ApiError, CredentialsError, DcosError
from .._files import (
    SECRET_MODE,
    check_folder,
    foreign_file,
    read_regular,
    remove,
    write_whole,
)
from .._rules.identifiers import (
    NATIVE_ACCOUNTS,
    check_secret_path,
    check_store,
    check_uid,
)
from .frame import Plan, Resource, Step
from .service_account_document import parse_document

RENEW_BEFORE = 3600
"""Seconds of life that a kept token must have left."""


@dataclass(frozen=True)
class SecretLogin:
    """Log in with a key that stays in the secret store and in this process.

    uid: the account that the stored document must be of; None to take the one that it names.
    """

    store: str
    path: str
    uid: str | None = None

    def credentials(self, cluster: Cluster) -> KeyCredentials:
        """The credentials of the stored document."""
        path = check_secret_path(self.path, "secret_path")
        stored = cluster.secrets.read(check_store(self.store, "secret_store"), path)
        if stored is None:
            raise CredentialsError(f"secret_path: there is no secret {path} in store {self.store}.")
        document = parse_document(stored, self.uid)
        if document is None or document.key is None:
            owner = "a service account" if self.uid is None else self.uid
            raise DcosError(
                f"secret_path: the secret {path} in store {self.store} is not a service-account document of {owner} "
                "with a usable key.",
                "foreign_secret",
            )
        return KeyCredentials(document.uid, document.key)


@dataclass(frozen=True)
class TokenState:
    """The token, and whether it was got just now.

    read_at: when this was so, in seconds since 1970.
    """

    token: str = field(repr=False)
    uid: str
    is_new: bool
    read_at: float = field(default_factory=time.time)


class AuthenticationToken(Resource[TokenState]):
    """A token for C(who), or for the account of the connection.

    path: the file in which the token is kept, None to keep none.
    exchange: False for the login token itself, signed here, without any request.
    return_token: whether the result may hold the token.
    hide, reveal: told the token that the result must not hold, or holds.
    """

    def __init__(
        self,
        cluster: Cluster,
        hide: Callable[[str], None],
        who: LoginCredentials | SecretLogin | None = None,
        *,
        lifetime: int = LOGIN_TOKEN_LIFETIME,
        path: str | None = None,
        renew_before: int = RENEW_BEFORE,
        return_token: bool = True,
        exchange: bool = True,
        reveal: Callable[[str], None] = lambda token: None,
    ) -> None:
        self._cluster = cluster
        self._hide = hide
        self._reveal = reveal
        self._who = who or _login_of(cluster)
        self._lifetime = lifetime
        self._path = None if path is None else os.path.expanduser(path)
        self._renew_before = renew_before
        self._return_token = return_token
        self._exchange = exchange
        if not isinstance(self._who, IdTokenCredentials) and self._who.uid is not None:
            _check_account(self._who.uid)
        if not exchange and path is not None:
            raise DcosError("path: a login token is for one use within minutes and is not kept. Leave path out.")
        for name, value in (("login_token_lifetime", lifetime), ("renew_before", renew_before)):
            if value < (1 if name == "login_token_lifetime" else 0):
                raise DcosError(f"{name}: {value} seconds are too few.")

    def read(self) -> TokenState:
        state = self._kept() or self._new()
        if self._return_token:
            # The connection has hidden its own token, which is the very same where both log in within one second.
            self._reveal(state.token)
        else:
            self._hide(state.token)
        return state

    def _new(self) -> TokenState:
        who = self._credentials
        if self._exchange:
            token = log_in(self._cluster.http, who, self._lifetime)
            uid = claims(token).get("uid") if isinstance(who, IdTokenCredentials) else who.uid
            return TokenState(token, str(uid), is_new=True)
        if isinstance(who, KeyCredentials):
            return TokenState(login_token(who.uid, who.key, self._lifetime), who.uid, is_new=True)
        raise DcosError("exchange: only a private key can sign a login token. Set it to true.")

    def plan(self, state: TokenState) -> Plan:
        end = expires_at(claims(state.token))
        result: dict[str, object] = {
            "uid": state.uid,
            "expires_at": None if end is None else iso_utc(end),
            "expires_in": None if end is None else max(0, end - int(state.read_at)),
        }
        after = {name: result[name] for name in ("uid", "expires_at")}
        if self._return_token:
            result.update(token=state.token, authorization=f"token={state.token}")
        steps: list[Step] = []
        if state.is_new:
            steps.append(Step(f"log in as {state.uid}", _already_done))
            if self._path is not None:
                steps.append(
                    Step(
                        f"keep the token in {self._path}",
                        partial(write_whole, self._path, state.token + "\n", SECRET_MODE),
                    )
                )
        return Plan(result, tuple(steps), None if state.is_new else after, after)

    @cached_property
    def _credentials(self) -> LoginCredentials:
        """From the secret store, where they stand there; read once."""
        if not isinstance(self._who, SecretLogin):
            return self._who
        credentials = self._who.credentials(self._cluster)
        _check_account(credentials.uid)
        return credentials

    def _kept(self) -> TokenState | None:
        """The token in the file, when it is ours, for the right account, of this cluster and lives long enough."""
        if self._path is None:
            return None
        check_folder(self._path, "path")
        file = _kept_file(self._path)
        if file is None:
            return None
        token, info = file
        found: Mapping[str, object] = claims(token)
        uid = found.get("uid")
        if info.st_uid != os.geteuid() or stat.S_IMODE(info.st_mode) & 0o077 or not self._is_wanted(uid):
            return None
        try:
            end = expires_at(found)
        except DcosError:  # no cluster writes such an end
            return None
        if end is not None and end - time.time() <= self._renew_before:
            return None
        return TokenState(token, str(uid), is_new=False) if self._is_of_cluster(token) else None

    def _is_wanted(self, uid: object) -> bool:
        """Whether it is the account to log in as."""
        who = self._who
        if isinstance(who, SecretLogin) and who.uid is None:
            who = self._credentials
        return is_for(who, uid) if isinstance(who, IdTokenCredentials) else uid == who.uid

    def _is_of_cluster(self, token: str) -> bool:
        """Whether this cluster issued a token. A token without a public key is shown to it, and to no other one."""
        if is_signed_with_shared_secret(token):
            return isinstance(self._who, IdTokenCredentials) and self._cluster.accepts(token)
        try:
            keys = self._cluster.iam.jwks()
        except ApiError as exc:
            if exc.status in (400, 404):  # an IAM that publishes no keys: nothing tells who signed the token
                return False
            raise
        return verified_claims(token, keys) is not None


class KeptToken(Resource[bool]):
    """The file of a kept token, which shall go."""

    def __init__(self, path: str | None) -> None:
        if path is None:
            raise DcosError("path: state=absent removes a kept token; name its file.")
        self._path = os.path.expanduser(path)

    def read(self) -> bool:
        """Whether there is one."""
        return _kept_file(self._path) is not None

    def plan(self, state: bool) -> Plan:
        result = dict.fromkeys(("token", "uid", "expires_at", "expires_in", "authorization"))
        if not state:
            return Plan(result)
        return Plan(result, (Step(f"remove {self._path}", partial(remove, self._path)),), {"path": self._path})


def _login_of(cluster: Cluster) -> LoginCredentials:
    """How the connection itself logs in."""
    connection = cluster.connection.credentials
    if isinstance(connection, NoCredentials):
        raise CredentialsError(connection.message)
    if isinstance(connection, TokenCredentials):
        raise CredentialsError(
            "The connection uses a token already, from which no login can be made. Give uid with password, "
            "private_key, private_key_path, or secret_path; or connect with dcos_username."
        )
    return connection


def _kept_file(path: str) -> tuple[str, os.stat_result] | None:
    """What is in the file, which may be empty; another file than one for a token is refused."""
    found = read_regular(path, "path")
    if found is None:
        return None
    text, status = found[0].strip(), found[1]
    if text and not is_token(text):
        raise foreign_file("path", path, "token")
    return text, status


def _check_account(uid: str) -> None:
    check_uid(uid, "uid")
    if uid in NATIVE_ACCOUNTS:
        raise CredentialsError(
            f"uid: {uid} belongs to DC/OS itself; its credentials are private to DC/OS.", "native_account"
        )


def _already_done() -> bool:
    """The login itself: it changed nothing in the cluster, but the token is another one than before."""
    return True
