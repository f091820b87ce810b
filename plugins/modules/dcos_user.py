#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_user
short_description: Manage users of a DC/OS cluster
version_added: 0.1.0
description:
  - Creates, describes and deletes users in the IAM (Bouncer), sets their passwords, and makes them members of groups.
    Users are usually people. A local user has a password; a remote one logs in through a directory (LDAP), OpenID
    Connect or SAML.
  - The IAM shows no password. With O(update_password=always) the module compares the given one by a login.
  - The IAM cannot change how a user logs in. A O(provider_type) or O(provider_id) that differs from the user's is an
    error.
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
      - Groups that do not exist are an error; in check mode they are a warning, since an earlier task may be about to
        create them.
  diff_mode:
    support: full
    details:
      - Passwords are never shown, only that another one is set.
  idempotent:
    support: full
options:
  uid:
    description:
      - Id of the user, 1 to 96 letters, digits and V(_), V(@), V(.), V(-); an e-mail address is allowed.
      - A service account is refused, and so are the accounts of DC/OS itself. The account of this connection is neither
        deleted nor cut off (code V(own_account)), and the last superuser stays one (V(ERR_NO_MORE_SUPERUSERS)).
    type: str
    required: true
  description:
    description:
      - Description of the user. Not managed when left out; a new user then gets its uid as description. Empty text
        sets an empty description.
    type: str
  password:
    description:
      - Password of a local user, at least five characters. Needed to create one.
      - On an open cluster a user whose O(uid) is an e-mail address needs no password, and logs in with an ID token. Up
        to 1.12 there are no other users, and no passwords.
      - A remote user has no password; giving one is an error.
    type: str
  update_password:
    description:
      - V(on_create) gives O(password) to a user that this task creates, and leaves that of any other as it is.
      - V(always) logs in as the user with O(password), in check mode too, and sets the password if the login is
        refused. The IAM writes a refused login into its audit log.
    type: str
    choices: [always, on_create]
    default: on_create
  provider_type:
    description:
      - How the user logs in. V(internal) is a password; a new user is V(internal) when this is left out.
    type: str
    choices: [internal, ldap, oidc, saml]
  provider_id:
    description:
      - Id of the provider in the IAM. Needed with O(provider_type=oidc) and O(provider_type=saml), and an error with
        others.
    type: str
  groups:
    description:
      - Ids of groups that the user is to be a member of. Not managed when left out. They must exist.
      - Memberships in C(superusers) are changed only by M(dcos.security.dcos_group).
      - Needs DC/OS Enterprise.
    type: list
    elements: str
  groups_exclusive:
    description:
      - Whether memberships that O(groups) does not list are ended. An error without O(groups).
    type: bool
    default: false
  state:
    description:
      - V(absent) deletes the user with its grants and memberships.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - ref: ansible_collections.dcos.security.docsite.open_dcos
    description: The guide to open DC/OS.
  - module: dcos.security.dcos_group
  - module: dcos.security.dcos_user_info
  - module: dcos.security.dcos_service_account
  - ref: ansible_collections.dcos.security.docsite.people
    description: The guide to people and groups.
"""

EXAMPLES = r"""
- name: Create a user with a first password, and leave it alone from then on
  dcos.security.dcos_user:
    uid: alice
    description: Alice, shop team
    password: "{{ vault_first_password }}"
    groups: [developers]

- name: Set the password of a user
  dcos.security.dcos_user:
    uid: alice
    password: "{{ vault_new_password }}"
    update_password: always

- name: Create a user who logs in through a SAML provider
  dcos.security.dcos_user:
    uid: bob@example.com
    provider_type: saml
    provider_id: corporate-sso
    groups: [developers]

- name: Take a user out of all groups
  dcos.security.dcos_user:
    uid: bob@example.com
    groups: []
    groups_exclusive: true

- name: Delete a user
  dcos.security.dcos_user:
    uid: alice
    state: absent
"""

RETURN = r"""
user:
  description: The user after this task (predicted in check mode); V(null) for O(state=absent).
  returned: success
  type: dict
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
  sample: {status: null, code: ERR_INVALID_DATA, title: null}
"""

from typing import TypedDict

from ..module_utils._errors import DcosError
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.user import PROVIDER_TYPES, PROVIDERS_WITH_ID, Provider, UserAccount

ALWAYS = "always"
ON_CREATE = "on_create"

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "str", "required": True},
    "description": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": [ALWAYS, ON_CREATE], "default": ON_CREATE, "no_log": False},
    "provider_type": {"type": "str", "choices": list(PROVIDER_TYPES)},
    "provider_id": {"type": "str"},
    "groups": {"type": "list", "elements": "str"},
    "groups_exclusive": {"type": "bool", "default": False},
    "allow_dcos_prefix": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    uid: str
    description: str | None
    password: str | None
    update_password: str
    provider_type: str | None
    provider_id: str | None
    groups: list[str] | None
    groups_exclusive: bool
    allow_dcos_prefix: bool
    state: str


def build(context: Context[Params]) -> UserAccount:
    """The user that the options describe."""
    params = context.params
    return UserAccount(
        iam=context.cluster.iam,
        own_uid=context.cluster.own_uid,
        uid=params["uid"],
        present=params["state"] == "present",
        description=params["description"],
        password=params["password"],
        change_password=params["update_password"] == ALWAYS,
        provider=_provider(params),
        groups=params["groups"],
        groups_exclusive=params["groups_exclusive"],
        allow_dcos_prefix=params["allow_dcos_prefix"],
    )


def _provider(params: Params) -> Provider | None:
    kind, name = params["provider_type"], params["provider_id"] or ""
    if (kind in PROVIDERS_WITH_ID) != bool(name):
        those = " and ".join(PROVIDERS_WITH_ID)
        raise DcosError(
            f"provider_id: it belongs to the provider types {those}, which need one; provider_type is "
            f"{kind or 'left out'}. Nothing was changed.",
            "ERR_INVALID_DATA",
        )
    return None if kind is None else Provider(kind, name)


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
