#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_group
short_description: Manage groups of a DC/OS cluster
version_added: 0.1.0
description:
  - Creates, describes and deletes groups in the IAM (Bouncer), and manages their members, users and service accounts
    in one list. It needs DC/OS Enterprise.
  - M(dcos.security.dcos_acl_grant) with its option C(gid) grants a group what its members may do.
  - Two requests read all members; each one that joins or leaves takes one more. All joins come first, then the others
    leave.
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
    details:
      - Members that do not exist are an error; in check mode they are a warning, since an earlier task may be about to
        create them.
  diff_mode:
    support: full
    details:
      - For a group that is deleted, the diff shows the members and permissions that go with it.
  idempotent:
    support: full
options:
  gid:
    description:
      - Id of the group, 1 to 96 letters, digits and V(_), V(@), V(.), V(-).
    type: str
    required: true
  description:
    description:
      - Description of the group. Not managed when left out; a new group then gets its gid as description. Empty text
        sets an empty description.
    type: str
  members:
    description:
      - Uids of users and service accounts that are to be members. Not managed when left out. One that does not exist is
        an error with the code V(ERR_UNKNOWN_USER_ID), before anything is written.
      - Accounts of DC/OS itself neither join nor leave.
      - A membership is not ended if it gives the account of this connection what the run needs (code V(own_account)),
        or if it is the last one that makes somebody a superuser (V(ERR_NO_MORE_SUPERUSERS)).
    type: list
    elements: str
  members_exclusive:
    description:
      - Whether memberships that O(members) does not list are ended. An error without O(members).
    type: bool
    default: false
  allow_superusers:
    description:
      - Whether O(gid) may be C(superusers), whose members may do everything on the cluster. Its last member is never
        removed, and the group itself never deleted.
    type: bool
    default: false
  state:
    description:
      - V(absent) deletes the group with its memberships and its permissions. Accounts stay.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_acl_grant
  - module: dcos.security.dcos_group_info
  - module: dcos.security.dcos_user
  - ref: ansible_collections.dcos.security.docsite.people
    description: The guide to people and groups.
"""

EXAMPLES = r"""
- name: Make a group of people and services
  dcos.security.dcos_group:
    gid: shop
    description: The shop's team
    members: [kafka-principal, reader]

- name: Leave exactly one member in it
  dcos.security.dcos_group:
    gid: shop
    members: [reader]
    members_exclusive: true

- name: Make somebody a superuser
  dcos.security.dcos_group:
    gid: superusers
    members: [reader]
    allow_superusers: true

- name: Delete the group with what it grants
  dcos.security.dcos_group:
    gid: shop
    state: absent
"""

RETURN = r"""
group:
  description: The group after this task (predicted in check mode); V(null) for O(state=absent).
  returned: success
  type: dict
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
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: null, code: own_account, title: null}
"""

from typing import TypedDict

from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.group import AccountGroup

ARGUMENT_SPEC: ArgumentSpec = {
    "gid": {"type": "str", "required": True},
    "description": {"type": "str"},
    "members": {"type": "list", "elements": "str"},
    "members_exclusive": {"type": "bool", "default": False},
    "allow_superusers": {"type": "bool", "default": False},
    "allow_dcos_prefix": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    gid: str
    description: str | None
    members: list[str] | None
    members_exclusive: bool
    allow_superusers: bool
    allow_dcos_prefix: bool
    state: str


def build(context: Context[Params]) -> AccountGroup:
    """The group that the options describe."""
    params = context.params
    return AccountGroup(
        iam=context.cluster.iam,
        own_uid=context.cluster.own_uid,
        gid=params["gid"],
        present=params["state"] == "present",
        description=params["description"],
        members=params["members"],
        members_exclusive=params["members_exclusive"],
        allow_superusers=params["allow_superusers"],
        allow_dcos_prefix=params["allow_dcos_prefix"],
    )


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
