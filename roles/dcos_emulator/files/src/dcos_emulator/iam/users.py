# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, regular ones and service accounts."""

from __future__ import annotations

import re

from ..authorization import SUPERUSERS_GROUP, Authorization
from ..http import Response
from ..identifiers import is_valid_id
from ..passwords import hash_password
from ..public_keys import InvalidPublicKey, load_public_key
from ..store import Store, User
from . import views
from .framing import ApiError, Call, Routes, Schema, created, document, invalid_data, no_content

_PASSWORD_LENGTH = 5
_EMAIL = re.compile(r"[^@]+@[^@]+\.[^@]+")
_PROVIDER_TYPES = ("internal", "ldap", "oidc", "saml")
_PROVIDERS_WITH_ID = ("oidc", "saml")

_CREATE = Schema(
    ("description", "password", "public_key", "provider_type", "provider_id", "cluster_url", "creator_uid")
)
_UPDATE = Schema(("description", "password"))


def known_user(store: Store, uid: str) -> User:
    user = store.user(uid)
    if user is None:
        raise ApiError(400, f"User with uid `{uid}` not known.", "ERR_UNKNOWN_USER_ID")
    return user


def last_superuser_error() -> ApiError:
    text = "Last member from `superusers` group cannot be removed"
    return ApiError(400, text, "ERR_NO_MORE_SUPERUSERS")


def is_last_superuser(store: Store, uid: str) -> bool:
    return [user.uid for user in store.members(SUPERUSERS_GROUP)] == [uid]


class Users:
    """The resources below /users.

    email_provider: the provider of users who are made by nothing but an e-mail address; none in DC/OS Enterprise.
    """

    def __init__(
        self, store: Store, authorization: Authorization, accounts: views.Accounts, email_provider: str | None = None
    ) -> None:
        self._store = store
        self._authorization = authorization
        self._accounts = accounts
        self._email_provider = email_provider

    def add_routes(self, routes: Routes) -> None:
        routes.add("/users", get=self.list_all)
        routes.add("/users/{uid}", get=self.read, put=self.create, patch=self.update, delete=self.delete)

    def list_all(self, call: Call) -> Response:
        service = call.request.parameter("type") == "service"
        listed = self._accounts.listed(self._store.users(service=service))
        return document([self._accounts.user(user) for user in listed])

    def read(self, call: Call) -> Response:
        return document(self._accounts.user(known_user(self._store, call["uid"])))

    def create(self, call: Call) -> Response:
        """The order of the checks is the IAM's: a bad body on a known uid is a 400, never a 409."""
        body = _CREATE.check(call.content)
        password, key = body.get("password"), body.get("public_key")
        if self._email_provider is not None and _says_nothing(body) and _EMAIL.match(call["uid"]):
            body |= {"provider_type": "oidc", "provider_id": self._email_provider}
        provider_type, provider_id = body.get("provider_type", "internal"), body.get("provider_id", "")
        _check_credentials(password, key, provider_type)
        if password is not None:
            _check_password(password)
        if key is not None:
            _check_public_key(key)
        _check_provider_id(provider_type, provider_id)
        uid = call["uid"]
        if not is_valid_id(uid):
            raise ApiError(400, f"Invalid user ID: {uid}", "ERR_INVALID_USER_ID")
        conflict = ApiError(409, f"User with id `{uid}` already exists.", "ERR_USER_EXISTS")
        if self._store.user(uid) is not None:
            raise conflict
        user = User(
            uid,
            is_service=key is not None,
            description=body.get("description", ""),
            provider_type=provider_type,
            provider_id=provider_id,
            password_hash=None if password is None else hash_password(password),
            public_key=key,
        )
        if not self._store.add_user(user):
            raise conflict
        return created()

    def update(self, call: Call) -> Response:
        body = _UPDATE.check(call.content)
        if not body:
            raise invalid_data("One of `description` and `password` must be provided.")
        user = known_user(self._store, call["uid"])
        password_hash = None
        if "password" in body:
            if user.is_service:
                raise invalid_data("Password update is not available for service user accounts.")
            _check_password(body["password"])
            password_hash = hash_password(body["password"])
        self._store.update_user(user.uid, body.get("description"), password_hash)
        return no_content()

    def delete(self, call: Call) -> Response:
        user = known_user(self._store, call["uid"])
        if is_last_superuser(self._store, user.uid):
            raise last_superuser_error()
        gone = self._store.grants_of_user(user.uid)
        self._store.delete_user(user.uid)
        self._authorization.changed(gone, granted=False, uid=user.uid)
        return no_content()


def _says_nothing(body: dict[str, str]) -> bool:
    """Whether a body tells neither who vouches for a user nor how they prove who they are."""
    told = (body.get("provider_id"), body.get("password"), body.get("public_key"))
    return "provider_type" not in body and not any(told)


def _check_credentials(password: str | None, key: str | None, provider_type: str) -> None:
    """Which credentials there are, before any of them is looked at."""
    given = {"password": password, "public_key": key}
    for name, value in given.items():
        if value == "":
            raise invalid_data(f"`{name}` must not be empty when provided")
    if provider_type not in _PROVIDER_TYPES:
        raise invalid_data(f"Invalid provider_type: {provider_type}")
    if provider_type != "internal":
        for name, value in given.items():
            if value is not None:
                raise invalid_data(f"external provider: `{name}` is unexpected")
    elif (password is None) == (key is None):
        raise invalid_data("One of `password` or `public_key` must be provided")


def _check_public_key(key: str) -> None:
    try:
        load_public_key(key)
    except InvalidPublicKey as error:
        raise ApiError(400, f"Invalid public key: {error}", "ERR_INVALID_PUBLIC_KEY") from None


def _check_password(password: str) -> None:
    if len(password) < _PASSWORD_LENGTH:
        rule = f"Must be at least {_PASSWORD_LENGTH} characters long."
        raise invalid_data(f"Password does not match rules: {rule}")


def _check_provider_id(provider_type: str, provider_id: str) -> None:
    if provider_type in _PROVIDERS_WITH_ID:
        if not provider_id:
            rule = "provider_id must be provided if provider_type is saml or oidc"
            raise invalid_data(f"Invalid provider_id: {rule}")
    elif provider_id:
        rule = "provider_id must not be provided unless provider_type is saml or oidc"
        raise invalid_data(f"Invalid provider_id: {rule}")
