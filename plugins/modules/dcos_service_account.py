#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_service_account
short_description: Manage service accounts of a DC/OS cluster
version_added: 0.1.0
description:
  - Creates, describes, and deletes a service account in the IAM (Bouncer), and replaces its key on request.
  - The IAM cannot change the key of an account. O(replace_key=true) deletes the account and creates it again with its
    description, groups and grants. What must be restored is first written to the cluster as a service account
    C(<uid>.replacing). So any later run of this module, from any machine, finishes an interrupted replacement.
  - If somebody else changes the account meanwhile, the change is kept and a warning names it. A run that finishes an
    interrupted replacement does not restore C(dcos:superuser) if the account has already been created again, because it
    may have been revoked meanwhile; a warning says so.
  - Tokens that the IAM has issued stay valid until they expire, even after the key is replaced. Those of a deleted
    account remain valid too, but the account has no grants any more.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.account_guard
  - dcos.security.attributes
  - dcos.security.attributes.actiongroup_dcos
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Keys are shown by their fingerprints.
  idempotent:
    support: full
options:
  uid:
    description:
      - Id of the service account, 1 to 96 letters, digits and V(_), V(@), V(.), V(-).
      - Accounts of persons and of DC/OS itself are refused, and so are changes that would lock out the account of this
        connection.
    type: str
    required: true
  description:
    description:
      - Description of the account. Not managed if left out; a new account then gets its uid as description, as with the
        DC/OS CLI. Empty text sets an empty description.
    type: str
  update_description:
    description:
      - V(on_create) sets O(description) only if this task creates the account.
    type: str
    choices: [always, on_create]
    default: always
  public_key:
    description:
      - RSA public key (PEM, at least 2048 bits). Needed to create the account; if left out, an existing account keeps
        its key.
      - Keys are compared as keys, not as text, and sent as SubjectPublicKeyInfo.
    type: str
  public_key_path:
    description:
      - File with the public key, instead of O(public_key).
    type: path
  replace_key:
    description:
      - Whether to replace an account that has another key. Otherwise another key is an error, since whoever uses the
        old key could no longer log in.
    type: bool
    default: false
  groups:
    description:
      - Ids of groups that the account is to be a member of. They must exist, and V(superusers) is refused. Memberships
        in other groups are left alone. Not managed when left out.
      - In check mode a group that does not exist is a warning, since an earlier task may be about to create it.
      - Needs DC/OS Enterprise.
    type: list
    elements: str
  secret_path:
    description:
      - The service account's secret, see M(dcos.security.dcos_sa_secret). With it, O(replace_key=true) checks that the
        private half of the new key is stored there, or at C(<path>-next) where a rotation keeps the next key. It checks
        before it writes anything and again right before it replaces the account, since an overlapping run may have
        removed the key. Check mode does not check, since a predicted key is not stored.
      - Without it, nothing is checked.
    type: str
  secret_store:
    description:
      - Secret store of O(secret_path).
    type: str
    default: default
  state:
    description:
      - V(absent) deletes the account with its grants and memberships, and leftovers of an interrupted replacement.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_service_account_info
  - module: dcos.security.dcos_sa_secret
  - ref: ansible_collections.dcos.security.docsite.keys
    description: The guide to keys and their rotation.
"""

EXAMPLES = r"""
- name: Create the account of a service
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    description: Cassandra
    public_key_path: cassandra.pub.pem

- name: Give it another key, with everything that it is granted
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    public_key_path: cassandra-2.pub.pem
    replace_key: true

- name: Give it the next key that is stored for it
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    public_key_path: cassandra-2.pub.pem
    replace_key: true
    secret_path: cassandra/cassandra-secret

- name: Give it what a group of services is granted
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    groups: [databases]

- name: Retire it
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    state: absent
"""

RETURN = r"""
service_account:
  description: The account after this task (predicted in check mode); V(null) for O(state=absent).
  returned: success
  type: dict
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
      description: Public key as SubjectPublicKeyInfo PEM, V(null) when the account has none.
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
created:
  description: Whether the account is a new one; not if it was recreated to give it another key.
  returned: success
  type: bool
  sample: false
provisional:
  description: The result is a prediction; nothing was changed.
  returned: in check mode, where something would change
  type: bool
  sample: true
cluster:
  description: The connection that was used, see M(dcos.security.dcos_cluster_info).
  returned: success, and on failure once it is known
  type: dict
  sample: {url: 'https://dcos.example.com', credentials_from: task}
failure:
  description: What went wrong, for playbooks to branch on.
  returned: failure
  type: dict
  contains:
    status:
      description: HTTP status, V(null) if no answer of the server is the cause.
      type: int
      returned: failure
      sample: 403
    code:
      description: Error code of the IAM (C(ERR_...)) or of this collection, such as V(key_mismatch).
      type: str
      returned: failure
      sample: key_mismatch
    title:
      description: Short title of the server's answer.
      type: str
      returned: failure
      sample: Forbidden
"""

from typing import TYPE_CHECKING, TypedDict

from ..module_utils._crypto.rsa_keys import load_public_key
from ..module_utils._files import read_text
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.service_account import ServiceAccount
from ..module_utils._resources.service_account_document import stored_half
from ..module_utils._resources.service_account_groups import MemberAccount

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "str", "required": True},
    "description": {"type": "str"},
    "update_description": {"type": "str", "choices": ["always", "on_create"], "default": "always"},
    "public_key": {"type": "str"},
    "public_key_path": {"type": "path"},
    "replace_key": {"type": "bool", "default": False, "no_log": False},
    "groups": {"type": "list", "elements": "str"},
    "secret_path": {"type": "str", "no_log": False},
    "secret_store": {"type": "str", "default": "default", "no_log": False},
    "allow_dcos_prefix": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    uid: str
    description: str | None
    update_description: str
    public_key: str | None
    public_key_path: str | None
    replace_key: bool
    groups: list[str] | None
    secret_path: str | None
    secret_store: str
    allow_dcos_prefix: bool
    state: str


def build(context: Context[Params]) -> ServiceAccount | MemberAccount:
    """The account that the options describe."""
    params = context.params
    present = params["state"] == "present"
    key = _given_key(params) if present else None  # a file may be gone by the time that the account goes
    account = ServiceAccount(
        context.cluster.iam,
        context.cluster.own_uid,
        params["uid"],
        present=present,
        description=params["description"],
        key=key,
        replace_key=params["replace_key"],
        allow_dcos_prefix=params["allow_dcos_prefix"],
        is_stored=stored_half(context.cluster, params["uid"], params["secret_store"], params["secret_path"]),
        describe_new_only=params["update_description"] == "on_create",
    )
    if not present or params["groups"] is None:
        return account
    return MemberAccount(account, context.cluster.iam, params["uid"], params["groups"])


def _given_key(params: Params) -> RSAPublicKey | None:
    if params["public_key"] is not None:
        return load_public_key(params["public_key"], "public_key")
    path = params["public_key_path"]
    if path is None:
        return None
    return load_public_key(read_text(path, "public_key_path"), f"public_key_path ({path})")


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build, mutually_exclusive=[("public_key", "public_key_path")])


if __name__ == "__main__":
    main()
