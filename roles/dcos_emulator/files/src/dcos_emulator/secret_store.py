# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret store, below /secrets/v1.

Admin Router only checks that there is a valid token; who may do what with which secret is decided here.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable

from .audit import AuditLog
from .authorization import Authorization
from .http import Request, Response, accepts, json_document
from .store import Secret, Store

PREFIX = "/secrets/v1/"
TEXT, BINARY = "application/json", "application/octet-stream"
MAX_SIZE = 2**20

_ONLY_STORE = "default"
_PATH = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_ACTIONS = {"PUT": "create", "GET": "read", "PATCH": "update", "DELETE": "delete"}
_EXTRA_FIELDS = ("author", "created", "description", "labels")


class _Refused(Exception):
    """An error answer. It carries no code; clients decide on the status."""

    def __init__(self, status: int, title: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.title = title
        self.description = description


class SecretStore:
    """The one store there is, `default`."""

    def __init__(self, store: Store, authorization: Authorization, audit: AuditLog) -> None:
        self._store = store
        self._authorization = authorization
        self._audit = audit
        self.sealed_by_fault = False

    @property
    def sealed(self) -> bool:
        return self.sealed_by_fault or self._store.get_meta("sealed") == "1"

    def handle(self, request: Request, uid: str) -> Response:
        try:
            return self._route(request, uid)
        except _Refused as refused:
            body = {"title": refused.title, "description": refused.description}
            return json_document(body, refused.status)

    def _route(self, request: Request, uid: str) -> Response:
        area, _slash, rest = request.path.removeprefix(PREFIX).partition("/")
        if area == "secret":
            backend, _slash, path = rest.partition("/")
            return self._secret(request, uid, backend, path)
        if area == "ping":
            return self._ping(rest)
        operations: dict[str, dict[str, Callable[[Request, str], Response]]] = {
            "store": {"GET": self._show_store, "PUT": self._add_store, "DELETE": self._delete_store},
            "seal-status": {"GET": self._seal_status},
            "seal": {"PUT": self._seal},
            "unseal": {"PUT": self._unseal},
            "auto-unseal": {"PUT": self._auto_unseal},
            "init": {"GET": self._initialized, "PUT": self._initialize},
            "revoke": {"PUT": self._lease},
            "renew": {"PUT": self._lease},
        }
        methods = operations.get(area)
        if methods is None:
            raise _Refused(404, "Not Found", "There is no such resource.")
        operation = methods.get(request.method)
        if operation is None:
            raise _Refused(405, "Method Not Allowed", "The resource does not have this method.")
        if area not in ("revoke", "renew"):
            # No permission for these is documented, so they are left to superusers.
            self._require_superuser(uid, area)
        return operation(request, rest.removesuffix("/"))

    # --- secrets

    def _secret(self, request: Request, uid: str, backend: str, path: str) -> Response:
        listing = request.method == "GET" and request.parameter("list") == "true"
        if listing:
            path = path.removesuffix("/")
            self._require(uid, f"dcos:secrets:list:{backend}:/{path}", "read")
        else:
            action = _ACTIONS.get(request.method)
            if action is None:
                raise _Refused(405, "Method Not Allowed", "The resource does not have this method.")
            self._require(uid, f"dcos:secrets:{backend}:/{path}", action)
        self._require_backend(backend)
        if not (listing and not path) and not _is_valid_path(path):
            raise _Refused(404, "Not Found", "The secret's path is not valid.")
        if self.sealed:
            raise _Refused(503, "Service Unavailable", "The secret store is sealed.")
        if listing:
            return self._list(path)
        methods = {"PUT": self._create, "GET": self._read, "PATCH": self._update, "DELETE": self._delete}
        return methods[request.method](request, path)

    def _list(self, folder: str) -> Response:
        """Everything below the folder, relative to it; a folder that holds nothing is an empty list, not an error."""
        prefix = f"{folder}/" if folder else ""
        names = [path.removeprefix(prefix) for path in self._store.secret_paths() if path.startswith(prefix)]
        return json_document({"array": names})

    def _create(self, request: Request, path: str) -> Response:
        if not self._store.add_secret(path, _read_value(request)):
            raise _Refused(409, "Conflict", "The secret already exists.")
        return json_document({}, 201)

    def _update(self, request: Request, path: str) -> Response:
        if not self._store.update_secret(path, _read_value(request)):
            raise _unknown()
        return Response(204)

    def _read(self, request: Request, path: str) -> Response:
        secret = self._store.secret(path)
        if secret is None:
            raise _unknown()
        content_type = TEXT if secret.is_text else BINARY
        if not accepts(request.headers.get("Accept"), content_type):
            raise _Refused(400, "Bad Request", f"This secret can only be read as {content_type}.")
        if secret.is_text:
            return json_document({**secret.extra, "value": secret.value.decode("utf-8")})
        return Response(200, secret.value, BINARY)

    def _delete(self, request: Request, path: str) -> Response:
        if not self._store.delete_secret(path):
            raise _unknown()
        return Response(204)

    def _lease(self, request: Request, rest: str) -> Response:
        """Values are static here: there is nothing to revoke or renew, so only the store's name is checked."""
        self._require_backend(rest.partition("/")[0])
        return Response(204)

    # --- the store itself

    def _show_store(self, request: Request, backend: str) -> Response:
        view = {
            "name": _ONLY_STORE,
            "description": "DC/OS Secret Store",
            "driver": "Vault",
            "initialized": True,
            "sealed": self.sealed,
        }
        if not backend:
            return json_document({"array": [view]})
        self._require_backend(backend)
        return json_document(view)

    def _add_store(self, request: Request, backend: str) -> Response:
        if backend == _ONLY_STORE:
            raise _Refused(409, "Conflict", "The store already exists.")
        raise _Refused(404, "Not Found", "Only the store `default` is supported.")

    def _delete_store(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        raise _Refused(403, "Forbidden", "The store `default` cannot be removed.")

    def _seal_view(self) -> Response:
        return json_document({"sealed": self.sealed, "threshold": 1, "shares": 1, "progress": 0})

    def _seal_status(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        return self._seal_view()

    def _seal(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        self._store.set_meta("sealed", "1")
        return self._seal_view()

    def _unseal(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        key = _json_object(request).get("key")
        expected = self._store.get_meta("unseal_key") or ""
        if not isinstance(key, str) or not hmac.compare_digest(key.encode(), expected.encode()):
            raise _Refused(400, "Bad Request", "This is not the store's key.")
        return self._auto_unseal(request, backend)

    def _auto_unseal(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        self._store.set_meta("sealed", "0")
        return self._seal_view()

    def _initialized(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        return json_document({"initialized": True})

    def _initialize(self, request: Request, backend: str) -> Response:
        self._require_backend(backend)
        raise _Refused(400, "Bad Request", "The store is already initialized.")

    def _ping(self, rest: str) -> Response:
        if rest and rest.removeprefix("backends/") not in ("all", _ONLY_STORE):
            raise _Refused(404, "Not Found", "There is no such backend.")
        if rest and self.sealed:
            raise _Refused(503, "Service Unavailable", "The secret store is sealed.")
        return Response(200, b"pong", "text/plain; charset=utf-8")

    # --- permissions and paths

    def _require(self, uid: str, rid: str, action: str) -> None:
        allowed = self._authorization.allows(uid, rid, action)
        self._audit.secrets(rid, action, allowed, uid)
        if not allowed:
            raise _Refused(403, "Forbidden", f"The permission `{action}` on `{rid}` is missing.")

    def _require_superuser(self, uid: str, area: str) -> None:
        allowed = self._authorization.is_superuser(uid)
        self._audit.secrets("dcos:superuser", "full", allowed, uid)
        if not allowed:
            raise _Refused(403, "Forbidden", f"Only superusers may use `{area}`.")

    def _require_backend(self, backend: str) -> None:
        if backend != _ONLY_STORE:
            raise _Refused(404, "Not Found", "Only the store `default` is supported.")


def _unknown() -> _Refused:
    return _Refused(404, "Not Found", "There is no such secret.")


def _is_valid_path(path: str) -> bool:
    """Plain names between single slashes; `.` and `..` are names in no path."""
    return _PATH.fullmatch(path) is not None and not {".", ".."} & set(path.split("/"))


def _media_type(request: Request) -> str:
    return request.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()


def _json_object(request: Request) -> dict[str, object]:
    try:
        content = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _Refused(400, "Bad Request", "The body is not JSON.") from None
    if not isinstance(content, dict):
        raise _Refused(400, "Bad Request", "The body is not a JSON object.")
    return content


def _read_value(request: Request) -> Secret:
    """The value in a body; fields that mean nothing to the store are ignored, as clients do send some."""
    content_type = _media_type(request)
    extra: dict[str, object] = {}
    if content_type == BINARY:
        value = request.body
    elif content_type == TEXT:
        content = _json_object(request)
        text = content.get("value")
        if not isinstance(text, str):
            raise _Refused(400, "Bad Request", "The text field `value` is missing.")
        try:
            value = text.encode("utf-8")
        except UnicodeEncodeError:
            raise _Refused(400, "Bad Request", "The value is not valid text.") from None
        extra = {name: content[name] for name in _EXTRA_FIELDS if name in content}
    else:
        raise _Refused(400, "Bad Request", f"The Content-Type must be {TEXT} or {BINARY}.")
    if len(value) > MAX_SIZE:
        raise _Refused(413, "Payload Too Large", f"A secret may have up to {MAX_SIZE} bytes.")
    return Secret(value, content_type == TEXT, extra)
