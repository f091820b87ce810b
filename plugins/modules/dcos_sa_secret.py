#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_sa_secret
short_description: Manage the secret that a DC/OS service logs in with
version_added: 0.1.0
description:
  - Stores the service-account document (uid, private key, login endpoint, scheme RS256) of an account in the secret
    store, and manages its key. It needs DC/OS Enterprise.
  - With O(generate_key=true) the key is made in the memory of this module and goes straight to the secret store. It is
    never returned and never appears in a variable, a file or the arguments of a module.
  - A stored value that is not a service-account document of O(uid) is neither changed nor deleted without
    O(overwrite=true).
  - The module repairs a document with the key name C(schema), which the user interface of DC/OS writes instead of
    C(scheme), or with a PKCS#1 key, which some services reject. Fields that others added are kept.
  - With O(generate_key=true) the module uses the stored key that belongs to the account. If the account exists and no
    stored key belongs to it, nothing is written and the error has the code V(key_mismatch).
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
      - A key that would be made is made in memory and discarded; the real run makes a different one.
  diff_mode:
    support: full
    details:
      - Keys are shown by their fingerprints. In check mode a key that would be made is shown as V(a new key).
  idempotent:
    support: full
options:
  path:
    description:
      - Path of the secret, for example V(prod/cassandra/cassandra-secret). A leading slash is dropped.
      - A service can read secrets in the folder of its own path and in the folders above. During a rotation the
        document with the next key is at C(<path>-next).
    type: str
    required: true
  store:
    description:
      - Name of the secret store; DC/OS has one.
    type: str
    default: default
  uid:
    description:
      - Id of the service account that the secret belongs to.
    type: str
    required: true
  private_key:
    description:
      - RSA private key (PEM, at least 2048 bits, not encrypted) to store. It is stored as PKCS#8.
      - With O(state=present) exactly one of O(private_key), O(private_key_path) and O(generate_key) is needed.
        Otherwise, and for an unusable key, the error has the code V(invalid_key).
      - A key that an existing account does not have is an error with the code V(key_mismatch), unless O(rotate=prepare)
        is given.
    type: str
  private_key_path:
    description:
      - File with the private key, instead of O(private_key).
    type: path
  generate_key:
    description:
      - Whether the module makes the key. It makes one if neither the account nor a stored key exists, and for
        O(rotate=prepare); otherwise it uses the stored key.
    type: bool
    default: false
  size:
    description:
      - Size in bits, from 2048 to 16384, of a key that is made here. Larger keys take very long to make. A key that is
        stored already is used whatever its size; with O(rotate=prepare) the next key gets this size.
    type: int
    default: 2048
  pem_path:
    description:
      - Path of a second secret with the private key alone, as PKCS#8 PEM, for packages that read no service-account
        document, such as Jenkins. Each run brings it to the key of the document at O(path), also after an interruption.
      - A key that is stored there is changed only if the account has it, or the document at O(path) or C(<path>-next)
        holds it. Something else is left alone without O(overwrite=true), and the error has the code
        V(foreign_secret). A rotation without O(pem_path) leaves a key there that nobody knows any more, so give it each
        time.
      - Stored as text, which a service can read as a variable and as a file. A key that was stored as a file stays one.
      - With O(state=absent) it is deleted, too. Anything else is kept, with a warning.
    type: str
  security_mode:
    description:
      - Security mode of the cluster, from which the login endpoint in the document is derived, C(https) for V(strict)
        and V(permissive), C(http) for V(disabled), host C(leader.mesos). A stored endpoint with the host
        C(master.mesos) counts as equal.
      - With O(state=present) either O(security_mode) or O(login_endpoint) is needed.
      - An error with the code V(mode) if the cluster reports another mode.
    type: str
    choices: [disabled, permissive, strict]
  login_endpoint:
    description:
      - Login endpoint for the document, instead of one derived from O(security_mode).
    type: str
  legacy_login_endpoint:
    description:
      - Whether C(http) is written in V(permissive) mode, as the DC/OS CLI did up to DC/OS 1.11. V(auto) decides by the
        version of the cluster; if that cannot be read, the error has the code V(mode).
    type: str
    choices: [never, auto, always]
    default: never
  rotate:
    description:
      - V(prepare) stores another key at C(<path>-next) (an existing one is used) and returns its public half with
        RV(secret.pending=true). Then give the account that key with M(dcos.security.dcos_service_account) and
        O(dcos.security.dcos_service_account#module:replace_key=true); V(finish) moves the document to O(path). V(none)
        also finishes an interrupted rotation.
      - V(finish) is an error with the code V(key_mismatch) until the account has the key at C(<path>-next).
    type: str
    choices: [none, prepare, finish]
    default: none
  overwrite:
    description:
      - Whether a stored value that is not a service-account document of O(uid), or at O(pem_path) not its private key,
        may be replaced or deleted. Without it the error has the code V(foreign_secret).
      - This includes a document of O(uid) whose key cannot be read. At C(<path>-next) it is left alone without an
        error, unless something must be written there.
    type: bool
    default: false
  state:
    description:
      - V(absent) deletes the secret, and the one at C(<path>-next) if that is a service-account document of O(uid).
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_sa_secret_info
  - module: dcos.security.dcos_service_account
  - ref: ansible_collections.dcos.security.docsite.keys
    description: The guide to keys and their rotation.
"""

EXAMPLES = r"""
- name: Make a key and store it, nobody sees it
  dcos.security.dcos_sa_secret:
    path: cassandra/cassandra-secret
    uid: cassandra-principal
    generate_key: true
    security_mode: strict
  register: stored

- name: Create the account with the public half
  dcos.security.dcos_service_account:
    uid: cassandra-principal
    public_key: "{{ stored.secret.public_key }}"

- name: Store a key of your own for a service outside of the cluster
  dcos.security.dcos_sa_secret:
    path: ci/ci-secret
    uid: ci
    private_key_path: ci.pem
    login_endpoint: https://dcos.example.com/acs/api/v1/auth/login

- name: Store the key a second time as PEM, for a package that reads no document
  dcos.security.dcos_sa_secret:
    path: jenkins/jenkins-secret
    pem_path: jenkins/private_key
    uid: jenkins-principal
    generate_key: true
    size: 4096
    security_mode: strict

- name: Delete the secret
  dcos.security.dcos_sa_secret:
    path: ci/ci-secret
    uid: ci
    state: absent
"""

RETURN = r"""
secret:
  description:
    - The secret after this task (predicted in check mode), without the private key; V(null) for O(state=absent).
  returned: success
  type: dict
  contains:
    store:
      description: Name of the secret store.
      type: str
      returned: success
      sample: default
    path:
      description: Path of the secret, without a leading slash.
      type: str
      returned: success
      sample: cassandra/cassandra-secret
    uid:
      description: Id of the service account.
      type: str
      returned: success
      sample: cassandra-principal
    scheme:
      description: Always V(RS256).
      type: str
      returned: success
      sample: RS256
    login_endpoint:
      description: Login endpoint in the document.
      type: str
      returned: success
      sample: https://leader.mesos/acs/api/v1/auth/login
    public_key:
      description: Public half (SubjectPublicKeyInfo PEM) of the key that the account is to have.
      type: str
      returned: success
      sample: "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n"
    fingerprint:
      description: C(SHA256:) and the unpadded base64 of SHA-256 over the DER SubjectPublicKeyInfo.
      type: str
      returned: success
      sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
    pending:
      description: Whether RV(secret.public_key) is the next key, stored at C(<path>-next).
      type: bool
      returned: success
      sample: false
key_changed:
  description: Whether the account is to have another key than the one that was stored at O(path) before.
  returned: success
  type: bool
  sample: false
key_made:
  description: Whether the key was made by this task.
  returned: success
  type: bool
  sample: false
unsettled:
  description:
    - Whether the document at C(<path>-next) was kept on purpose, because a rotation or a replacement of the account's
      key is under way or was interrupted. Run M(dcos.security.dcos_service_account), then this module once more; it
      then promotes or removes that document, depending on the account's key.
  returned: success
  type: bool
  sample: false
provisional:
  description: >-
    The result is a prediction; nothing was changed. A key that would be
    made is another one in the real run.
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
  sample: {status: null, code: foreign_secret, title: null}
"""

from typing import TYPE_CHECKING, TypedDict

from ..module_utils._api.connection import check_url
from ..module_utils._crypto.rsa_keys import MINIMUM_SIZE, load_private_key
from ..module_utils._errors import DcosError
from ..module_utils._files import read_private
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.document_endpoint import Endpoint
from ..module_utils._resources.service_account_secret import ServiceAccountSecret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ARGUMENT_SPEC: ArgumentSpec = {
    "path": {"type": "str", "required": True},
    "store": {"type": "str", "default": "default"},
    "uid": {"type": "str", "required": True},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path", "no_log": False},
    "generate_key": {"type": "bool", "default": False, "no_log": False},
    "size": {"type": "int", "default": MINIMUM_SIZE},
    "pem_path": {"type": "str"},
    "security_mode": {"type": "str", "choices": ["disabled", "permissive", "strict"]},
    "login_endpoint": {"type": "str"},
    "legacy_login_endpoint": {"type": "str", "choices": ["never", "auto", "always"], "default": "never"},
    "rotate": {"type": "str", "choices": ["none", "prepare", "finish"], "default": "none"},
    "overwrite": {"type": "bool", "default": False},
    "allow_dcos_prefix": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    path: str
    store: str
    uid: str
    private_key: str | None
    private_key_path: str | None
    generate_key: bool
    size: int
    pem_path: str | None
    security_mode: str | None
    login_endpoint: str | None
    legacy_login_endpoint: str
    rotate: str
    overwrite: bool
    allow_dcos_prefix: bool
    state: str


def build(context: Context[Params]) -> ServiceAccountSecret:
    """The secret that the options describe."""
    params = context.params
    if params["login_endpoint"] is not None:
        check_url(params["login_endpoint"], "login_endpoint", context.hide)
    present = params["state"] == "present"
    key = _given_key(context) if present else None
    return ServiceAccountSecret(
        context.cluster,
        params["uid"],
        params["path"],
        params["store"],
        present=present,
        key=key,
        endpoint=Endpoint(params["login_endpoint"], params["security_mode"], params["legacy_login_endpoint"]),
        rotate=params["rotate"],
        overwrite=params["overwrite"],
        allow_dcos_prefix=params["allow_dcos_prefix"],
        pem_path=params["pem_path"],
        size=params["size"],
    )


def _given_key(context: Context[Params]) -> RSAPrivateKey | None:
    """The key to store; None if one is to be made."""
    params = context.params
    sources = {
        "private_key": params["private_key"] is not None,
        "private_key_path": params["private_key_path"] is not None,
        "generate_key": params["generate_key"],
    }
    given = [name for name, is_given in sources.items() if is_given]
    if len(given) != 1:
        raise DcosError(
            f"private_key, private_key_path, generate_key: give one of them, not {' and '.join(given) or 'none'}.",
            "invalid_key",
        )
    if params["private_key"] is not None:
        return load_private_key(params["private_key"], "private_key")
    path = params["private_key_path"]
    if path is None:
        return None
    text = read_private(path, "private_key_path", context.warn)
    context.hide(text)
    return load_private_key(text, f"private_key_path ({path})")


def main() -> None:
    run_cluster_module(
        ARGUMENT_SPEC,
        build,
        mutually_exclusive=[("security_mode", "login_endpoint")],
        required_if=[("state", "present", ("security_mode", "login_endpoint"), True)],
    )


if __name__ == "__main__":
    main()
