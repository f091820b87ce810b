#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_secret
short_description: Manage a plain secret of a DC/OS cluster
version_added: 0.1.0
description:
  - Stores a text or a file, such as a password or a keytab, in the secret store, from where services read it. It needs
    DC/OS Enterprise.
  - The value is compared with what is stored, so that a second run changes nothing. Neither a value nor its hash is
    ever returned.
  - M(dcos.security.dcos_sa_secret) manages the secret that a service logs in with. This module neither changes nor
    deletes such a secret without O(overwrite=true).
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
      - Shows the kind of the secret and whether it already has the wanted value, never a value.
  idempotent:
    support: full
notes:
  - Ansible blanks out O(value) wherever it appears in the output of this module. If it is also a part of O(path), for
    example, the result shows a damaged path.
options:
  path:
    description:
      - Path of the secret, for example V(prod/shop/db-password). A leading slash is dropped.
      - A service can read secrets whose folder is its own path or one above it. A secret in no folder can be read by
        every service.
    type: str
    required: true
  store:
    description:
      - Name of the secret store; DC/OS has one.
    type: str
    default: default
  value:
    description:
      - Text to store, up to 1047552 bytes in UTF-8. It is stored as it is; empty text is a value too.
      - A number, truth value, list or dictionary is an error, since it might be stored in another form than intended.
        Put numbers into quotes, and turn the others into JSON with the filter C(to_json).
    type: raw
  src:
    description:
      - File to store, up to 1047552 bytes of any kind. It is on the host that runs this module, normally C(localhost).
      - It is stored as a file, not as text. Services can mount both as files, but only take text as the value of an
        environment variable.
    type: path
  generate:
    description:
      - Makes a random text inside this module if there is no secret at O(path) yet. The text is never returned and
        never appears in a variable, a file or the arguments of a module.
      - An existing secret is kept, whatever its length and characters.
    type: dict
    suboptions:
      length:
        description:
          - How many characters, from 8 to 4096.
        type: int
        default: 32
      characters:
        description:
          - The characters to draw from, at least 10 different ones. By default the letters from C(A) to C(Z) and C(a)
            to C(z) and the digits.
        type: str
  overwrite:
    description:
      - Whether a service-account document may be replaced or deleted. Without it the error has the code
        V(foreign_secret). Any other secret is replaced and deleted with either setting.
    type: bool
    default: false
  state:
    description:
      - V(present) needs one of O(value), O(src) and O(generate).
      - V(absent) deletes the secret.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: dcos.security.dcos_secret_info
  - module: dcos.security.dcos_sa_secret
  - plugin: dcos.security.dcos_secret
    plugin_type: lookup
  - ref: ansible_collections.dcos.security.docsite.secrets
    description: The guide to plain secrets and lookups.
"""

EXAMPLES = r"""
- name: Store a password that is kept in a vault
  dcos.security.dcos_secret:
    path: prod/shop/db-password
    value: "{{ vault_db_password }}"

- name: Make a password that nobody sees
  dcos.security.dcos_secret:
    path: prod/shop/session-key
    generate:
      length: 64

- name: Store a file
  dcos.security.dcos_secret:
    path: prod/shop/keytab
    src: shop.keytab

- name: Delete a secret
  dcos.security.dcos_secret:
    path: prod/shop/keytab
    state: absent
"""

RETURN = r"""
secret:
  description: The secret after this task (predicted in check mode), without its value.
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
      sample: prod/shop/db-password
    kind:
      description: V(text) or V(file); V(null) where there is no secret.
      type: str
      returned: success
      sample: text
    exists:
      description: Whether there is a secret.
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
  sample: {status: null, code: foreign_secret, title: null}
"""

from typing import TypedDict, cast

from ..module_utils._api.secret_store import StoredValue
from ..module_utils._errors import DcosError
from ..module_utils._files import read_bytes
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.secret import LETTERS_AND_DIGITS, Generator, Secret

WAYS = ("value", "src", "generate")

ARGUMENT_SPEC: ArgumentSpec = {
    "path": {"type": "str", "required": True},
    "store": {"type": "str", "default": "default"},
    "value": {"type": "raw", "no_log": True},
    "src": {"type": "path"},
    "generate": {
        "type": "dict",
        "options": {"length": {"type": "int", "default": 32}, "characters": {"type": "str"}},
    },
    "overwrite": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    path: str
    store: str
    value: object | None
    src: str | None
    generate: dict[str, object] | None
    overwrite: bool
    state: str


def build(context: Context[Params]) -> Secret:
    """The secret that the options describe."""
    params = context.params
    return Secret(
        context.cluster,
        path=params["path"],
        store=params["store"],
        wanted=_wanted(context) if params["state"] == "present" else None,
        overwrite=params["overwrite"],
        hide=context.hide,
    )


def _wanted(context: Context[Params]) -> StoredValue | Generator:
    """What the secret shall hold: one of three options is given."""
    params = context.params
    generate, src, value = params["generate"], params["src"], params["value"]
    if generate is not None:
        length, characters = cast(int, generate["length"]), cast("str | None", generate["characters"])
        return Generator(length, LETTERS_AND_DIGITS if characters is None else characters)
    if src is not None:
        stored = StoredValue(read_bytes(src, "src"), False)
        context.hide(stored.text() or "")
        return stored
    if not isinstance(value, str):
        raise DcosError(
            "value: this is a number, a truth value, a list or a dictionary, not text; it might be stored in another "
            "form than intended. Nothing was changed. Put a number into quotes, and turn a list or dictionary into "
            "JSON with to_json."
        )
    return StoredValue.of_text(value)


def main() -> None:
    run_cluster_module(
        ARGUMENT_SPEC,
        build,
        mutually_exclusive=[WAYS],
        required_if=[("state", "present", WAYS, True)],
    )


if __name__ == "__main__":
    main()
