# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests connect to the cluster of the tests: its address, its superuser, and tokens that it signed."""

from __future__ import annotations

import jwt

from ansible_collections.dcos.security.plugins.module_utils._api.cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._api.connection import Connection, TokenCredentials
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.rsa_keys import private_key

URL = "https://dcos.example.com"
SUPERUSER, PASSWORD = "admin", "admin-password"
TOKEN_END = 4102444800


def token_of(uid: str, exp: int | None = TOKEN_END, signer: str = "iam") -> str:
    """An authentication token as the IAM makes it."""
    return jwt.encode({"uid": uid} if exp is None else {"uid": uid, "exp": exp}, private_key(signer), algorithm="RS256")


def account_of(token: str) -> str:
    """Whose token this is; an error unless the IAM signed it."""
    uid: str = jwt.decode(token, private_key("iam").public_key(), algorithms=["RS256"])["uid"]
    return uid


def connection(uid: str = SUPERUSER, retries: int = 3) -> Connection:
    return Connection(
        url=URL,
        timeout=30,
        retries=retries,
        verify=False,
        credentials=TokenCredentials(token_of(uid)),
        credentials_from="task",
    )


def cluster_for(uid: str = SUPERUSER) -> Cluster:
    """The library's view of the cluster, connected as C(uid)."""
    return Cluster(connection(uid))
