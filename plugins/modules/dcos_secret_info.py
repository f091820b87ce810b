#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_secret_info
short_description: List the secrets of a DC/OS cluster
version_added: 0.1.0
description:
  - Lists the paths of the secrets in a folder, or of all secrets. Values are not read. It needs DC/OS Enterprise.
  - The account of the connection needs the action C(read) on C(dcos:secrets:list:default:/) followed by O(path).
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
      - Folder whose secrets are listed. By default all secrets of the store are listed. A leading slash is dropped.
      - A secret at exactly this path is not in the folder, so it is not listed. A folder without secrets, or one that
        does not exist, gives an empty list.
    type: str
  recurse:
    description:
      - Whether the secrets of the folders below O(path) are listed too.
    type: bool
    default: false
  store:
    description:
      - Name of the secret store.
    type: str
    default: default
seealso:
  - module: dcos.security.dcos_secret
  - module: dcos.security.dcos_sa_secret_info
  - plugin: dcos.security.dcos_secret
    plugin_type: lookup
  - ref: ansible_collections.dcos.security.docsite.secrets
    description: The guide to plain secrets and lookups.
"""

EXAMPLES = r"""
- name: List the secrets of one service
  dcos.security.dcos_secret_info:
    path: prod/shop
  register: of_shop

- name: Check that its password is among them
  ansible.builtin.assert:
    that: "'prod/shop/db-password' in of_shop.secrets"

- name: List all secrets of a group of services
  dcos.security.dcos_secret_info:
    path: prod
    recurse: true
  register: of_group
"""

RETURN = r"""
secrets:
  description: The paths of the secrets, without leading slashes, sorted.
  returned: success
  type: list
  elements: str
  sample: [prod/shop/db-password, prod/shop/keytab]
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
from ..module_utils._resources.secret import paths_in
from ..module_utils._rules.identifiers import check_secret_path, check_store

ARGUMENT_SPEC: ArgumentSpec = {
    "path": {"type": "str"},
    "recurse": {"type": "bool", "default": False},
    "store": {"type": "str", "default": "default"},
}


class Params(TypedDict):
    path: str | None
    recurse: bool
    store: str


def build(context: Context[Params]) -> Reading:
    """The secrets that the options name."""
    params = context.params
    folder = None if params["path"] is None else check_secret_path(params["path"], "path")
    store = check_store(params["store"], "store")
    return Reading(
        lambda: {"secrets": paths_in(context.cluster, store=store, folder=folder, recurse=params["recurse"])}
    )


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
