#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_ca
short_description: Keep the CA bundle of a DC/OS cluster in a file
version_added: 0.1.0
description:
  - Fetches the bundle that the certificates of a cluster are verified with, and keeps it in a file for O(dcos_ca_path)
    of the other modules.
  - The connection is first verified with the kept bundle, if there is one. If there is none, or it does not verify the
    connection, the bundle is fetched without verification.
  - It is trusted for one of four reasons, see RV(ca.trusted_by), and otherwise refused with its fingerprint in the
    message.
  - Every certificate of the bundle must have one of the given fingerprints or descend from one that has. So nobody can
    add a CA to the genuine bundle.
  - The module sends only the request for the bundle, without credentials. With O(source_path) and with O(state=absent)
    it sends nothing.
  - O(dcos_url), or what it falls back to, is needed only if the bundle comes from the cluster. O(dcos_ca_path),
    O(dcos_validate_certs), O(dcos_allow_http) and all options of credentials are accepted but not used.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - ansible.builtin.files
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.actiongroup_dcos
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  path:
    description:
      - File that keeps the bundle. A new file gets mode 0644; an existing one keeps its owner and mode.
      - A file that holds anything other than CA certificates is never replaced or removed.
    type: path
    required: true
  fingerprint:
    description:
      - SHA-256 fingerprint of the root certificate of the bundle, or several, as C(openssl x509 -fingerprint -sha256
        -noout) prints it, the whole line or the digits alone, with or without colons.
      - If given, any other bundle is refused, even one that is already kept.
    type: list
    elements: str
    default: []
  trust_on_first_use:
    description:
      - Whether to accept an unknown bundle if no file is kept yet. A warning and the result show its fingerprint;
        compare it with that of the file on a master.
    type: bool
    default: false
  source_path:
    description:
      - Take the bundle from this file instead of the network, for example from
        C(/run/dcos/pki/CA/ca-bundle.crt) when the module runs on a master.
    type: path
  state:
    description:
      - V(absent) removes the file.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - ref: ansible_collections.dcos.security.docsite.authentication
    description: The guide to authentication.
"""

EXAMPLES = r"""
- name: Keep the bundle whose root is known
  dcos.security.dcos_ca:
    dcos_url: https://dcos.example.com
    path: dcos-ca.crt
    fingerprint: "{{ dcos_ca_fingerprint }}"

- name: Renew it; the connection is verified with what is kept
  dcos.security.dcos_ca:
    dcos_url: https://dcos.example.com
    path: dcos-ca.crt

- name: Keep what a test cluster offers, with its fingerprint in a warning to compare
  dcos.security.dcos_ca:
    dcos_url: https://dcos.example.com
    path: test-ca.crt
    trust_on_first_use: true

- name: Keep a bundle that was copied from a master over SSH
  dcos.security.dcos_ca:
    dcos_url: https://dcos.example.com
    path: copied-ca.crt
    source_path: ca-bundle.crt
"""

RETURN = r"""
ca:
  description: The bundle after this task (predicted in check mode); V(null) for O(state=absent).
  returned: success
  type: dict
  contains:
    path:
      description: File that keeps the bundle.
      type: str
      returned: success
      sample: dcos-ca.crt
    fingerprint:
      description: SHA-256 fingerprint of the first root certificate.
      type: str
      returned: success
      sample: 'AB:CD:...'
    trusted_by:
      description:
        - Why the bundle is trusted. V(fingerprint), the given one matches; V(existing), it came over a connection that
          verifies with the kept bundle, or is the kept bundle; V(first_use); V(file), it came from O(source_path).
      type: str
      returned: success
      sample: fingerprint
    certificates:
      description: The certificates in their order, times as ISO 8601 in UTC.
      type: list
      elements: dict
      returned: success
      sample:
        - subject: CN=DC/OS Root CA
          issuer: CN=DC/OS Root CA
          fingerprint: 'AB:CD:...'
          not_before: '2026-11-22T00:00:00Z'
          not_after: '2036-11-19T00:00:00Z'
provisional:
  description: The result is a prediction; nothing was changed.
  returned: in check mode, where something would change
  type: bool
  sample: true
cluster:
  description: The connection that was used.
  returned: success, and on failure once it is known
  type: dict
  contains:
    url:
      description: Base URL of the cluster; V(null) if none is named and none was needed.
      type: str
      returned: always
      sample: https://dcos.example.com
    credentials_from:
      description: Always V(null), none are sent.
      type: str
      returned: always
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: null, code: tls, title: null}
"""

from typing import TYPE_CHECKING, TypedDict

from ..module_utils._module.anonymous import run_site_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.ca_bundle import CaFile

if TYPE_CHECKING:
    from ..module_utils._api.connection import Site

ARGUMENT_SPEC: ArgumentSpec = {
    "path": {"type": "path", "required": True},
    "fingerprint": {"type": "list", "elements": "str", "default": []},
    "trust_on_first_use": {"type": "bool", "default": False},
    "source_path": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Params(TypedDict):
    path: str
    fingerprint: list[str]
    trust_on_first_use: bool
    source_path: str | None
    state: str


def build(params: Params, site: Site | None) -> CaFile:
    """The file that the options describe."""
    return CaFile(
        site,
        params["path"],
        # Empty text, as AWX renders what is not filled in, is unset.
        fingerprints=[text for text in params["fingerprint"] if text],
        source_path=params["source_path"] or None,
        trust_on_first_use=params["trust_on_first_use"],
        present=params["state"] == "present",
    )


def main() -> None:
    run_site_module(ARGUMENT_SPEC, build, add_file_common_args=True)


if __name__ == "__main__":
    main()
