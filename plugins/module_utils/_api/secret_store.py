# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The endpoints of the secret store, typed; nothing is decided here. PUT only creates, PATCH only updates.

Its errors carry no code, so a refusal is believed only where reading shows the same, and never where it is a page of
HTML. Values never appear in messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping

from .._errors import ApiError, DcosError
from .answers import document
from .gate import enterprise_only
from .http import BYTES, HttpClient, Judgement, Repeats, Request, encode_segment

BASE = "/secrets/v1"

# What the store itself refuses with; anything else is resolved by reading back.
_REFUSALS = (400, 404, 409, 413)


@dataclass(frozen=True)
class StoredValue:
    """A secret's value, and whether it is stored as text or as a file: services read the two in different ways."""

    content: bytes = field(repr=False)
    is_text: bool

    @classmethod
    def of_text(cls, text: str) -> StoredValue:
        """A value that is stored as text."""
        return cls(text.encode("utf-8"), True)

    def text(self) -> str | None:
        """The value as text, None when it is none."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError:
            return None


class Secrets:
    """One method for each request. Methods that write return whether the request changed something."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def read(self, store: str, path: str) -> StoredValue | None:
        """The value at a path, None when there is none."""
        what = f"reading secret {path}"
        try:
            answer = self._http.send(
                # Whether it is text or binary is known from the answer only.
                Request("GET", _path(store, path), what, media_types="*/*"),
                _judged(200),
                Repeats(unavailable=self._sealed(store, what)),
            )
        except ApiError as exc:
            if exc.status == 404 and not exc.is_page:
                return None
            raise self._without_store(exc, what) from None
        if answer.media_type == BYTES:
            return StoredValue(answer.content, False)
        return StoredValue.of_text(document(answer, self._http.url, what).text("value"))

    def require_store(self, store: str) -> None:
        """Raise where there is no such store, which an answer about a single secret does not tell from no secret."""
        what = f"looking for secret store {store}"
        try:
            answer = self._http.send(Request("GET", _seal_status(store), what), _judged(200))
            document(answer, self._http.url, what).flag("sealed")
        except ApiError as exc:
            if exc.status == 404:
                raise self._without_store(exc, what) from None
            if exc.status != 403:  # who may use single secrets may not be allowed to see how the store is
                raise

    def require_unsealed(self, store: str) -> None:
        """Raise while the store is sealed, and where that cannot be read."""
        what = f"looking whether secret store {store} is sealed"
        try:
            answer = self._http.send(Request("GET", _seal_status(store), what), _judged(200), Repeats(patient=False))
        except ApiError as exc:
            raise self._without_store(exc, what) from None
        if document(answer, self._http.url, what).flag("sealed"):
            raise _sealed_error(store, what)

    def paths(self, store: str, folder: str = "") -> list[str]:
        """The paths of all secrets below a folder, or of the whole store, without leading slashes.

        A folder that holds nothing is not told from one that is not there.
        """
        what = f"listing the secrets of store {store}" + (f" below {folder}" if folder else "")
        try:
            answer = self._http.send(
                Request("GET", _path(store, folder), what, params={"list": "true"}),
                _judged(200),
                Repeats(unavailable=self._sealed(store, what)),
            )
        except ApiError as exc:
            raise self._without_store(exc, what) from None
        prefix = f"{folder}/" if folder else ""
        return sorted(prefix + name for name in document(answer, self._http.url, what).texts("array"))

    def create(self, store: str, path: str, value: StoredValue) -> bool:
        """Store a new value; False when the path is taken."""

        def happened() -> bool:
            return self.read(store, path) == value

        what = f"creating secret {path}"
        try:
            self._write("PUT", store, path, value, what, 201, happened)
        except ApiError as exc:
            if exc.status == 409 and not exc.is_page and self.read(store, path) is not None:
                return False
            if exc.status == 404:
                raise self._without_store(exc.with_advice("The store may not take this path."), what) from None
            raise
        return True

    def update(self, store: str, path: str, value: StoredValue, looked_at: StoredValue) -> bool:
        """Replace the value that was looked at; False when it is not at the path any more."""
        overtaken = False

        def happened() -> bool:
            nonlocal overtaken
            stored = self.read(store, path)
            overtaken = stored not in (looked_at, value)
            return stored != looked_at

        try:
            self._write("PATCH", store, path, value, f"updating secret {path}", 204, happened)
        except ApiError as exc:
            if exc.status == 404 and not exc.is_page and self.read(store, path) != looked_at:
                return False
            raise
        return not overtaken

    def delete(self, store: str, path: str, looked_at: StoredValue) -> bool:
        """Delete the secret that was looked at; False when it was gone.

        Before a deletion whose answer was lost is repeated, somebody may have stored another value: that stays.
        """
        what = f"deleting secret {path}"
        try:
            self._http.send(
                Request("DELETE", _path(store, path), what),
                _judged(204),
                Repeats(lambda: self.read(store, path) != looked_at, self._sealed(store, what)),
            )
        except ApiError as exc:
            if exc.status == 404 and not exc.is_page and self.read(store, path) != looked_at:
                return False
            raise
        return True

    def _write(
        self,
        method: str,
        store: str,
        path: str,
        value: StoredValue,
        what: str,
        success: int,
        happened: Callable[[], bool],
    ) -> None:
        body: Mapping[str, object] | bytes = {"value": value.text()} if value.is_text else value.content
        self._http.send(
            Request(method, _path(store, path), what, body, media_types="*/*"),
            _judged(success),
            Repeats(happened, self._sealed(store, what)),
        )

    def _without_store(self, error: ApiError, what: str) -> ApiError:
        if error.status != 404:
            return error
        advice = "DC/OS Enterprise has one secret store, 'default'; an open DC/OS has none."
        return enterprise_only(self._http, what, "secret store", error, otherwise=advice)

    def _sealed(self, store: str, what: str) -> Callable[[], None]:
        """What to ask on a 503: a sealed store stays so until somebody unseals it, so waiting is of no use."""

        def raise_if_sealed() -> None:
            reading = f"{what}: reading the seal status"
            try:
                answer = self._http.send(
                    Request("GET", _seal_status(store), reading), _judged(200), Repeats(patient=False)
                )
                sealed = document(answer, self._http.url, reading).flag("sealed")
            except DcosError:
                return  # nobody says that it is sealed: this account may not ask, or the service is away for a moment
            if sealed:
                raise _sealed_error(store, what)

        return raise_if_sealed


def _sealed_error(store: str, what: str) -> ApiError:
    return ApiError(
        f"{what}: the secret store '{store}' is sealed. Unseal it on each master ('dcos security cluster "
        f"secret-store unseal {store} KEY'; with the default seal PUT {BASE}/auto-unseal/{store} does it "
        "without a key) and run again.",
        None,
        503,
        "Service Unavailable",
    )


def _judged(success: int) -> Judgement:
    """Its descriptions are not shown: they could quote a value."""
    return Judgement((success,), _REFUSALS, show_description=False)


def _seal_status(store: str) -> str:
    return f"{BASE}/seal-status/{encode_segment(store)}"


def _path(store: str, path: str) -> str:
    encoded = "/".join(encode_segment(part) for part in path.split("/"))
    return f"{BASE}/secret/{encode_segment(store)}/{encoded}"
