#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_services
short_description: Provision many DC/OS services at once
version_added: 0.1.0
description:
  - Gives each service of a list its identity, as the role P(dcos.security.dcos_service#role) does for one service. That
    is a key pair, a service account, a secret with the private key, and the permissions that it needs in the cluster's
    security mode. Also rotates keys and retires services.
  - One task needs one login and few requests, and processes several services at a time. Provisioning hundreds of
    services takes little longer than the requests and the keys themselves.
  - The lists of accounts, ACLs and secrets are read once. Every service is planned before the first write.
  - A service that fails does not stop the others. The task fails at its end and names it; a second run finishes it and
    leaves the others unchanged. Two services that would share an account, a secret or key files are both refused.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.action
  - dcos.security.attributes.actiongroup_dcos
attributes:
  action:
    support: full
    details:
      - The action part shows the progress of long runs if the module runs on the controller.
  async:
    support: full
  check_mode:
    support: full
    details:
      - New keys are not made. V((made when applied\)) replaces their fingerprints in the result, V(a new key) in the
        diff.
  diff_mode:
    support: full
    details:
      - Shows the services that change. Keys are shown as fingerprints.
  idempotent:
    support: partial
    details:
      - Each run with O(purpose=rotate), or with
        O(dcos.security.dcos_service#role:main:dcos_service_rotate_key=true), rotates again.
options:
  services:
    description:
      - The services. Each entry has the variables of the role P(dcos.security.dcos_service#role) without their prefix
        C(dcos_service_), of which only C(name) is required. Empty text means unset.
    type: list
    elements: dict
    required: true
  defaults:
    description:
      - Variables for all entries that do not set them, such as C(own_presets), C(key_dir) or C(security_mode).
      - They win over the options below.
    type: dict
    default: {}
  purpose:
    description:
      - Purpose of the run. With V(rotate) and V(retire) the C(state) of the entries is ignored, so you can use the list
        that provisions the services.
      - V(provision) brings each service into the state that its entry describes.
      - V(rotate) gives each service a new key and changes nothing else. Description, grants, groups and the other
        fields of the secret stay as they are, whatever the entry says. An entry with C(rotate_key_from) is rotated only
        while its account has that key. An entry with the C(state) V(absent), or without an account, is skipped. A
        service whose account does not exist is an error.
      - V(retire) retires each service, like the C(state) V(absent).
    type: str
    choices: [provision, rotate, retire]
    default: provision
  batch_size:
    description:
      - How many services make up a batch, a number or a share such as V(20%). In a list, the first value is for the
        first batch and so on, and the last for all further ones, as in the keyword C(serial) of a play.
      - The next batch begins when all services of the current one are done. If a service fails, no further batch
        begins.
      - Left out, all services are one batch.
    type: list
    elements: str
  state:
    description:
      - The variable C(state) for all entries that do not set it.
    type: str
    choices: [present, absent]
    default: present
  key_store:
    description:
      - The variable C(key_store) for all entries that do not set it. V(file) also needs the variable C(key_dir). A
        private key file that others may read is made private to its owner.
    type: str
    choices: [secret, file]
    default: secret
  exclusive:
    description:
      - The variable C(exclusive) for all entries that do not set it, that is, whether every direct grant that is not
        listed is revoked.
    type: bool
    default: true
  verify_login:
    description:
      - The variable C(verify_login) for all entries that do not set it, that is, when to log in as the service with its
        stored secret.
    type: str
    choices: [changed, always, never]
    default: changed
  concurrency:
    description:
      - How many services are processed at a time, at least 1. With V(1) they are processed in the order of the list.
      - By default 8 for each core of the host that runs the module, and at most 32.
    type: int
  progress:
    description:
      - Whether a run of more than a few seconds shows its progress. Nothing is shown for tasks with C(no_log) or
        C(async), or if the module does not run on the controller.
    type: bool
    default: true
  progress_path:
    description:
      - File to which a line of JSON is added after each service. It must exist and be empty; otherwise it is left
        alone. Set by the action part.
    type: path
notes:
  - On a nearby cluster, making RSA keys takes a large part of the time. C(cryptography) 50 makes them on all cores,
    version 46 and older on one.
  - The account of the connection needs C(dcos:superuser), or C(dcos:adminrouter:acs full) and permissions for all
    secrets concerned. If it may not list the secrets (C(dcos:secrets:list:default:/ read)), each service needs two more
    requests.
seealso:
  - ref: ansible_collections.dcos.security.docsite.provisioning
    description: The guide to provisioning, with the role dcos_service, whose variables the entries have.
"""

EXAMPLES = r"""
- name: Provision the services of a team
  dcos.security.dcos_services:
    services:
      - name: /team/api
        permissions:
          - rid: dcos:service:marathon:marathon:services:/{group}
            actions: [read]
      - name: /team/queue
        preset: scheduler_stateful
      - name: /team/worker
        account: worker
        secret_path: team/worker-key
  register: provisioned

- name: Write down what was made
  ansible.builtin.copy:
    content: "{{ provisioned.services | to_nice_json }}"
    dest: services.json
    mode: "0600"

- name: Give all of them new keys, four at a time
  dcos.security.dcos_services:
    services:
      - name: /team/api
      - name: /team/worker
        account: worker
        secret_path: team/worker-key
    purpose: rotate
    batch_size: 4

- name: Retire two services
  dcos.security.dcos_services:
    services:
      - name: /team/api
      - name: /team/queue
    purpose: retire
"""

RETURN = r"""
services:
  description: Result for each service (predicted in check mode), in the order of the list.
  returned: success, and on failure once the list has been looked at
  type: list
  elements: dict
  contains:
    name:
      description: The service.
      type: str
      returned: always
      sample: /team/api
    state:
      description:
        - V(present), V(absent), V(rotated), or V(skip) for a service that is left alone, such as one without an
          account; V(null) for a refused entry.
      type: str
      returned: always
      sample: present
    changed:
      description: Whether anything was changed for it, even if it failed.
      type: bool
      returned: always
      sample: true
    failed:
      description: Whether it failed.
      type: bool
      returned: always
      sample: false
    warnings:
      description: Its warnings. Ansible also shows the first warnings of all services.
      type: list
      elements: str
      returned: always
      sample: []
    msg:
      description: What went wrong and what to do about it.
      type: str
      returned: when RV(services[].failed) is true
      sample: 'services[3].name: must be given: the id of the service, such as /prod/cassandra.'
    failure:
      description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
      type: dict
      returned: when RV(services[].failed) is true
      sample: {status: null, code: key_mismatch, title: null}
    account:
      description:
        - Its account; V(null) for a refused entry, if RV(services[].state) is V(skip), and if it is V(absent) and the
          account is gone.
      type: str
      returned: always
      sample: team__api-principal
    security_mode:
      description: The security mode of the cluster.
      type: str
      returned: always
      sample: strict
    secret:
      description: Path of its secret.
      type: str
      returned: always
      sample: team/api/api-secret
    fingerprint:
      description: Fingerprint of its public key; in check mode V((made when applied\)) for a key that is not made yet.
      type: str
      returned: always
      sample: SHA256:9Yb0vrXhPqE1ZZkVZg8sYbnmHkPRUxXA7hkzV4QmKkQ
    granted:
      description: What was granted.
      type: list
      elements: dict
      returned: always
      sample: [{rid: 'dcos:service:marathon:marathon:services:/team', action: read}]
    revoked:
      description: What was revoked.
      type: list
      elements: dict
      returned: always
      sample: []
    left_out:
      description: Grants that its presets list but the security mode does not enforce.
      type: list
      elements: dict
      returned: always
      sample: []
    superuser:
      description: Whether the account is a superuser.
      type: bool
      returned: always
      sample: false
    key_changed:
      description: Whether it has another key than before.
      type: bool
      returned: always
      sample: true
    verified:
      description: Whether a login with the stored secret was tried and worked.
      type: bool
      returned: always
      sample: true
    created:
      description: Whether its account is a new one.
      type: bool
      returned: always
      sample: true
    permissions_held:
      description:
        - On how many resources its account is granted something directly; V(null) if this was not read, as with
          O(purpose=rotate).
      type: int
      returned: always
      sample: 1
counts:
  description:
    - How many services there are, were changed, needed no change, and failed. One that failed half-way also counts as
      changed.
  returned: success, and on failure once the list has been looked at
  type: dict
  sample: {total: 3, changed: 3, unchanged: 0, failed: 0}
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
  description:
    - What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account). If several services
      failed, see RV(services).
  returned: failure
  type: dict
  sample: {status: null, code: null, title: null}
"""

from dataclasses import asdict
from typing import TypedDict

from ..module_utils._fleet.fleet import Fleet, default_concurrency
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.libraries import JWT
from ..module_utils._module.progress import ProgressFile

ARGUMENT_SPEC: dict[str, dict[str, object]] = {
    "services": {"type": "list", "elements": "dict", "required": True},
    "defaults": {"type": "dict", "default": {}},
    "purpose": {"type": "str", "choices": ["provision", "rotate", "retire"], "default": "provision"},
    "batch_size": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "key_store": {"type": "str", "choices": ["secret", "file"], "default": "secret", "no_log": False},
    "exclusive": {"type": "bool", "default": True},
    "verify_login": {"type": "str", "choices": ["changed", "always", "never"], "default": "changed"},
    "concurrency": {"type": "int"},
    "progress": {"type": "bool", "default": True},
    "progress_path": {"type": "path"},
}


class Params(TypedDict):
    services: list[dict[str, object]]
    defaults: dict[str, object]
    purpose: str
    batch_size: list[str] | None
    state: str
    key_store: str
    exclusive: bool
    verify_login: str
    concurrency: int | None
    progress: bool
    progress_path: str | None


def build(context: Context[Params]) -> Fleet:
    """The services that the options describe."""
    params = context.params
    for_all = {name: params[name] for name in ("state", "key_store", "exclusive", "verify_login")}
    told = ProgressFile((params["progress_path"] or "") if params["progress"] else "")
    return Fleet(
        context.cluster,
        params["services"],
        {**for_all, **params["defaults"]},
        concurrency=default_concurrency() if params["concurrency"] is None else params["concurrency"],
        progress=lambda progress: told.tell(asdict(progress)),
        purpose=params["purpose"],
        batch_sizes=params["batch_size"] or [],
    )


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build, (JWT,))


if __name__ == "__main__":
    main()
