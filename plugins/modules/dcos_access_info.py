#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_access_info
short_description: Read who may do what on a DC/OS cluster, and what is wrong with it
version_added: 0.1.0
description:
  - Reads all accounts, their permissions directly and through groups, and which of them have a key in the secret store.
  - Returns findings about them, from superusers to secrets that nobody can log in with.
  - Returns no keys and no values of secrets, only fingerprints.
  - Sends four requests for lists, one for each account and for each secret that it reads, and three for each group
    through which no account is granted anything; up to eight at a time. The IAM may answer from a cache that is up to
    five seconds old.
  - The playbook C(dcos.security.show_access) shows the result as tables and writes it as JSON and as a page.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  secrets:
    description:
      - Whether to read the secret store. Reading all of it needs the permission C(dcos:superuser), or
        C(dcos:secrets:list:default:/) with C(read) and the secrets' own resource ids.
    type: bool
    default: true
  secret_store:
    description:
      - Name of the secret store.
    type: str
    default: default
  secret_paths:
    description:
      - Which secrets to read, as shell patterns of their paths without the leading slash; V(*) also stands for slashes.
        A secret must be read to tell what it is; anything but a service-account document is dropped at once.
      - If this excludes secrets, RV(access.unknown) says so, and no account is reported as having no secret.
    type: list
    elements: str
    default: ['*']
  services:
    description:
      - The list that provisions the services, each with the variables of the role P(dcos.security.dcos_service#role),
        their names without the prefix C(dcos_service_).
      - The cluster does not store until when an account may be a superuser. With this list, the module finds accounts
        that are still superusers after their C(superuser_until).
    type: list
    elements: dict
    default: []
seealso:
  - plugin: dcos.security.access_tables
    plugin_type: filter
  - plugin: dcos.security.access_page
    plugin_type: filter
  - ref: ansible_collections.dcos.security.docsite.access
    description: The guide to who may do what.
"""

EXAMPLES = r"""
- name: Read who may do what
  dcos.security.dcos_access_info:
  register: audit

- name: Refuse accounts that are superusers by a grant of their own
  ansible.builtin.assert:
    that: audit.access.findings | selectattr('kind', 'in', ['superuser', 'superuser_expired']) | length == 0

- name: Look for forgotten bring-ups, without looking into the secret store
  dcos.security.dcos_access_info:
    secrets: false
    services:
      - name: /prod/cassandra
        preset: scheduler_stateful
        superuser: true
        superuser_until: '2026-12-31'
  register: bring_ups
"""

RETURN = r"""
access:
  description: What was read, and what was found.
  returned: success
  type: dict
  contains:
    url:
      description: URL of the cluster.
      type: str
      returned: success
      sample: https://dcos.example.com
    security_mode:
      description: Security mode, V(null) where it cannot be read.
      type: str
      returned: success
      sample: strict
    read_at:
      description: When it was read, in UTC.
      type: str
      returned: success
      sample: '2026-11-22T10:00:00Z'
    accounts:
      description: All accounts, in the order of their uids.
      returned: success
      type: list
      elements: dict
      contains:
        uid:
          description: Id of the account.
          type: str
          returned: success
          sample: cassandra-principal
        kind:
          description:
            - V(person), V(service), V(native) for an account of DC/OS itself, or V(journal) for what an unfinished
              replacement of a key left, see M(dcos.security.dcos_service_account).
          type: str
          returned: success
          sample: service
        description:
          description: Description of the account.
          type: str
          returned: success
          sample: Cassandra
        provider_type:
          description: V(internal) for accounts of the IAM itself.
          type: str
          returned: success
          sample: internal
        fingerprint:
          description: Fingerprint of its public key, V(null) for persons and for keys that cannot be read.
          type: str
          returned: success
          sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
        key_size:
          description: Size of the key in bits.
          type: int
          returned: success
          sample: 2048
        superuser:
          description: V(direct), V(group), or V(no); V(null) if unknown.
          type: str
          returned: success
          sample: 'no'
        direct:
          description: What is granted to it directly; V(null) if unknown.
          type: list
          elements: dict
          returned: success
          sample: [{rid: 'dcos:mesos:master:framework:role:cassandra-role', actions: [create]}]
        through_groups:
          description: What it may do through its groups; V(null) if unknown.
          type: list
          elements: dict
          returned: success
          sample: [{gid: developers, rid: 'dcos:adminrouter:package', actions: [full]}]
        secrets:
          description: Paths of the secrets that hold a key for it; V(null) if unknown.
          type: list
          elements: str
          returned: success
          sample: [cassandra/cassandra-secret]
        findings:
          description: The kinds of the findings that concern it.
          type: list
          elements: str
          returned: success
          sample: []
    groups:
      description: All groups, in the order of their gids.
      returned: success
      type: list
      elements: dict
      contains:
        gid:
          description: Id of the group.
          type: str
          returned: success
          sample: superusers
        direct:
          description: What its members may do.
          type: list
          elements: dict
          returned: success
          sample: [{rid: 'dcos:superuser', actions: [full]}]
        members:
          description: Uids of its members; V(null) if they could not be read.
          type: list
          elements: str
          returned: success
          sample: [admin]
    secrets:
      description: The service-account documents in the secret store, in the order of their paths.
      returned: success
      type: list
      elements: dict
      contains:
        path:
          description: Path of the secret.
          type: str
          returned: success
          sample: cassandra/cassandra-secret
        uid:
          description: Account that the document is of.
          type: str
          returned: success
          sample: cassandra-principal
        fingerprint:
          description: Fingerprint of its key, V(null) if the key is not usable.
          type: str
          returned: success
          sample: SHA256:uGWmUTuRZzZXjVPCqYtkvvBkv6RoWbGS5TSXTt0oZ3k
        matches_account:
          description: Whether the account exists and has this key.
          type: bool
          returned: success
          sample: true
    findings:
      description: What is wrong, or worth a look, the most severe first.
      returned: success
      type: list
      elements: dict
      contains:
        kind:
          description:
            - V(superuser_expired), V(superuser), V(superuser_through_group), V(key_mismatch),
              V(open_secret), V(secret_without_account), V(secret_unusable), V(journal_left), V(rotation_unfinished),
              V(shared_key), V(weak_key), V(unreadable_key), V(over_wide), V(unknown_rid),
              V(secret_without_reader), V(no_secret), V(no_grants), V(person_without_group) or V(empty_group).
          type: str
          returned: success
          sample: over_wide
        severity:
          description: V(high), V(medium) or V(low).
          type: str
          returned: success
          sample: medium
        title:
          description: The kind in words.
          type: str
          returned: success
          sample: Grant wider than needed
        subject_type:
          description: V(account), V(group), V(secret) or V(key).
          type: str
          returned: success
          sample: account
        subject:
          description: The uid, gid, path or fingerprint.
          type: str
          returned: success
          sample: cassandra-principal
        rid:
          description: Resource id that it is about, or V(null).
          type: str
          returned: success
          sample: dcos:mesos:master:framework:role
        accounts:
          description: Uids of the accounts that it concerns.
          type: list
          elements: str
          returned: success
          sample: [cassandra-principal]
        detail:
          description: What is wrong.
          type: str
          returned: success
          sample: It has no limits and applies to every Mesos role.
        remedy:
          description: What to do about it.
          type: str
          returned: success
          sample: Grant the resource and the actions that are needed by name, then revoke this.
    counts:
      description: How many findings of each severity there are.
      returned: success
      type: dict
      sample: {high: 0, medium: 1, low: 2}
    unknown:
      description: What could not be read, or was excluded; nothing is known about faults there.
      returned: success
      type: list
      elements: dict
      contains:
        part:
          description: V(permissions), V(groups) or V(secrets).
          type: str
          returned: success
          sample: secrets
        subjects:
          description: The accounts, groups or secrets; empty if it is the whole part.
          type: list
          elements: str
          returned: success
          sample: []
        reason:
          description: The reason for the first of them.
          type: str
          returned: success
          sample: 'listing the secrets of store default: https://dcos.example.com answered 403 Forbidden.'
cluster:
  description: The connection that was used, see M(dcos.security.dcos_cluster_info).
  returned: success, and on failure once it is known
  type: dict
  sample: {url: 'https://dcos.example.com', credentials_from: task}
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: 403, code: null, title: Forbidden}
"""

from typing import TypedDict

from ..module_utils._access.findings import find
from ..module_utils._access.reader import Wanted, read_access
from ..module_utils._access.view import access_view
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.frame import Reading
from ..module_utils._rules.identifiers import check_store
from ..module_utils._service.superuser_until import superuser_until

ARGUMENT_SPEC: ArgumentSpec = {
    "secrets": {"type": "bool", "default": True, "no_log": False},
    "secret_store": {"type": "str", "default": "default", "no_log": False},
    "secret_paths": {"type": "list", "elements": "str", "default": ["*"], "no_log": False},
    "services": {"type": "list", "elements": "dict", "default": []},
}


class Params(TypedDict):
    secrets: bool
    secret_store: str
    secret_paths: list[str]
    services: list[dict[str, object]]


def build(context: Context[Params]) -> Reading:
    """The reading of the cluster that the options name."""
    params, cluster = context.params, context.cluster
    wanted = Wanted(params["secrets"], check_store(params["secret_store"], "secret_store"), params["secret_paths"])
    ends = superuser_until(params["services"], "services")

    def read() -> dict[str, object]:
        reading = read_access(cluster, wanted, ends)
        return {"access": access_view(cluster.connection.url, reading, find(reading.facts))}

    return Reading(read)


def main() -> None:
    run_cluster_module(ARGUMENT_SPEC, build)


if __name__ == "__main__":
    main()
