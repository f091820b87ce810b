#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_acl_grant_info
short_description: Read permissions on a DC/OS cluster
version_added: 0.1.0
description:
  - Reads what an account or a group may do, or who may do something on a resource. It needs DC/OS Enterprise.
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
      - Account whose grants are read.
    type: str
  gid:
    description:
      - Group whose grants are read.
    type: str
  rid:
    description:
      - Resource id whose grants are read.
    type: str
seealso:
  - module: dcos.security.dcos_acl_grant
  - module: dcos.security.dcos_access_info
  - ref: ansible_collections.dcos.security.docsite.provisioning
    description: The guide to provisioning services.
"""

EXAMPLES = r"""
- name: Read what an account may do
  dcos.security.dcos_acl_grant_info:
    uid: cassandra-principal
  register: cassandra

- name: Read who is a superuser
  dcos.security.dcos_acl_grant_info:
    rid: dcos:superuser
  register: superusers
"""

RETURN = r"""
grants:
  description: What the account or group may do; V(null) if it does not exist.
  returned: success, with O(uid) or O(gid)
  type: dict
  contains:
    direct:
      description: What is granted to it directly.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:framework:role:cassandra-role', actions: [create]}]
    through_groups:
      description: What it may do through its groups.
      type: list
      elements: dict
      returned: success
      sample: [{gid: superusers, rid: 'dcos:superuser', actions: [full]}]
resource:
  description: Direct grants on the resource; V(null) if it has no ACL.
  returned: success, with O(rid)
  type: dict
  contains:
    rid:
      description: Resource id.
      type: str
      returned: success
      sample: dcos:superuser
    users:
      description: Accounts with their actions.
      type: list
      elements: dict
      returned: success
      sample: [{uid: cassandra-principal, actions: [full]}]
    groups:
      description: Groups with their actions.
      type: list
      elements: dict
      returned: success
      sample: [{gid: superusers, actions: [full]}]
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
from ..module_utils._resources.acl_grants import account_or_group, read_subject, who_may
from ..module_utils._resources.frame import Reading
from ..module_utils._rules.permissions import check_rid

ARGUMENT_SPEC: ArgumentSpec = {"uid": {"type": "str"}, "gid": {"type": "str"}, "rid": {"type": "str"}}


class Params(TypedDict):
    uid: str | None
    gid: str | None
    rid: str | None


def build(context: Context[Params]) -> Reading:
    """The grants that the options name."""
    params, iam = context.params, context.cluster.iam
    if params["rid"] is not None:
        rid = check_rid(params["rid"], "rid")
        return Reading(lambda: {"resource": who_may(iam, rid)})
    subject = account_or_group(params["uid"], params["gid"])
    return Reading(lambda: {"grants": read_subject(iam, subject)})


def main() -> None:
    subjects = ("uid", "gid", "rid")
    run_cluster_module(ARGUMENT_SPEC, build, mutually_exclusive=[subjects], required_one_of=[subjects])


if __name__ == "__main__":
    main()
