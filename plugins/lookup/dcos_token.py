# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dcos_token
short_description: Get an authentication token of a DC/OS cluster
version_added: 0.1.0
description:
  - Returns an authentication token for the connection. That is the token of the connection where it has one, else that
    of a login with its credentials.
  - Each evaluation of a lookup is another login. A token that several tasks need comes from
    M(dcos.security.dcos_token), which can also keep and renew it.
  - The token passes through the memory of C(ansible-playbook), and Ansible does not hide it. Use C(no_log=true) on
    each task that gets it, and do not keep it in facts that are cached.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.connection.lookup
seealso:
  - module: dcos.security.dcos_token
  - ref: ansible_collections.dcos.security.docsite.secrets
    description: The guide to plain secrets and lookups.
"""

EXAMPLES = r"""
- name: Ask an API of the cluster that no module is for
  ansible.builtin.uri:
    url: https://dcos.example.com/dcos-metadata/dcos-version.json
    ca_path: dcos-ca.crt
    headers:
      Authorization: "token={{ lookup('dcos.security.dcos_token') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: One token.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence

from ..module_utils._api.cluster import Cluster
from ..module_utils._errors import DcosError
from ..plugin_utils._cluster_lookup import ClusterLookup


class LookupModule(ClusterLookup):
    """The class that ansible-core looks for."""

    def look_up(self, cluster: Cluster, terms: Sequence[object], options: Mapping[str, object]) -> list[object]:
        """The token."""
        if terms:
            raise DcosError(
                "_terms: this lookup takes no terms. It logs in as the account of the connection (dcos_username)."
            )
        token = cluster.login.token()
        if token is None:
            raise DcosError(f"{cluster.connection.url} lets everybody in without a token, so there is none to return.")
        return [token]
