# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster holds when it is new."""

from __future__ import annotations

import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from .authorization import SUPERUSER, SUPERUSERS_GROUP
from .passwords import hash_password
from .private_keys import new_key
from .store import Acl, Grant, Group, Store, User

NATIVE_ACCOUNTS = (
    "dcos_adminrouter",
    "dcos_anonymous",
    "dcos_diagnostics_master",
    "dcos_history_service",
    "dcos_marathon",
    "dcos_metronome",
    "dcos_net_agent",
    "dcos_net_master",
    "dcos_telegraf_agent",
    "dcos_telegraf_master",
)


def seed_open(store: Store) -> None:
    """An open cluster is born without anybody: the first one who logs in becomes its first user."""
    if store.get_meta("cluster_id") is None:
        store.set_meta("cluster_id", str(uuid.uuid4()))


def seed(store: Store, superuser: str, password: str, *, native_accounts: bool) -> None:
    """Fill an empty store; one that was filled before keeps what it has, the superuser's password included."""
    if store.get_meta("seeded") is None:
        with store.transaction():
            store.set_meta("cluster_id", str(uuid.uuid4()))
            store.set_meta("unseal_key", secrets.token_urlsafe(32))
            store.add_group(Group(SUPERUSERS_GROUP, "Superuser group"))
            store.add_acl(Acl(SUPERUSER, "Superuser ACL"))
            store.add_grant(Grant("group", SUPERUSERS_GROUP, SUPERUSER, "full"))
            description = "Bootstrap superuser"
            store.add_user(User(superuser, False, description, password_hash=hash_password(password)))
            store.add_member(SUPERUSERS_GROUP, superuser)
            store.set_meta("superuser", superuser)
            store.set_meta("seeded", "1")
    if native_accounts and store.get_meta("native_accounts") is None:
        # Their private keys are private to the cluster, so nobody keeps them.
        with ThreadPoolExecutor() as pool:
            keys = list(pool.map(lambda _uid: new_key(), NATIVE_ACCOUNTS))
        with store.transaction():
            for uid, key in zip(NATIVE_ACCOUNTS, keys, strict=True):
                store.add_user(User(uid, True, f"Native service account {uid}", public_key=_public_pem(key)))
            store.set_meta("native_accounts", "1")


def _public_pem(key: RSAPrivateKey) -> str:
    encoding, spki = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, spki).decode("ascii")
