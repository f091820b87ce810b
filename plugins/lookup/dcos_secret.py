# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dcos_secret
short_description: Read secrets of a DC/OS cluster
version_added: 0.1.0
description:
  - Returns the values of secrets from the secret store. It needs DC/OS Enterprise.
  - One login serves all secrets of one lookup. Each evaluation of a lookup is another one. Log in once with
    M(dcos.security.dcos_token) and set the variable C(ansible_dcos_token), or give O(dcos_token).
  - Values pass through the memory of C(ansible-playbook), and Ansible does not hide them. Use C(no_log=true) on each
    task that gets one, and do not keep one in facts that are cached.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.connection.lookup
options:
  _terms:
    description:
      - Paths of the secrets. A leading slash is dropped.
    type: list
    elements: str
    required: true
  store:
    description:
      - Name of the secret store; DC/OS has one.
    type: str
    default: default
  default:
    description:
      - What is returned in place of a secret that does not exist. Without it, such a secret is an error. Other errors
        stay errors.
    type: raw
seealso:
  - module: dcos.security.dcos_secret
  - module: dcos.security.dcos_secret_info
  - ref: ansible_collections.dcos.security.docsite.secrets
    description: The guide to plain secrets and lookups.
"""

EXAMPLES = r"""
- name: Write a configuration with a password from the secret store
  ansible.builtin.copy:
    content: "password = {{ lookup('dcos.security.dcos_secret', 'prod/shop/db-password') }}\n"
    dest: shop.conf
    mode: "0600"
  no_log: true

- name: Write a file from the secret store
  ansible.builtin.copy:
    content: "{{ lookup('dcos.security.dcos_secret', 'prod/shop/truststore') | b64decode }}"
    dest: truststore.pem
    mode: "0600"
  no_log: true

- name: Read two secrets with one login, one of which need not exist
  ansible.builtin.copy:
    content: "{{ query('dcos.security.dcos_secret', *paths, default='') | to_json }}"
    dest: shop.json
    mode: "0600"
  no_log: true
  vars:
    paths: [prod/shop/db-password, prod/shop/pepper]
"""

RETURN = r"""
_raw:
  description:
    - The value of each secret, in the order of the terms. That of a secret that is stored as a file is in base64.
  type: list
  elements: str
"""

import base64
from collections.abc import Mapping, Sequence

from ..module_utils._api.cluster import Cluster
from ..module_utils._api.secret_store import StoredValue
from ..module_utils._errors import DcosError
from ..module_utils._module.private_keys import refuse_private_key
from ..module_utils._rules.identifiers import check_secret_path, check_store
from ..plugin_utils._cluster_lookup import ClusterLookup


class LookupModule(ClusterLookup):
    """The class that ansible-core looks for."""

    own_options = frozenset(("store", "default"))

    def look_up(self, cluster: Cluster, terms: Sequence[object], options: Mapping[str, object]) -> list[object]:
        """The values at the paths."""
        store = str(options.get("store", "default"))
        refuse_private_key("store", store)
        check_store(store, "store")
        # All of them are checked before the first request.
        paths = [check_secret_path(str(term), "_terms") for term in terms]
        return [_value(cluster, store, path, options) for path in paths]


def _value(cluster: Cluster, store: str, path: str, options: Mapping[str, object]) -> object:
    stored = cluster.secrets.read(store, path)
    if stored is not None:
        return _shown(stored)
    cluster.secrets.require_store(store)
    if "default" in options:
        return options["default"]
    raise DcosError(
        f"_terms: there is no secret {path} in store {store}. Check the path, or give default for a secret that "
        "need not exist."
    )


def _shown(stored: StoredValue) -> str | None:
    return stored.text() if stored.is_text else base64.b64encode(stored.content).decode("ascii")
