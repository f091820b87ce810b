#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_acl_grant
short_description: Grant and revoke permissions on a DC/OS cluster
version_added: 0.1.0
description:
  - Grants actions on resources to a service account, a user or a group, and revokes them. One task handles many grants
    and reads the cluster once. It needs DC/OS Enterprise.
  - All grants are made first, then all revocations, those of C(dcos:superuser) last. A missing ACL is created; an
    existing one is not changed. ACLs are shared, so a revocation does not delete them unless O(delete_unused_acls) is
    set.
  - The IAM may answer reads from a cache that is up to five seconds old. A grant that turns out to exist already is not
    reported as a change.
  - After writing, the grants are read again. If another run has undone something meanwhile, it is repeated. After three
    attempts the module fails with the code V(conflict) and says what is missing.
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
      - Grants for an account or group that does not exist are an error; in check mode they are planned as if it had
        none, with a warning, since an earlier task may be about to create it.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  uid:
    description:
      - Account whose direct grants are managed. Either O(uid) or O(gid) is needed.
      - With O(state=present) an account that does not exist is an error with the code V(ERR_UNKNOWN_USER_ID).
      - The accounts of DC/OS itself are refused with the code V(native_account); C(dcos_marathon) and C(dcos_metronome)
        may be granted and revoked single actions, as DC/OS allows.
      - The account of this connection keeps what the run needs (code V(own_account)), and the last superuser remains
        one (V(ERR_NO_MORE_SUPERUSERS)).
    type: str
  gid:
    description:
      - Group whose grants are managed, instead of O(uid). With O(state=present) a group that does not exist is an error
        with the code V(ERR_UNKNOWN_GROUP_ID). The group C(superusers) is never changed.
    type: str
  permissions:
    description:
      - What to grant or revoke. Entries for the same resource are merged. Either O(permissions) or O(rid) is needed.
    type: list
    elements: dict
    suboptions:
      rid:
        description:
          - Resource id as it is written in the documentation, for example V(dcos:secrets:default:/prod/cassandra/*). It
            begins with C(dcos:) and has no blanks and no percent signs; slashes are encoded for you.
        type: str
        required: true
      actions:
        description:
          - Actions on the resource. Needed with O(state=present); with O(state=absent) all of them when left out.
          - Missing or empty actions and a bad resource id are errors with the code V(invalid_rid).
        type: list
        elements: str
        choices: [create, read, update, delete, full]
      description:
        description:
          - Description for the ACL, used only when it is created here.
        type: str
  rid:
    description:
      - A single resource id, instead of O(permissions). O(actions) and O(description) apply to it only.
    type: str
  actions:
    description:
      - Actions on O(rid). Needed with O(state=present); with O(state=absent) all of them when left out.
    type: list
    elements: str
    choices: [create, read, update, delete, full]
  description:
    description:
      - Description for the ACL of O(rid), used only when it is created here.
    type: str
  exclusive:
    description:
      - Whether every direct grant that is neither listed nor in O(keep) is revoked. With O(permissions=[]) that is
        everything.
      - An error with O(state=absent), and for C(dcos_marathon) and C(dcos_metronome).
    type: bool
    default: false
  keep:
    description:
      - Grants that O(exclusive=true) does not revoke. This option does not grant them.
    type: list
    elements: dict
    default: []
    suboptions:
      rid:
        description:
          - Resource id.
        type: str
        required: true
      actions:
        description:
          - Actions on the resource.
        type: list
        elements: str
        choices: [create, read, update, delete, full]
        required: true
  unknown_rids:
    description:
      - What to do about a resource id, or an action on one, that no document of DC/OS knows. The IAM stores whatever it
        is given, so a typo would show only when something is denied. V(warn) warns and V(fail) stops before the first
        write (code V(invalid_rid)); both name the nearest documented one. V(ignore) does nothing. This applies to
        O(state=present).
    type: str
    choices: [warn, fail, ignore]
    default: warn
  state:
    description:
      - V(absent) revokes what is listed.
    type: str
    choices: [present, absent]
    default: present
  delete_unused_acls:
    description:
      - With O(state=absent), whether to delete the ACLs of the listed resources on which no user or group has a grant
        any more. This also works if the account or group no longer exists. The ACL of C(dcos:superuser) is never
        deleted. An error with O(state=present).
    type: bool
    default: false
seealso:
  - module: dcos.security.dcos_acl_grant_info
  - ref: ansible_collections.dcos.security.docsite.provisioning
    description: The guide to provisioning services.
"""

EXAMPLES = r"""
- name: Grant what a scheduler needs in strict mode
  dcos.security.dcos_acl_grant:
    uid: cassandra-principal
    permissions:
      - rid: dcos:mesos:master:framework:role:cassandra-role
        actions: [create]
      - rid: dcos:mesos:master:reservation:principal:cassandra-principal
        actions: [delete]

- name: Allow a group to work on one group of services
  dcos.security.dcos_acl_grant:
    gid: developers
    rid: dcos:service:marathon:marathon:services:/dev
    actions: [full]
    description: Services of the developers

- name: Grant from a list that somebody typed, and stop at a typo in it
  dcos.security.dcos_acl_grant:
    uid: cassandra-principal
    permissions:
      - rid: dcos:adminrouter:service:prod/cassandra
        actions: [full]
    unknown_rids: fail

- name: Leave an account with exactly one grant
  dcos.security.dcos_acl_grant:
    uid: reader
    rid: dcos:adminrouter:ops:mesos
    actions: [full]
    exclusive: true

- name: Take the superuser permission away, whatever its actions
  dcos.security.dcos_acl_grant:
    uid: cassandra-principal
    rid: dcos:superuser
    state: absent

- name: Tidy up after an account that is gone
  dcos.security.dcos_acl_grant:
    uid: kafka-principal
    permissions:
      - rid: dcos:mesos:master:framework:role:kafka-role
      - rid: dcos:mesos:master:reservation:principal:kafka-principal
    delete_unused_acls: true
    state: absent
"""

RETURN = r"""
grants:
  description: What was changed (predicted in check mode), and the resulting grants.
  returned: success
  type: dict
  contains:
    granted:
      description: Actions that were granted.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:framework:role:cassandra-role', action: create}]
    revoked:
      description: Actions that were revoked.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:superuser', action: full}]
    direct:
      description: All direct grants of the account or group after this task.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:framework:role:cassandra-role', actions: [create]}]
deleted_acls:
  description: Resources whose ACL was deleted (predicted in check mode).
  returned: with O(delete_unused_acls=true)
  type: list
  elements: str
  sample: ['dcos:mesos:master:reservation:principal:cassandra-principal']
through_groups:
  description: What the account may also do through its groups; this module does not change that.
  returned: success
  type: list
  elements: dict
  sample: [{gid: superusers, rid: 'dcos:superuser', actions: [full]}]
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
  sample: {status: null, code: invalid_rid, title: null}
"""

from typing import TypedDict

from ..module_utils._errors import DcosError
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec, in_role
from ..module_utils._resources.acl_grants import Grants, account_or_group
from ..module_utils._rules.permissions import ACTIONS, check_permission, check_permissions
from ..module_utils._rules.rid_catalog import UNKNOWN_RIDS, check_known

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "str"},
    "gid": {"type": "str"},
    "permissions": {
        "type": "list",
        "elements": "dict",
        "options": {
            "rid": {"type": "str", "required": True},
            "actions": {"type": "list", "elements": "str", "choices": list(ACTIONS)},
            "description": {"type": "str"},
        },
    },
    "rid": {"type": "str"},
    "actions": {"type": "list", "elements": "str", "choices": list(ACTIONS)},
    "description": {"type": "str"},
    "exclusive": {"type": "bool", "default": False},
    "keep": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "rid": {"type": "str", "required": True},
            "actions": {"type": "list", "elements": "str", "choices": list(ACTIONS), "required": True},
        },
    },
    "allow_dcos_prefix": {"type": "bool", "default": False},
    "unknown_rids": {"type": "str", "choices": list(UNKNOWN_RIDS), "default": UNKNOWN_RIDS[0]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "delete_unused_acls": {"type": "bool", "default": False},
}


class Params(TypedDict):
    uid: str | None
    gid: str | None
    permissions: list[dict[str, object]] | None
    rid: str | None
    actions: list[str] | None
    description: str | None
    exclusive: bool
    keep: list[dict[str, object]]
    allow_dcos_prefix: bool
    unknown_rids: str
    state: str
    delete_unused_acls: bool


def build(context: Context[Params]) -> Grants:
    """The grants that the options describe."""
    params = context.params
    present = params["state"] == "present"
    if params["exclusive"] and not present:
        raise DcosError(
            "exclusive: this option revokes what is not granted. It needs state=present; state=absent grants nothing."
        )
    if params["delete_unused_acls"] and present:
        raise DcosError("delete_unused_acls: this option needs state=absent; an ACL with a grant is in use.")
    if params["permissions"] is not None:
        option = "permissions"
        permissions = check_permissions(params["permissions"], option)
    else:
        option = "rid"
        single = {"rid": params["rid"], "actions": params["actions"], "description": params["description"]}
        permissions = (check_permission(single, ""),)
    grants = Grants(
        context.cluster.iam,
        context.cluster.own_uid,
        account_or_group(params["uid"], params["gid"]),
        permissions,
        present=present,
        exclusive=params["exclusive"],
        keep=check_permissions(params["keep"], "keep"),
        allow_dcos_prefix=params["allow_dcos_prefix"],
        delete_unused_acls=params["delete_unused_acls"],
        is_made_before=in_role(),
    )
    written = [(option, permission.rid, permission.actions) for permission in permissions if present]
    for warning in check_known(written, params["unknown_rids"], "unknown_rids"):
        context.warn(warning)
    return grants


def main() -> None:
    run_cluster_module(
        ARGUMENT_SPEC,
        build,
        required_one_of=[("uid", "gid"), ("permissions", "rid")],
        mutually_exclusive=[
            ("uid", "gid"),
            ("permissions", "rid"),
            ("permissions", "actions"),
            ("permissions", "description"),
        ],
    )


if __name__ == "__main__":
    main()
