# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second secret with the private key of a service alone, as PEM, for packages that read no service-account document.

A bare key does not say whose it is. It is known as ours because the account has it, or because it is stored in a
document of the account. So the order of the writes matters: if a document got its next key before the copy does, an
interruption would leave a copy that nothing tells from somebody else's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterable, Sequence

from .._api.secret_store import Secrets, StoredValue
from .._crypto.rsa_keys import (
    fingerprint,
    is_pkcs8,
    is_private_file,
    load_stored_private_key,
    private_pem,
    same_key,
)
from .._errors import DcosError, Remedy
from .._rules.identifiers import check_secret_path, next_path
from .frame import Step
from .secret_place import SecretPlace

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_OVERWRITE = Remedy(
    "Choose another pem_path, or set overwrite to true if its content may be lost.",
    "Choose another {prefix}pem_secret_path, or delete the secret first if its content may be lost.",
)


@dataclass(frozen=True)
class StoredPem:
    """What is at the path of the copy.

    key: None where that is nothing, or anything else than a private key alone.
    """

    stored: StoredValue | None = None
    key: RSAPrivateKey | None = field(repr=False, default=None)

    def is_one_of(self, keys: Iterable[RSAPublicKey | None]) -> bool:
        return self.key is not None and any(same_key(self.key.public_key(), each) for each in keys)

    def holds(self, key: RSAPrivateKey) -> bool:
        """Whether it is this key, in the form that all consumers read."""
        return self.is_one_of((key.public_key(),)) and self.stored is not None and is_pkcs8(self.stored.text() or "")

    def shown(self) -> str | None:
        """What a diff shows of it."""
        if self.stored is None:
            return None
        return "no private key alone" if self.key is None else fingerprint(self.key.public_key())


class PemCopy:
    """The copy at C(path) of the key of account C(uid), whose document is at C(document_path).

    overwrite: something else at C(path) may be written over and deleted.
    """

    def __init__(
        self, secrets: Secrets, store: str, path: str, *, uid: str, document_path: str, overwrite: bool
    ) -> None:
        self._place = SecretPlace(secrets, store, check_secret_path(path, "pem_path"))
        self._uid = uid
        self._overwrite = overwrite
        if self._place.path in (document_path, next_path(document_path)):
            raise DcosError(
                f"pem_path: {self._place.path} is where the service-account document or its next one is kept. Choose "
                "another path for the private key alone.",
                "invalid_path",
            )

    def read(self) -> StoredPem:
        stored = self._place.read()
        text = None if stored is None else stored.text()
        if text is None or not is_private_file(text):
            return StoredPem(stored)
        return StoredPem(stored, load_stored_private_key(text))

    def write_around(
        self,
        documents: Sequence[Step],
        found: StoredPem,
        key: RSAPrivateKey,
        known: Iterable[RSAPublicKey | None],
        *,
        document_is_new: bool,
    ) -> list[Step]:
        """The writes of documents with that of the copy: after the document of its key is created, before it changes.

        key: what the copy shall hold.
        known: the keys of the account; the copy of another key, or anything else, is refused.
        """
        if not (found.stored is None or self._overwrite or found.is_one_of((key.public_key(), *known))):
            raise DcosError(
                f"pem_path: {self._foreign(found)} Nothing was changed.", "foreign_secret", remedy=_OVERWRITE
            )
        if found.holds(key):
            return [*documents]
        # Text can be read as a variable and as a file. A key that was stored as a file stays one.
        is_text = found.key is None or found.stored is None or found.stored.is_text
        step = self._place.put_step(StoredValue(private_pem(key).encode("ascii"), is_text), found.stored)
        return [*documents, step] if document_is_new else [step, *documents]

    def delete_before(
        self, documents: Sequence[Step], found: StoredPem, known: Iterable[RSAPublicKey | None]
    ) -> tuple[list[Step], list[str]]:
        """The deletion of the copy, then those of documents; and a warning where something else is there and stays."""
        if found.stored is None:
            return [*documents], []
        if self._overwrite or found.is_one_of(known):
            return [self._place.delete_step(found.stored), *documents], []
        return [*documents], [f"{self._foreign(found)} It is kept. Delete it if nobody needs it."]

    def _foreign(self, found: StoredPem) -> str:
        holds = "holds something other than a private key alone"
        if found.key is not None:
            holds = f"holds a private key ({found.shown()}) that is not known as one of account {self._uid}"
        return f"The secret {self._place.path} in store {self._place.store} {holds}."
