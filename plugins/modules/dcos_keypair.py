#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_keypair
short_description: Manage an RSA key pair for a DC/OS service account
version_added: 0.1.0
description:
  - Makes an RSA key pair in two files, private half as PKCS#8 PEM, public half as SubjectPublicKeyInfo PEM, as DC/OS
    and its services read them.
  - A service may log in with a readable private key, so it is replaced only if O(regenerate) or O(rotate) says so. A
    lost public half is rebuilt from it. An existing PKCS#1 private key is used and left as it is.
  - A file that is not an RSA key file causes an error and is left alone, whatever the options say, since it may be the
    only copy of something. A private key file holds one RSA private key in PEM, as PKCS#8 or PKCS#1 and without a
    passphrase; a public key file holds one RSA public key in PEM, as SubjectPublicKeyInfo or PKCS#1. Only blanks and
    line ends may surround the key. So keys of other types, keys in OpenSSH's own form, keys with a passphrase, damaged
    keys, certificates, and a private key in the place of a public one are all refused. An empty file has nothing to
    lose, and counts as a key file without a usable key.
  - The private key is never returned and never shown in a diff. It exists in its file only.
  - This module talks to no cluster and is not in the action group C(dcos).
requirements:
  - cryptography >= 42.0
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - ansible.builtin.files
  - dcos.security.attributes
attributes:
  check_mode:
    support: full
    details:
      - A key that would be made is made in memory and discarded; the real run makes a different one.
  diff_mode:
    support: full
    details:
      - Keys are shown by size and fingerprint. In check mode a key that would be made is shown as V(a new key).
  idempotent:
    support: partial
    details:
      - With O(regenerate=always) each run makes another key. With O(rotate=prepare) each run after a finished rotation
        makes another key.
options:
  private_key_path:
    description:
      - File of the private key. Its folder must exist. A link is refused.
    type: path
    required: true
  public_key_path:
    description:
      - File of the public key; none is written when left out. It is made with mode 0644.
    type: path
  size:
    description:
      - Size of the key in bits, from 2048 to 16384. Larger keys take very long to make.
    type: int
    default: 2048
  regenerate:
    description:
      - When an existing RSA private key may be replaced.
      - V(never) takes any usable key, whatever its size. A key is not usable if it is shorter than 2048 bits or its
        parts do not belong together; an empty file holds no usable key either.
      - V(fail) fails if the key is not usable, or does not have O(size).
      - V(partial_idempotence) replaces a usable key that does not have O(size), and fails if it is not usable.
      - V(full_idempotence) replaces each key that is not usable or does not have O(size).
      - V(always) makes a new key each time.
      - With V(never) and V(fail) a public key file without its private key is an error. With the others it is rebuilt.
      - No value replaces a file that is not an RSA key file. A next key, see O(rotate), is used as it is.
    type: str
    choices: [never, fail, partial_idempotence, full_idempotence, always]
    default: fail
  rotate:
    description:
      - A stage of a rotation. The next key is kept beside the one in use, in O(private_key_path) and O(public_key_path)
        with V(.next) at the end.
      - V(prepare) makes the next key, or uses an existing one. O(size) applies to a new next key, whatever the size of
        the key in use. The result is the next key, with RV(keypair.pending=true).
      - V(finish) writes the next key over the one in use, whatever O(regenerate) says, and removes the next files. It
        changes nothing if there is no next key, and repairs what an interrupted V(finish) left.
      - V(none) neither begins nor finishes a rotation. As long as a next key exists, it is the result, with
        RV(keypair.pending=true), and the key in use is left alone.
      - See M(dcos.security.dcos_sa_secret) for the same stages of the secret.
    type: str
    choices: [none, prepare, finish]
    default: none
  mode:
    description:
      - Mode of the private key file. 0600 unless set.
  state:
    description:
      - V(absent) removes the files of the key and of the next one.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_service_account
  - module: dcos.security.dcos_sa_secret
  - ref: ansible_collections.dcos.security.docsite.keys
    description: The guide to keys and their rotation.
"""

EXAMPLES = r"""
- name: Make a key pair
  dcos.security.dcos_keypair:
    private_key_path: cassandra.pem
    public_key_path: cassandra.pub.pem
  register: pair

- name: Show which key it is
  ansible.builtin.debug:
    var: pair.keypair.fingerprint

- name: Make the next key of a rotation beside it
  dcos.security.dcos_keypair:
    private_key_path: cassandra.pem
    public_key_path: cassandra.pub.pem
    rotate: prepare
  register: prepared

# Here the account gets prepared.keypair.public_key, and the secret the key in prepared.keypair.private_key_path.

- name: Put it in place of the one before
  dcos.security.dcos_keypair:
    private_key_path: cassandra.pem
    public_key_path: cassandra.pub.pem
    rotate: finish
"""

RETURN = r"""
keypair:
  description:
    - The key pair that the account is to have, after this task (predicted in check mode); V(null) for O(state=absent).
      While a rotation is pending, it is the next one.
  returned: success
  type: dict
  contains:
    private_key_path:
      description: File of the private key.
      type: str
      returned: success
      sample: cassandra.pem
    public_key_path:
      description: File of the public key, V(null) when there is none.
      type: str
      returned: success
      sample: cassandra.pub.pem
    public_key:
      description: Public key as SubjectPublicKeyInfo PEM.
      type: str
      returned: success
      sample: "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n"
    fingerprint:
      description: C(SHA256:) and the unpadded base64 of SHA-256 over the DER SubjectPublicKeyInfo.
      type: str
      returned: success
      sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
    size:
      description: Size of the key in bits.
      type: int
      returned: success
      sample: 2048
    pending:
      description: Whether this is the next key of a rotation, which O(rotate=finish) will promote.
      type: bool
      returned: success
      sample: false
key_made:
  description: >-
    Whether this task makes the key of the result. In check mode that key is in no file, and the real run makes
    another one.
  returned: success
  type: bool
  sample: true
provisional:
  description: The result is a prediction; nothing was changed.
  returned: in check mode, where something would change
  type: bool
  sample: true
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: null, code: invalid_key, title: null}
"""

from typing import TypedDict

from ..module_utils._module.run import ArgumentSpec, run_local_module
from ..module_utils._resources.keypair import REGENERATE, ROTATE, Keypair

ARGUMENT_SPEC: ArgumentSpec = {
    "private_key_path": {"type": "path", "required": True, "no_log": False},
    "public_key_path": {"type": "path"},
    "size": {"type": "int", "default": 2048},
    "regenerate": {"type": "str", "choices": list(REGENERATE), "default": "fail"},
    "rotate": {"type": "str", "choices": list(ROTATE), "default": "none"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    private_key_path: str
    public_key_path: str | None
    size: int
    regenerate: str
    rotate: str
    state: str


def build(params: Params) -> Keypair:
    """The key pair that the options describe."""
    return Keypair(
        params["private_key_path"],
        params["public_key_path"],
        present=params["state"] == "present",
        size=params["size"],
        regenerate=params["regenerate"],
        rotate=params["rotate"],
    )


def main() -> None:
    run_local_module(ARGUMENT_SPEC, build, add_file_common_args=True)


if __name__ == "__main__":
    main()
