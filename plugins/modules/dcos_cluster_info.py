#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_cluster_info
short_description: Read security mode and version of a DC/OS cluster, and wait until it is ready
version_added: 0.1.0
description:
  - Reads what a cluster says about itself under C(/dcos-metadata/), and how it answers a request without a token.
  - The security mode can be read by superusers and by accounts with C(dcos:adminrouter:ops:metadata) C(full).
  - With O(wait) the module first waits for a cluster that is starting.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  wait:
    description:
      - How many seconds to wait until the cluster is ready. A look that is under way may end later.
      - Waiting goes on while the cluster cannot be reached, something else answers for it, it answers with an error of
        the server, or the secret store is sealed.
      - It ends at once where time does not help. Examples are a certificate that does not verify, credentials that the
        IAM refuses, and a permission that is missing.
    type: int
    default: 0
  wait_for:
    description:
      - What the cluster must be ready for. With a O(wait) of V(0), it must be ready now.
      - V(reachable) is an answer of Admin Router, for which no credentials are needed.
      - V(login) is an IAM that takes the credentials, and a cluster that accepts the token.
      - V(secrets) is an unsealed secret store, too. The account must be allowed to read the status of the seal.
      - Unset, it is V(login) where there are credentials, otherwise V(reachable). Without O(wait) nothing is checked
        then.
    type: str
    choices: [reachable, login, secrets]
  progress_path:
    description:
      - File to which a line of JSON is added after each look. It must exist and be empty; otherwise it is left alone.
        Set by the action part, which shows on local connections what is still missing.
    type: path
seealso:
  - ref: ansible_collections.dcos.security.docsite.authentication
    description: The guide to authentication.
  - ref: ansible_collections.dcos.security.docsite.open_dcos
    description: The guide to open DC/OS.
  - ref: ansible_collections.dcos.security.docsite.security_modes
    description: The guide to security modes.
"""

EXAMPLES = r"""
- name: Read mode and version
  dcos.security.dcos_cluster_info:
    dcos_url: https://dcos.example.com
    dcos_username: admin
    dcos_password: "{{ dcos_admin_password }}"
    dcos_ca_path: dcos-ca.crt
  register: dcos

- name: Wait for a cluster that is being installed
  dcos.security.dcos_cluster_info:
    wait: 900
    wait_for: secrets

- name: Refuse clusters that are not in strict mode
  ansible.builtin.assert:
    that: dcos.cluster_info.security_mode == 'strict'
"""

RETURN = r"""
cluster_info:
  description: What the cluster says about itself.
  returned: success
  type: dict
  contains:
    url:
      description: Base URL of the cluster, as it was used.
      type: str
      returned: success
      sample: https://dcos.example.com
    security_mode:
      description:
        - V(disabled), V(permissive) or V(strict); V(null) if it may not be read, without credentials,
          and on an open cluster, which has none.
      type: str
      returned: success
      sample: strict
    version:
      description: Version of DC/OS, V(null) where it cannot be read, and without credentials.
      type: str
      returned: success
      sample: 2.2.4
    variant:
      description: V(enterprise) or V(open), V(null) where it cannot be read.
      type: str
      returned: success
      sample: enterprise
    authentication:
      description:
        - Whether requests need a token; V(null) where the cluster does not tell. V(false) on an open cluster that was
          installed with C(oauth_enabled) C(false).
      type: bool
      returned: success
      sample: true
waited:
  description: How many seconds it took until the cluster was ready.
  returned: success
  type: int
  sample: 12
cluster:
  description: The connection that was used.
  returned: success, and on failure once it is known
  type: dict
  contains:
    url:
      description: Base URL of the cluster.
      type: str
      returned: always
      sample: https://dcos.example.com
    credentials_from:
      description: Where the credentials come from, V(task), V(environment) or V(dcos_config); V(null) without any.
      type: str
      returned: always
      sample: task
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: 401, code: credentials, title: 401 Unauthorized}
"""

from dataclasses import asdict
from typing import TypedDict

from ..module_utils._errors import DcosError
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.progress import ProgressFile
from ..module_utils._resources.cluster_wait import STAGES, is_anonymous, stage_of, wait_for
from ..module_utils._resources.frame import Reading

ARGUMENT_SPEC: dict[str, dict[str, object]] = {
    "wait": {"type": "int", "default": 0},
    "wait_for": {"type": "str", "choices": [*STAGES]},
    "progress_path": {"type": "path"},
}


class Params(TypedDict):
    wait: int
    wait_for: str | None
    progress_path: str | None


def build(context: Context[Params]) -> Reading:
    """What the cluster says about itself, once it is ready."""
    seconds, wanted = context.params["wait"], context.params["wait_for"]
    if seconds < 0:
        raise DcosError(f"wait: {seconds} is not a number of seconds. Use 0 or more.")

    told = ProgressFile(context.params["progress_path"] or "")

    def read() -> dict[str, object]:
        cluster, waited = context.cluster, 0
        is_asked = bool(seconds) or wanted is not None
        stage = stage_of(cluster, wanted)
        if is_asked:
            waited = wait_for(cluster, stage, seconds, lambda waiting: told.tell(asdict(waiting)))
        info = cluster.info_from_outside() if is_asked and is_anonymous(cluster, stage) else cluster.info()
        return {"cluster_info": asdict(info), "waited": waited}

    return Reading(read)


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
