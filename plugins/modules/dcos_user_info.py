#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_user_info
short_description: Read users of a DC/OS cluster
version_added: 0.1.0
description:
  - Reads one user, or all of them, with their groups. A user is an account of a person, not of a service.
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
      - User to read. By default all users are read. A user that does not exist, or is a service account, gives an empty
        list.
    type: str
seealso:
  - module: dcos.security.dcos_user
  - module: dcos.security.dcos_access_info
  - ref: ansible_collections.dcos.security.docsite.people
    description: The guide to people and groups.
"""

EXAMPLES = r"""
- name: Read all users
  dcos.security.dcos_user_info:
  register: everybody

- name: Read one
  dcos.security.dcos_user_info:
    uid: admin
  register: found
"""

RETURN = r"""
users:
  description: The users, sorted by uid.
  returned: success
  type: list
  elements: dict
  contains:
    uid:
      description: Id of the user.
      type: str
      returned: success
      sample: alice
    description:
      description: Description of the user.
      type: str
      returned: success
      sample: Alice, shop team
    provider_type:
      description: V(internal) for a user with a password, else how the user logs in, such as V(ldap).
      type: str
      returned: success
      sample: internal
    provider_id:
      description: Id of the OpenID Connect or SAML provider, empty for others.
      type: str
      returned: success
      sample: ''
    is_remote:
      description: Whether the user logs in elsewhere, and so has no password here.
      type: bool
      returned: success
      sample: false
    url:
      description: Path of the user in the IAM's API.
      type: str
      returned: success
      sample: /acs/api/v1/users/alice
    groups:
      description: Ids of the groups that the user is a member of.
      type: list
      elements: str
      returned: success
      sample: [shop]
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
from ..module_utils._resources.user import read_users
from ..module_utils._rules.identifiers import check_uid

ARGUMENT_SPEC: ArgumentSpec = {"uid": {"type": "str"}}


class Params(TypedDict):
    uid: str | None


def build(context: Context[Params]) -> Reading:
    """The users that the options name."""
    uid, iam = context.params["uid"], context.cluster.iam
    if uid is not None:
        check_uid(uid, "uid")
    return Reading(lambda: {"users": read_users(iam, uid)})


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
