#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_group_info
short_description: Read groups of a DC/OS cluster
version_added: 0.1.0
description:
  - Reads one group, or all of them, with their members. It needs DC/OS Enterprise.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  gid:
    description:
      - Group to read. By default all groups are read. A group that does not exist gives an empty list.
    type: str
seealso:
  - module: dcos.security.dcos_group
  - module: dcos.security.dcos_access_info
  - ref: ansible_collections.dcos.security.docsite.people
    description: The guide to people and groups.
"""

EXAMPLES = r"""
- name: Read all groups
  dcos.security.dcos_group_info:
  register: teams

- name: Read one
  dcos.security.dcos_group_info:
    gid: superusers
  register: found
"""

RETURN = r"""
groups:
  description: The groups, sorted by gid.
  returned: success
  type: list
  elements: dict
  contains:
    gid:
      description: Id of the group.
      type: str
      returned: success
      sample: shop
    description:
      description: Description of the group.
      type: str
      returned: success
      sample: The shop's team
    url:
      description: Path of the group in the IAM's API.
      type: str
      returned: success
      sample: /acs/api/v1/groups/shop
    members:
      description: Uids of all members, users and service accounts.
      type: list
      elements: str
      returned: success
      sample: [alice, shop-deployer]
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
from ..module_utils._resources.group import read_groups
from ..module_utils._rules.identifiers import check_gid

ARGUMENT_SPEC: ArgumentSpec = {"gid": {"type": "str"}}


class Params(TypedDict):
    gid: str | None


def build(context: Context[Params]) -> Reading:
    """The groups that the options name."""
    gid, iam = context.params["gid"], context.cluster.iam
    if gid is not None:
        check_gid(gid, "gid")
    return Reading(lambda: {"groups": read_groups(iam, gid)})


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
