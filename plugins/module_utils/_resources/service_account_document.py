# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a service account in the secret store: reading it, and looking whether it holds a key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping

from .._api.cluster import Cluster
from .._api.connection import check_url
from .._api.secret_store import StoredValue
from .._crypto.rsa_keys import is_pkcs8, load_stored_private_key, same_key
from .._errors import DcosError
from .._rules.identifiers import (
    check_secret_path,
    check_store,
    is_uid,
    next_path,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

SCHEME = "RS256"

# The UI of DC/OS writes the scheme under a misspelt name; consumers that want it do not find it.
MISSPELT_SCHEME = "schema"

# Says of a next key that it is about to be deleted, so that no rotation takes it up (see service_account_secret.py).
LEFTOVER = "leftover"


@dataclass(frozen=True)
class Document:
    """A stored service-account document.

    fields: all of it, the private key included; C(uid) has been looked at, the rest is whatever somebody stored.
    """

    fields: Mapping[str, object] = field(repr=False)
    key: RSAPrivateKey | None = field(repr=False)

    @property
    def uid(self) -> str:
        """The account that it is of."""
        return str(self.fields["uid"])

    def shown(self) -> dict[str, object]:
        """What results and diffs may show of it: a field that has not the form it should have may hold a secret."""
        return {
            "uid": self.uid,
            "scheme": _in_form(self.fields.get("scheme"), _is_scheme),
            "login_endpoint": _in_form(self.fields.get("login_endpoint"), _is_url),
        }

    @property
    def is_leftover(self) -> bool:
        """Whether it is about to be deleted."""
        return LEFTOVER in self.fields

    def is_canonical(self) -> bool:
        """Whether all consumers can read it: scheme where it belongs, key as PKCS#8."""
        return (
            self.fields.get("scheme") == SCHEME
            and not self.fields.keys() & {MISSPELT_SCHEME, LEFTOVER}
            and is_pkcs8(str(self.fields.get("private_key")))
        )


def parse_document(stored: StoredValue, uid: str | None) -> Document | None:
    """The stored value as a service-account document of C(uid), or of any account; None when it is something else.

    What names no account that the IAM could have is something else, too.
    """
    try:
        fields = json.loads(stored.content)
    except (ValueError, RecursionError):  # anybody may have stored anything, brackets without end too
        return None
    if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in ("uid", "private_key")):
        return None
    if not is_uid(fields["uid"]) or (uid is not None and fields["uid"] != uid):
        return None
    return Document(fields, load_stored_private_key(fields["private_key"]))


def _in_form(value: object, has_form: Callable[[str], bool]) -> str | None:
    return value if isinstance(value, str) and has_form(value) else None


def _is_scheme(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9-]{1,16}", text) is not None


def _is_url(text: str) -> bool:
    """Whether it is a URL without what could be a password in it."""
    try:
        check_url(text, "login_endpoint")
    except DcosError:
        return False
    return True


def stored_half(cluster: Cluster, uid: str, store: str, path: str | None) -> Callable[[RSAPublicKey], bool] | None:
    """What tells whether the private half of a key is at C(path), or beside it where a rotation keeps the next one."""
    if path is None:
        return None
    path = check_secret_path(path, "secret_path")
    paths = (next_path(path), path)
    check_store(store, "secret_store")

    def is_stored(key: RSAPublicKey) -> bool:
        found = (cluster.secrets.read(store, each) for each in paths)
        documents = (None if stored is None else parse_document(stored, uid) for stored in found)
        return any(
            document is not None
            and document.key is not None
            and not document.is_leftover
            and same_key(document.key.public_key(), key)
            for document in documents
        )

    return is_stored
