# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret of a service account: the JSON document from which a service reads who it is and how to log in.

Two places are used: C(path), from which the service reads (live), and C(<path>-next), which holds the key that a
rotation is going to. At every moment at least one of them holds the private half of the key that the account has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping

from .._api.cluster import Cluster
from .._api.secret_store import StoredValue
from .._crypto.rsa_keys import (
    MINIMUM_SIZE,
    check_size,
    fingerprint,
    generate,
    private_pem,
    public_pem,
    read_public_key,
    same_key,
)
from .._errors import DcosError, Remedy
from .._rules.identifiers import (
    check_account_uid,
    check_secret_path,
    check_store,
    next_path,
)
from .document_endpoint import Endpoint
from .frame import LostRaceError, Plan, Resource, Step
from .pem_copy import PemCopy, StoredPem
from .secret_place import SecretPlace
from .service_account import read_journal, read_service_account
from .service_account_document import (
    LEFTOVER,
    MISSPELT_SCHEME,
    SCHEME,
    Document,
    parse_document,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_DIFF_FIELDS = ("store", "path", "uid", "scheme", "login_endpoint", "fingerprint")

# What to do, in the terms of the module and in those of the role.
_OVERWRITE = Remedy(
    "Choose another path, or set overwrite to true if its content may be lost.",
    "Choose another {prefix}secret_path, or delete the secret first if its content may be lost.",
)
_ROTATE = "rotate=prepare, then dcos_service_account with replace_key, then rotate=finish."
_LOST = Remedy(
    f"The cluster does not give out the account's private key. To give the account a new one: {_ROTATE}",
    "The cluster does not give out the account's private key. To give the account a new one, set "
    "{prefix}rotate_key to true.",
)
_OTHER_KEY = Remedy(
    f"Give the key that belongs to the account. If the account is to get this key instead: {_ROTATE}",
    "Put the account's key files into {prefix}key_dir, or give the account a new key: set {prefix}rotate_key to true.",
)
_NO_ROTATION = Remedy("Leave rotate out to make a first key.", "Run again.")
_REPLACE_FIRST = Remedy(
    "Before rotate=finish, replace the account's key: dcos_service_account with replace_key and the public key that "
    "rotate=prepare returned.",
    "Run again when no other run is busy.",
)

_ANY_ENDPOINT = Endpoint()
_ABSENT = {"secret": None, "key_changed": False, "key_made": False, "unsettled": False}


@dataclass(frozen=True)
class Slot:
    """What is at one path: nothing, a document of our account, or something else.

    stored: the value, by which a later look tells whether somebody changed it.
    """

    path: str
    document: Document | None = None
    foreign: bool = False
    stored: StoredValue | None = None

    @property
    def empty(self) -> bool:
        return self.stored is None

    @property
    def usable(self) -> bool:
        """Whether it may be written to: it is empty, or a document of our account with a key that we can read."""
        return self.empty or self.key is not None

    @property
    def key(self) -> RSAPrivateKey | None:
        return None if self.document is None else self.document.key


@dataclass(frozen=True)
class SecretState:
    """Both slots, and the account's key with the one that an unfinished replacement is going to.

    made: the key that was generated in case that the plan needs one.
    pem: None where no copy is wanted.
    """

    live: Slot
    next: Slot
    account_exists: bool = False
    account_key: RSAPublicKey | None = None
    journal_key: RSAPublicKey | None = None
    made: RSAPrivateKey | None = field(repr=False, default=None)
    login_endpoint: str = ""
    pem: StoredPem | None = None

    @property
    def public_keys(self) -> list[RSAPublicKey | None]:
        """All keys that are known to be the account's, or to be stored for it."""
        stored = (slot.key for slot in (self.live, self.next))
        return [self.account_key, *(None if key is None else key.public_key() for key in stored)]

    def account_has(self, key: RSAPrivateKey | None) -> bool:
        return key is not None and same_key(self.account_key, key.public_key())


@dataclass(frozen=True)
class Decision:
    """What the slots are to hold.

    key: the one that the account shall have.
    pending: a rotation is under way: the key is for next, and live is kept. Otherwise it is for live.
    keep_next: what is left at next is not removed.
    """

    key: RSAPrivateKey = field(repr=False)
    pending: bool = False
    keep_next: bool = False


class ServiceAccountSecret(Resource[SecretState]):
    """The secret of account C(uid) at C(path).

    key: the private key to store; None to generate one where there is none yet.
    rotate: C(none), C(prepare) or C(finish).
    pem_path: where a copy of the key at C(path) is kept, the key alone; None for no copy.
    size: bits of a key that is made.
    make_key: makes a key where one is needed, in place of C(generate).
    """

    def __init__(
        self,
        cluster: Cluster,
        uid: str,
        path: str,
        store: str = "default",
        *,
        present: bool = True,
        key: RSAPrivateKey | None = None,
        endpoint: Endpoint = _ANY_ENDPOINT,
        rotate: str = "none",
        overwrite: bool = False,
        allow_dcos_prefix: bool = False,
        make_key: Callable[[int], RSAPrivateKey] | None = None,
        pem_path: str | None = None,
        size: int = MINIMUM_SIZE,
    ) -> None:
        self._cluster = cluster
        self._uid = check_account_uid(uid, allow_dcos_prefix)
        self._path = check_secret_path(path, "path")
        self._store = check_store(store, "store")
        self._present = present
        self._given = key
        self._endpoint = endpoint
        self._rotate = rotate
        self._overwrite = overwrite
        self._make_key = make_key or generate
        self._size = check_size(size, "size")
        self._pem = (
            None
            if pem_path is None
            else PemCopy(
                cluster.secrets,
                self._store,
                pem_path,
                uid=self._uid,
                document_path=self._path,
                overwrite=overwrite,
            )
        )

    # Reading

    def read(self) -> SecretState:
        live, next_ = self._slot(self._path), self._slot(next_path(self._path))
        pem = None if self._pem is None else self._pem.read()
        if not self._present:
            return self._read_for_absent(SecretState(live, next_, pem=pem))
        endpoint = self._endpoint.derive(self._cluster)
        user = read_service_account(self._cluster.iam, self._uid)
        # Only needed to tell what a key at next is there for.
        journal = read_journal(self._cluster.iam, self._uid) if next_.document is not None else None
        state = SecretState(
            live,
            next_,
            account_exists=user is not None,
            account_key=None if user is None else read_public_key(user.public_key),
            journal_key=None if journal is None else journal.key,
            login_endpoint=endpoint,
            pem=pem,
        )
        # The only key that a plan can need: for live or for next, never for both.
        if state.account_exists:
            needs_key = self._rotate == "prepare" and next_.key is None
        else:
            needs_key = live.key is None and next_.key is None and self._rotate != "finish"
        return replace(state, made=self._make_key(self._size)) if needs_key and self._given is None else state

    def _read_for_absent(self, state: SecretState) -> SecretState:
        """Where there is a copy of the key, it may be known by the account's, while there is an account."""
        if state.pem is not None and state.pem.stored is not None:
            user = self._cluster.iam.user(self._uid)
            return replace(state, account_key=None if user is None else read_public_key(user.public_key))
        if state.live.empty and state.next.empty:
            self._cluster.secrets.require_store(self._store)
        return state

    def _slot(self, path: str) -> Slot:
        stored = self._cluster.secrets.read(self._store, path)
        if stored is None:
            return Slot(path)
        document = parse_document(stored, self._uid)
        return Slot(path, document, document is None, stored)

    # Planning

    def plan(self, state: SecretState) -> Plan:
        if not self._present:
            return self._plan_absent(state)
        if not state.live.usable and not self._overwrite:
            raise self._foreign(state.live)
        decision = self._decide_given(state, self._given) if self._given is not None else self._decide(state)
        slot = state.next if decision.pending else state.live
        if not slot.usable and not self._overwrite:
            raise self._foreign(slot)
        steps = self._steps_to_hold(slot, decision.key, state)
        # A rotation leaves the copy of the live key alone; where there is none, it makes one of the next key.
        original, copied = slot, decision.key
        if decision.pending and state.live.key is not None:
            original, copied = state.live, state.live.key
        if self._pem is not None and state.pem is not None:
            steps = self._pem.write_around(steps, state.pem, copied, state.public_keys, document_is_new=original.empty)
        # What cannot be read may be the only copy of something; like a foreign value it goes with overwrite only.
        leftover = state.next.key is not None or (state.next.document is not None and self._overwrite)
        if not decision.pending and not decision.keep_next and leftover:
            if steps:
                # The last copy of a key goes only when the other one is seen to be there.
                steps.append(Step(f"read {self._path} back", partial(self._read_back, decision.key)))
            steps.append(self._settle_step(state.next, decision))
        result = self._shown(slot, decision.key, state)
        made = decision.key is state.made
        before = self._view(state)
        after: dict[str, object] = {name: result[name] for name in _DIFF_FIELDS}
        if decision.pending:
            after = {**(before or {}), "next": result["fingerprint"]}
        elif state.next.document is not None and (decision.keep_next or not leftover):
            after["next"] = _fingerprint_of(state.next)
        if state.pem is not None:
            after["pem"] = fingerprint(copied.public_key())
        return Plan(
            {
                "secret": {**result, "pending": decision.pending},
                "key_changed": state.live.key is None or not _same(state.live.key, decision.key),
                "key_made": made,
                "unsettled": decision.pending or (decision.keep_next and state.next.document is not None),
            },
            tuple(steps),
            before,
            after,
            new_key=str(result["fingerprint"]) if made else None,
        )

    def _plan_absent(self, state: SecretState) -> Plan:
        if state.live.foreign and not self._overwrite:
            raise self._foreign(state.live)
        slots = [] if state.live.empty else [state.live]
        if state.next.document is not None:
            slots.append(state.next)
        steps = [self._place(slot).delete_step(slot.stored) for slot in slots]
        warnings: list[str] = []
        if self._pem is not None and state.pem is not None:
            steps, warnings = self._pem.delete_before(steps, state.pem, state.public_keys)
        return Plan(_ABSENT, tuple(steps), self._view(state), None, warnings=tuple(warnings))

    def _decide_given(self, state: SecretState, key: RSAPrivateKey) -> Decision:
        """The user gives the key: it goes where the account has it, or to next when the account is to get it."""
        if not state.account_exists:
            return Decision(key, keep_next=True)
        if state.account_has(key):
            return Decision(key, keep_next=self._is_replacing(state) and not state.account_has(state.next.key))
        if self._rotate == "prepare":
            return Decision(key, pending=True)
        raise self._mismatch(
            state,
            f"the private key given ({fingerprint(key.public_key())}) is not that of the account",
            _OTHER_KEY,
        )

    def _decide(self, state: SecretState) -> Decision:
        """The key is made here; which of the stored ones counts depends on the one that the account has."""
        live, next_ = state.live.key, state.next.key
        spare = next_ or state.made
        replacing = self._is_replacing(state)
        if self._rotate == "prepare" and state.account_exists and spare is not None:
            return Decision(spare, pending=True)
        if next_ is not None and state.account_has(next_):
            return Decision(next_)
        if not state.account_exists:
            if live is not None and next_ is not None and replacing:
                return Decision(next_, pending=True)
            if live is not None:
                return Decision(live, keep_next=True)
            if spare is None:
                raise self._mismatch(state, "there is no rotation to finish", _NO_ROTATION)
            return Decision(spare)
        if live is None or not state.account_has(live):
            raise self._mismatch(
                state,
                "no key of the account is stored" if live is None else "the stored key is not that of the account",
                _LOST,
            )
        if self._rotate == "finish" and next_ is not None:
            raise self._mismatch(
                state,
                f"the next key ({_fingerprint_of(state.next)}) is not in place yet, since the account has not got it",
                _REPLACE_FIRST,
            )
        # While the account is being replaced, its next key is not a leftover.
        return Decision(live, keep_next=replacing)

    @staticmethod
    def _is_replacing(state: SecretState) -> bool:
        next_ = state.next.key
        return next_ is not None and same_key(state.journal_key, next_.public_key())

    def _steps_to_hold(self, slot: Slot, key: RSAPrivateKey, state: SecretState) -> list[Step]:
        """At most one write, so that the slot holds a canonical document with this key."""
        stored = slot.document
        if (
            stored is not None
            and stored.key is not None
            and _same(stored.key, key)
            and stored.is_canonical()
            and self._endpoint.accepts(stored.fields.get("login_endpoint"), state.login_endpoint)
        ):
            return []
        # Fields that others added are kept.
        dropped = (MISSPELT_SCHEME, LEFTOVER)
        fields = {} if stored is None else {k: v for k, v in stored.fields.items() if k not in dropped}
        fields.update(
            login_endpoint=self._shown(slot, key, state)["login_endpoint"],
            private_key=private_pem(key),
            scheme=SCHEME,
            uid=self._uid,
        )
        value = _stored_form(fields)
        return [self._place(slot).put_step(value, slot.stored)]

    # Steps

    def _place(self, slot: Slot) -> SecretPlace:
        return SecretPlace(self._cluster.secrets, self._store, slot.path)

    def _settle_step(self, slot: Slot, decision: Decision) -> Step:
        """Delete what next holds: no usable key, a copy of what is live now, else perhaps the only one."""
        document = slot.document
        if document is None or document.key is None or _same(document.key, decision.key):
            return self._place(slot).delete_step(slot.stored)
        return Step(f"delete secret {slot.path}", partial(self._drop_leftover, slot, document))

    def _drop_leftover(self, slot: Slot, document: Document) -> bool:
        """Delete a key that nobody waits for: mark it, look whether somebody does, and only then delete it.

        Whoever replaces an account first writes its journal, then looks for the next key (see service_account.py), for
        which a marked one does not count. So either that run stops, or its journal is seen here and the mark goes
        again; and at no moment a key that the account has, or is about to get, is stored nowhere.
        """
        secrets, place = self._cluster.secrets, self._place(slot)
        found = place.look_again(slot.stored)
        marked = _stored_form({**document.fields, LEFTOVER: True})
        if not document.is_leftover and not secrets.update(self._store, slot.path, marked, found):
            raise place.rival()
        if self._is_awaited(slot):
            unmarked = {name: value for name, value in document.fields.items() if name != LEFTOVER}
            secrets.update(self._store, slot.path, _stored_form(unmarked), marked)
            raise place.rival()
        return secrets.delete(self._store, slot.path, marked)

    def _is_awaited(self, slot: Slot) -> bool:
        """Whether the account has the key of a slot, or may be about to get it: then it is missing for a moment."""
        if slot.key is None:
            return False
        wanted = slot.key.public_key()
        journal, user = read_journal(self._cluster.iam, self._uid), self._cluster.iam.user(self._uid)
        next_key = None if journal is None else journal.key
        return same_key(next_key, wanted) or user is None or same_key(read_public_key(user.public_key), wanted)

    def _read_back(self, key: RSAPrivateKey) -> bool:
        stored = self._slot(self._path)
        if stored.key is None or not _same(stored.key, key):
            raise LostRaceError(
                f"Secret {self._path} does not hold the account's key after it was written: somebody else changes it "
                f"at the same time. {next_path(self._path)} still holds the key. Run again.",
                "key_mismatch",
            )
        return False

    # Messages and views

    def _foreign(self, slot: Slot) -> DcosError:
        return DcosError(
            f"path: the secret {slot.path} in store {self._store} is not a service-account document of {self._uid} "
            "with a usable RSA key. Nothing was changed.",
            "foreign_secret",
            remedy=_OVERWRITE,
        )

    def _mismatch(self, state: SecretState, what: str, remedy: Remedy) -> DcosError:
        account = "no RSA key" if state.account_key is None else fingerprint(state.account_key)
        return DcosError(
            f"Secret {self._path} of account {self._uid}: {what} (the account has {account}). Nothing was changed.",
            "key_mismatch",
            remedy=remedy,
        )

    def _shown(self, slot: Slot, key: RSAPrivateKey, state: SecretState) -> dict[str, object]:
        stored = None if slot.document is None else slot.document.fields.get("login_endpoint")
        return {
            "store": self._store,
            "path": self._path,
            "uid": self._uid,
            "scheme": SCHEME,
            "login_endpoint": stored if self._endpoint.accepts(stored, state.login_endpoint) else state.login_endpoint,
            "public_key": public_pem(key.public_key()),
            "fingerprint": fingerprint(key.public_key()),
        }

    def _view(self, state: SecretState) -> Mapping[str, object] | None:
        view: dict[str, object] = {}
        if state.live.foreign:
            view = {"store": self._store, "path": self._path, "content": f"no service-account document of {self._uid}"}
        elif state.live.document is not None:
            view = {
                "store": self._store,
                "path": self._path,
                **state.live.document.shown(),
                "fingerprint": _fingerprint_of(state.live),
            }
        if state.next.document is not None:
            view["next"] = _fingerprint_of(state.next)
        if state.pem is not None and state.pem.stored is not None:
            view["pem"] = state.pem.shown()
        return view or None


def describe_secret(cluster: Cluster, store: str, path: str) -> dict[str, object] | None:
    """A stored document without its private key, and whether its account has that key; None if nothing is stored."""
    stored = cluster.secrets.read(store, path)
    if stored is None:
        cluster.secrets.require_store(store)
        return None
    document = parse_document(stored, None)
    names = ("uid", "scheme", "login_endpoint", "public_key", "fingerprint", "matches_account", "pending")
    result: dict[str, object] = {
        "store": store,
        "path": path,
        "is_document": document is not None,
        **dict.fromkeys(names),
    }
    if document is None:
        return result
    result.update(document.shown())
    public = None if document.key is None else document.key.public_key()
    if public is not None:
        result.update(public_key=public_pem(public), fingerprint=fingerprint(public))
    user = cluster.iam.user(document.uid)
    result["matches_account"] = user is not None and same_key(read_public_key(user.public_key), public)
    waiting = cluster.secrets.read(store, next_path(path))
    result["pending"] = waiting is not None and parse_document(waiting, document.uid) is not None
    return result


def _stored_form(fields: Mapping[str, object]) -> StoredValue:
    """A document as text, as consumers read it."""
    return StoredValue.of_text(json.dumps(fields, sort_keys=True))


def _same(one: RSAPrivateKey, other: RSAPrivateKey) -> bool:
    return same_key(one.public_key(), other.public_key())


def _fingerprint_of(slot: Slot) -> str:
    return "no usable key" if slot.key is None else fingerprint(slot.key.public_key())
