#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_sa_secret_info
short_description: Read the secret that a DC/OS service logs in with
version_added: 0.1.0
description:
  - Reads a service-account document from the secret store and returns everything but the private key. It needs DC/OS
    Enterprise.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  path:
    description:
      - Path of the secret. A leading slash is dropped.
    type: str
    required: true
  store:
    description:
      - Name of the secret store.
    type: str
    default: default
seealso:
  - module: dcos.security.dcos_sa_secret
  - ref: ansible_collections.dcos.security.docsite.keys
    description: The guide to keys and their rotation.
"""

EXAMPLES = r"""
- name: Read which key is stored
  dcos.security.dcos_sa_secret_info:
    path: cassandra/cassandra-secret
  register: stored

- name: Refuse a secret that its account cannot log in with
  ansible.builtin.assert:
    that: stored.secret.matches_account
"""

RETURN = r"""
secret:
  description: The document; V(null) if there is no secret at O(path).
  returned: success
  type: dict
  contains:
    store:
      description: Name of the secret store.
      type: str
      returned: success
      sample: default
    path:
      description: Path of the secret.
      type: str
      returned: success
      sample: cassandra/cassandra-secret
    is_document:
      description:
        - Whether it is a service-account document, with a user id that the IAM could have.
        - All that follows is V(null) for anything else.
      type: bool
      returned: success
      sample: true
    uid:
      description: Account that the document is of.
      type: str
      returned: success
      sample: cassandra-principal
    scheme:
      description: Scheme in the document, normally V(RS256); V(null) if it is malformed.
      type: str
      returned: success
      sample: RS256
    login_endpoint:
      description: Login endpoint in the document; V(null) if it is not a plain URL, since it could be a secret.
      type: str
      returned: success
      sample: https://leader.mesos/acs/api/v1/auth/login
    public_key:
      description: Public half of the key, V(null) if the key is not usable.
      type: str
      returned: success
      sample: "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n"
    fingerprint:
      description: C(SHA256:) and the unpadded base64 of SHA-256 over the DER SubjectPublicKeyInfo.
      type: str
      returned: success
      sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
    matches_account:
      description: Whether the account exists and has this key.
      type: bool
      returned: success
      sample: true
    pending:
      description: Whether a rotation is under way, with a document of the same account at C(<path>-next).
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
from ..module_utils._resources.service_account_secret import describe_secret
from ..module_utils._rules.identifiers import check_secret_path, check_store

ARGUMENT_SPEC: ArgumentSpec = {
    "path": {"type": "str", "required": True},
    "store": {"type": "str", "default": "default"},
}


class Params(TypedDict):
    path: str
    store: str


def build(context: Context[Params]) -> Reading:
    """The secret that the options name."""
    path = check_secret_path(context.params["path"], "path")
    store = check_store(context.params["store"], "store")
    return Reading(lambda: {"secret": describe_secret(context.cluster, store, path)})


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
