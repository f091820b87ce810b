#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_token
short_description: Get an authentication token of a DC/OS cluster
version_added: 0.1.0
description:
  - Logs in as a user or service account and returns the authentication token, or keeps it in a file and renews it
    before it expires. Other modules of this collection take it as O(dcos_token), which saves each of them a login.
  - The result holds a secret. Put C(no_log=true) on the task.
  - A login changes nothing in the cluster. Check mode logs in too, so that later tasks have a token, but does not write
    the file.
  - DC/OS cannot revoke a token. It is valid until it expires, even after the account's key is replaced. The token of a
    deleted account remains valid too, but the account has no grants any more.
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
      - Shows the account and the end of the token, never the token.
  idempotent:
    support: partial
    details:
      - Without O(path) each run gets another token and reports a change.
options:
  uid:
    description:
      - User or service account to log in as. By default, and without a password, key or secret, the account of the
        connection.
    type: str
  password:
    description:
      - Password of O(uid).
    type: str
  private_key:
    description:
      - RSA private key (PEM, at least 2048 bits, not encrypted) of the service account O(uid).
    type: str
  private_key_path:
    description:
      - File with the private key, instead of O(private_key).
    type: path
  secret_path:
    description:
      - Secret in the cluster with the service-account document to log in with. The key stays inside this module. If
        O(uid) is given, the document must belong to it.
    type: str
  secret_store:
    description:
      - Secret store of O(secret_path).
    type: str
    default: default
  login_token_lifetime:
    description:
      - Life in seconds of the service login token that this module signs. It only has to reach the IAM.
    type: int
    default: 300
  path:
    description:
      - File in which the token is kept, with mode 0600. A kept token is reused if the file is a regular file with that
        mode and belongs to the user that runs the module, if the token is for the same account and was signed by this
        cluster, and if it lives longer than O(renew_before).
      - The token of an open cluster of 1.12 or before has no public key to verify it with. Such a token is sent to the
        cluster, which accepts it or not.
      - A file that holds anything other than a token is never replaced or removed.
    type: path
  renew_before:
    description:
      - Seconds of life that a kept token must have left.
    type: int
    default: 3600
  return_token:
    description:
      - Whether the result holds the token. By default it does unless O(path) is given.
    type: bool
  exchange:
    description:
      - V(false) returns the service login token that this module signs. Nothing is sent, except with O(secret_path),
        which needs the connection to read the key.
      - An error for a login by password, which can sign nothing, and together with O(path).
    type: bool
    default: true
  state:
    description:
      - V(absent) removes the file O(path).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - ref: ansible_collections.dcos.security.docsite.authentication
    description: The guide to authentication.
"""

EXAMPLES = r"""
- name: Log in once for the whole play
  dcos.security.dcos_token:
    dcos_url: https://dcos.example.com
    dcos_username: admin
    dcos_password: "{{ dcos_admin_password }}"
  register: login
  no_log: true

- name: Use the token
  dcos.security.dcos_cluster_info:
    dcos_url: https://dcos.example.com
    dcos_token: "{{ login.token }}"

- name: Keep a token for other programs, renewed a day ahead
  dcos.security.dcos_token:
    uid: ci
    private_key_path: ci.pem
    path: ci.token
    renew_before: 86400
  no_log: true

- name: Try whether a service can log in with what is stored for it
  dcos.security.dcos_token:
    secret_path: cassandra/cassandra-secret
    return_token: false
  no_log: true
"""

RETURN = r"""
token:
  description: The token; V(null) for O(state=absent).
  returned: success, unless O(return_token=false)
  type: str
  sample: eyJ0eXAi...
authorization:
  description: Value for an C(Authorization) header; V(null) for O(state=absent).
  returned: success, unless O(return_token=false)
  type: str
  sample: token=eyJ0eXAi...
uid:
  description: Account of the token; V(null) for O(state=absent).
  returned: success
  type: str
  sample: cassandra-principal
expires_at:
  description: End of the token, ISO 8601 in UTC; V(null) for one that never expires and for O(state=absent).
  returned: success
  type: str
  sample: '2026-11-27T05:48:54Z'
expires_in:
  description: Seconds until then; V(null) likewise.
  returned: success
  type: int
  sample: 432000
provisional:
  description: This is a prediction. The token is a real one, but nothing was written to O(path).
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
  sample: {status: 401, code: credentials, title: 401 Unauthorized}
"""

from typing import TypedDict

from ..module_utils._api.connection import (
    KeyCredentials,
    LoginCredentials,
    PasswordCredentials,
)
from ..module_utils._crypto.rsa_keys import load_private_key
from ..module_utils._errors import CredentialsError
from ..module_utils._files import read_private
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.libraries import JWT
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.auth_token import AuthenticationToken, KeptToken, SecretLogin

WAYS = ("password", "private_key", "private_key_path", "secret_path")

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path", "no_log": False},
    "secret_path": {"type": "str", "no_log": False},
    "secret_store": {"type": "str", "default": "default", "no_log": False},
    "login_token_lifetime": {"type": "int", "default": 300, "no_log": False},
    "path": {"type": "path"},
    "renew_before": {"type": "int", "default": 3600},
    "return_token": {"type": "bool", "no_log": False},
    "exchange": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    uid: str | None
    password: str | None
    private_key: str | None
    private_key_path: str | None
    secret_path: str | None
    secret_store: str
    login_token_lifetime: int
    path: str | None
    renew_before: int
    return_token: bool | None
    exchange: bool
    state: str


def who(context: Context[Params]) -> LoginCredentials | SecretLogin | None:
    """The credentials in the options, or where they are stored; None for those of the connection."""
    params = context.params
    values = (params["password"], params["private_key"], params["private_key_path"], params["secret_path"])
    ways = [way for way, value in zip(WAYS, values) if value is not None]
    uid = params["uid"]
    if uid is None:
        if ways not in ([], ["secret_path"]):
            raise CredentialsError(f"uid: {ways[0]} is given without the account that it belongs to.")
    elif not ways:
        raise CredentialsError(f"uid: {uid} is given without a way to log in. Give one of {', '.join(WAYS)}.")
    if params["secret_path"] is not None:
        return SecretLogin(params["secret_store"], params["secret_path"], uid)
    if uid is None:
        return None
    if params["password"] is not None:
        return PasswordCredentials(uid, params["password"])
    if params["private_key"] is not None:
        return KeyCredentials(uid, load_private_key(params["private_key"], "private_key"))
    if params["private_key_path"] is not None:
        text = read_private(params["private_key_path"], "private_key_path", context.warn)
        context.hide(text)
        return KeyCredentials(uid, load_private_key(text, f"private_key_path ({params['private_key_path']})"))
    return None


def build(context: Context[Params]) -> AuthenticationToken | KeptToken:
    """The token that the options describe."""
    params = context.params
    cluster, account = context.cluster, who(context)
    if params["state"] == "absent":
        return KeptToken(params["path"])
    return AuthenticationToken(
        cluster,
        context.hide,
        account,
        lifetime=params["login_token_lifetime"],
        path=params["path"],
        renew_before=params["renew_before"],
        return_token=params["path"] is None if params["return_token"] is None else params["return_token"],
        exchange=params["exchange"],
        reveal=context.reveal,
    )


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build, (JWT,), mutually_exclusive=[WAYS])


if __name__ == "__main__":
    main()
