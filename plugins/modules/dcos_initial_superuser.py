#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_initial_superuser
short_description: Replace the password of the superuser that a DC/OS cluster is installed with, or retire it
version_added: 0.1.0
description:
  - A cluster is installed with a superuser, C(bootstrapuser) by default. The configuration of the installation contains
    the password or a hash of it. This module sets another password, or deletes the user.
  - It is the only module that changes C(bootstrapuser). All others refuse that user.
  - Both need the connection of another superuser. So at least one superuser is left, who has just logged in.
  - The user is never created. Once retired it stays retired.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.actiongroup_dcos
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Passwords are never shown, only that another one is set.
  idempotent:
    support: full
options:
  uid:
    description:
      - Id of the user, as the configuration of the installation names it (C(superuser_username)).
      - Service accounts and the accounts of DC/OS itself are refused, and so is the account of this connection (code
        V(own_account)).
    type: str
    default: bootstrapuser
  password:
    description:
      - The password that the user is to have, at least five characters. Not managed when left out.
      - It is compared by a login as this user, in check mode too. The IAM writes a refused login into its audit log.
    type: str
  state:
    description:
      - V(absent) deletes the user with its grants and memberships. If the account of the connection is no superuser,
        that is an error with the code V(ERR_NO_MORE_SUPERUSERS).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_user
  - ref: ansible_collections.dcos.security.docsite.bootstrap
    description: The guide to bringing up a cluster.
"""

EXAMPLES = r"""
- name: Retire the user of the installation
  dcos.security.dcos_initial_superuser:
    uid: bootstrapuser
    state: absent
"""

RETURN = r"""
initial_superuser:
  description: The user after this task (predicted in check mode).
  returned: success
  type: dict
  contains:
    uid:
      description: Id of the user.
      type: str
      returned: success
      sample: bootstrapuser
    exists:
      description: Whether the user exists.
      type: bool
      returned: success
      sample: true
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
  sample: {status: null, code: ERR_NO_MORE_SUPERUSERS, title: null}
"""

from typing import TypedDict

from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.initial_superuser import InitialSuperuser
from ..module_utils._rules.identifiers import BOOTSTRAP_USER

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "str", "default": BOOTSTRAP_USER},
    "password": {"type": "str", "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    uid: str
    password: str | None
    state: str


def build(context: Context[Params]) -> InitialSuperuser:
    """The user that the options describe."""
    params = context.params
    return InitialSuperuser(
        iam=context.cluster.iam,
        own_uid=context.cluster.own_uid,
        uid=params["uid"],
        present=params["state"] == "present",
        password=params["password"],
    )


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
