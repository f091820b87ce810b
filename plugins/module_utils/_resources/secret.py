# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain secret: a text or a file in the secret store, such as a password or a keytab, for services to read.

The document from which a service logs in is something else, and has a resource of its own.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Callable, Mapping

from .._api.cluster import Cluster
from .._api.secret_store import StoredValue
from .._errors import DcosError
from .._rules.identifiers import check_secret_path, check_store
from .frame import Plan, Resource
from .secret_place import SecretPlace
from .service_account_document import Document, parse_document

LARGEST_VALUE = (1024 - 1) * 1024
"""Bytes: DC/OS documents 1 MiB, of which about 1 KiB is for what belongs to the secret beside its value."""

LARGEST_IN_UI = 786 * 1024
"""Bytes: the user interface of DC/OS takes no larger files."""

LETTERS_AND_DIGITS = string.ascii_letters + string.digits

_LENGTHS = range(8, 4097)
_FEWEST_CHARACTERS = 10


@dataclass(frozen=True)
class Generator:
    """Makes a text of characters that nobody can predict.

    characters: those that it is drawn from, each as likely as any other.
    """

    length: int = 32
    characters: str = LETTERS_AND_DIGITS

    def __post_init__(self) -> None:
        if self.length not in _LENGTHS:
            raise DcosError(
                f"generate.length: {self.length} is not a whole number from {_LENGTHS[0]} to {_LENGTHS[-1]}. Nothing "
                "was changed."
            )
        if len(set(self.characters)) < _FEWEST_CHARACTERS or not self.characters.isprintable():
            raise DcosError(
                f"generate.characters: at least {_FEWEST_CHARACTERS} different characters are needed, and none that "
                "does not print, such as a line end. Nothing was changed."
            )

    def make(self) -> StoredValue:
        """A new value each time."""
        characters = sorted(set(self.characters))
        return StoredValue.of_text("".join(secrets.choice(characters) for _number in range(self.length)))


@dataclass(frozen=True)
class SecretState:
    """What is at the path, and what shall be there; None for nothing.

    document: what is there, where it is the document of a service account.
    """

    stored: StoredValue | None
    wanted: StoredValue | None
    document: Document | None = field(repr=False, default=None)


class Secret(Resource[SecretState]):
    """The secret at C(path).

    wanted: its value, or what makes one where there is none yet; None to delete the secret.
    overwrite: whether the document of a service account may be lost.
    hide: told a value that is made here.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        path: str,
        store: str,
        wanted: StoredValue | Generator | None,
        overwrite: bool,
        hide: Callable[[str], None],
    ) -> None:
        self._place = SecretPlace(cluster.secrets, check_store(store, "store"), check_secret_path(path, "path"))
        self._cluster = cluster
        self._wanted = wanted
        self._overwrite = overwrite
        self._hide = hide
        if isinstance(wanted, StoredValue) and len(wanted.content) > LARGEST_VALUE:
            raise DcosError(
                f"{'value' if wanted.is_text else 'src'}: it has {len(wanted.content)} bytes, and a secret may have up "
                f"to {LARGEST_VALUE}. Nothing was changed."
            )

    def read(self) -> SecretState:
        stored = self._place.read()
        if stored is None:
            self._cluster.secrets.require_store(self._place.store)
        document = None if stored is None else parse_document(stored, None)
        wanted = self._wanted
        if isinstance(wanted, Generator):
            wanted = stored if stored is not None and document is None else self._made(wanted)
        return SecretState(stored, wanted, document)

    def _made(self, generator: Generator) -> StoredValue:
        value = generator.make()
        self._hide(value.text() or "")
        return value

    def plan(self, state: SecretState) -> Plan:
        stored, wanted = state.stored, state.wanted
        view = self._view(stored, state)
        result = {"secret": {**self._named(wanted), "exists": wanted is not None}}
        if stored == wanted:
            return Plan(result, (), view, view)
        if state.document is not None and not self._overwrite:
            raise self._foreign(state.document)
        if wanted is None:
            return Plan(result, (self._place.delete_step(stored),), view, None)
        after, step = self._view(wanted, state), self._place.put_step(wanted, stored)
        return Plan(result, (step,), view, after, warnings=_warnings(wanted))

    def _foreign(self, document: Document) -> DcosError:
        return DcosError(
            f"path: the secret {self._place.path} in store {self._place.store} is the service-account document of "
            f"{document.uid}, from which a service logs in. Nothing was changed. Choose another path, or manage that "
            "document with dcos_sa_secret; set overwrite to true if it may be lost.",
            "foreign_secret",
        )

    def _named(self, value: StoredValue | None) -> dict[str, object]:
        kind = None
        if value is not None:
            kind = "text" if value.is_text else "file"
        return {"store": self._place.store, "path": self._place.path, "kind": kind}

    def _view(self, value: StoredValue | None, state: SecretState) -> Mapping[str, object] | None:
        """What a difference may show: never a value, only whether it is the one that is wanted."""
        if value is None:
            return None
        view = self._named(value)
        if state.wanted is not None and value.content == state.wanted.content:
            view["value"] = "as wanted"
        elif state.document is not None:
            view["value"] = f"the service-account document of {state.document.uid}"
        elif state.wanted is not None:
            view["value"] = "another one"
        return view


def _warnings(written: StoredValue) -> tuple[str, ...]:
    if len(written.content) <= LARGEST_IN_UI:
        return ()
    return (
        f"The value has {len(written.content)} bytes, and the user interface of DC/OS takes no more than "
        f"{LARGEST_IN_UI}: nobody can replace it there with one of this size.",
    )


def paths_in(cluster: Cluster, *, store: str, folder: str | None, recurse: bool) -> list[str]:
    """The paths of the secrets in a folder, with C(recurse) also of those in folders below it; None for all of them."""
    if folder is None:
        return cluster.secrets.paths(store)
    found = cluster.secrets.paths(store, folder)
    return [path for path in found if recurse or path.rpartition("/")[0] == folder]
