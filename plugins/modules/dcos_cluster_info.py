#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_cluster_info
short_description: Read security mode and version of a DC/OS cluster
version_added: 0.1.0
description:
  - Reads what a cluster says about itself under C(/dcos-metadata/), and how it answers a request without a token.
  - The security mode can be read by superusers and by accounts with C(dcos:adminrouter:ops:metadata) C(full).
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
seealso:
  - ref: ansible_collections.dcos.security.docsite.authentication
    description: The guide to authentication.
  - ref: ansible_collections.dcos.security.docsite.open_dcos
    description: The guide to open DC/OS.
  - ref: ansible_collections.dcos.security.docsite.security_modes
    description: The guide to security modes.
"""

EXAMPLES = r"""
- name: Read mode and version
  dcos.security.dcos_cluster_info:
    dcos_url: https://dcos.example.com
    dcos_username: admin
    dcos_password: "{{ dcos_admin_password }}"
    dcos_ca_path: dcos-ca.crt
  register: dcos

- name: Refuse clusters that are not in strict mode
  ansible.builtin.assert:
    that: dcos.cluster_info.security_mode == 'strict'
"""

RETURN = r"""
cluster_info:
  description: What the cluster says about itself.
  returned: success
  type: dict
  contains:
    url:
      description: Base URL of the cluster, as it was used.
      type: str
      returned: success
      sample: https://dcos.example.com
    security_mode:
      description:
        - V(disabled), V(permissive) or V(strict); V(null) if it may not be read, and on an open cluster, which has
          none.
      type: str
      returned: success
      sample: strict
    version:
      description: Version of DC/OS, V(null) where it cannot be read.
      type: str
      returned: success
      sample: 2.2.4
    variant:
      description: V(enterprise) or V(open), V(null) where it cannot be read.
      type: str
      returned: success
      sample: enterprise
    authentication:
      description:
        - Whether requests need a token; V(null) where the cluster does not tell. V(false) on an open cluster that was
          installed with C(oauth_enabled) C(false).
      type: bool
      returned: success
      sample: true
cluster:
  description: The connection that was used.
  returned: success, and on failure once it is known
  type: dict
  contains:
    url:
      description: Base URL of the cluster.
      type: str
      returned: always
      sample: https://dcos.example.com
    credentials_from:
      description: Where the credentials come from, V(task), V(environment) or V(dcos_config); V(null) without any.
      type: str
      returned: always
      sample: task
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: 401, code: credentials, title: 401 Unauthorized}
"""

from dataclasses import asdict

from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._resources.frame import Reading


def build(context: Context[object]) -> Reading:
    """What the cluster says about itself."""
    return Reading(lambda: {"cluster_info": asdict(context.cluster.info())})


def main() -> None:
    run_cluster_module({}, build)


if __name__ == "__main__":
    main()
