#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_service_account_info
short_description: Read service accounts of a DC/OS cluster
version_added: 0.1.0
description:
  - Reads one service account, or all of them.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  uid:
    description:
      - Account to read; by default all. For an account that does not exist, or belongs to a person, the list is empty.
    type: str
seealso:
  - module: dcos.security.dcos_service_account
  - module: dcos.security.dcos_access_info
  - ref: ansible_collections.dcos.security.docsite.keys
    description: The guide to keys and their rotation.
"""

EXAMPLES = r"""
- name: Read all service accounts
  dcos.security.dcos_service_account_info:
  register: accounts

- name: Read one
  dcos.security.dcos_service_account_info:
    uid: cassandra-principal
  register: account
"""

RETURN = r"""
service_accounts:
  description: The accounts, in the order of their uids.
  returned: success
  type: list
  elements: dict
  contains:
    uid:
      description: Id of the account.
      type: str
      returned: success
      sample: cassandra-principal
    description:
      description: Description of the account.
      type: str
      returned: success
      sample: Cassandra
    public_key:
      description: Public key as SubjectPublicKeyInfo PEM, V(null) when the account has no RSA key.
      type: str
      returned: success
      sample: "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n"
    fingerprint:
      description: C(SHA256:) and the unpadded base64 of SHA-256 over the DER SubjectPublicKeyInfo.
      type: str
      returned: success
      sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
    provider_type:
      description: V(internal) for accounts of the IAM itself.
      type: str
      returned: success
      sample: internal
    url:
      description: Path of the account in the IAM's API.
      type: str
      returned: success
      sample: /acs/api/v1/users/cassandra-principal
    native:
      description: Whether it is known to belong to DC/OS itself.
      type: bool
      returned: success
      sample: false
    replacing:
      description:
        - Whether it is the journal of an unfinished key replacement, see M(dcos.security.dcos_service_account).
      type: bool
      returned: success
      sample: false
cluster:
  description: The connection that was used, see M(dcos.security.dcos_cluster_info).
  returned: success, and on failure once it is known
  type: dict
  sample: {url: 'https://dcos.example.com', credentials_from: task}
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: 403, code: null, title: Forbidden}
"""

from typing import TypedDict

from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.frame import Reading
from ..module_utils._resources.service_account import account_view
from ..module_utils._rules.identifiers import NATIVE_ACCOUNTS, check_uid, uid_of_journal

ARGUMENT_SPEC: ArgumentSpec = {"uid": {"type": "str"}}


class Params(TypedDict):
    uid: str | None


def build(context: Context[Params]) -> Reading:
    """The accounts that the options name."""
    uid = context.params["uid"]
    iam = context.cluster.iam
    if uid is not None:
        check_uid(uid, "uid")

    def read() -> dict[str, object]:
        users = iam.service_accounts() if uid is None else [user for user in [iam.user(uid)] if user is not None]
        return {
            "service_accounts": [
                {
                    **account_view(user),
                    "native": user.uid in NATIVE_ACCOUNTS,
                    "replacing": uid_of_journal(user.uid) is not None,
                }
                for user in sorted(users, key=lambda user: user.uid)
                if user.is_service
            ]
        }

    return Reading(read)


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
