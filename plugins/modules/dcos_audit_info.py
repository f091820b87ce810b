#!/usr/bin/python
# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dcos_audit_info
short_description: Read from audit lines which permissions DC/OS accounts were denied, used and are missing
version_added: 0.1.0
description:
  - Reads the audit lines in journals of a DC/OS cluster. Reports for each account what it was denied, what it used,
    what is missing, and what it has but did not need. Nothing is granted or revoked.
  - It understands lines of Admin Router, the IAM, Mesos, Marathon, Metronome and the secret store, with any prefix and
    with their keys in any order. Lines of other programs are skipped.
  - RV(unmapped) lists lines that name no documented permission, that are cut, or that repeat a key. They are never
    dropped, and no permission is guessed from them.
  - C(dcos:superuser) is never proposed. Nothing is proposed for C(bootstrapuser) and accounts that begin with C(dcos_),
    which belong to DC/OS itself.
  - Samples of lines are shown without tokens, passwords and values of queries.
  - Files are read in pieces, whatever their size. The memory needed grows with the number of different permissions in
    them.
  - The playbook C(dcos.security.find_permissions) collects the lines from the masters and shows the result as a table.
author:
  - The dcos.security contributors (@dcos)
extends_documentation_fragment:
  - dcos.security.connection
  - dcos.security.attributes
  - dcos.security.attributes.info_module
  - dcos.security.attributes.actiongroup_dcos
options:
  uid:
    description:
      - Accounts to report on. Denials without an account are also reported, since they may concern any of them.
      - By default all accounts that the lines name.
    type: list
    elements: str
    default: []
  text:
    description:
      - Texts with lines of a journal, such as what C(journalctl) printed on each master.
      - They may hold tokens, so Ansible neither logs nor shows them.
    type: list
    elements: str
  paths:
    description:
      - Files with lines of a journal, on the host that runs the module. Each holds plain lines or the output of
        C(journalctl -o json), as it is or compressed with gzip.
      - Use C(journalctl --all) with C(-o json); otherwise it omits long messages.
    type: list
    elements: path
  since:
    description:
      - Ignore lines from before this time. How long ago, such as V(30m), V(2h) or V(7d), or a time in ISO 8601, such as
        V(2026-06-14T09:00:00Z). Without an offset it is in UTC; a date alone means midnight.
      - Lines without a time are never ignored.
    type: str
  until:
    description:
      - Ignore lines from after this time; written like O(since).
    type: str
  compare:
    description:
      - Whether to compare with what the accounts may do now, directly and through groups. This needs one request for
        each account, and one for the security mode.
      - With V(false) no connection is needed. Then everything denied counts as missing; what was used may or may not be
        missing.
    type: bool
    default: true
  fold:
    description:
      - Whether to propose one permission for a folder instead of those for three or more resources below it. This
        allows more than was asked for. Applies only to services, jobs, tasks and secrets below O(folder).
    type: bool
    default: false
  folder:
    description:
      - The folder of the service, such as V(/prod/kafka). Nothing above it is proposed. Required with O(fold).
    type: str
notes:
  - In permissive mode Mesos allows everything and logs no denials. What it would deny in strict mode appears in
    RV(audit[].used), if at all; RV(notes) says so.
  - Admin Router and the IAM always write audit lines. Mesos, Marathon and Metronome write none if the cluster was
    installed with C(dcos_audit_logging) V(false).
seealso:
  - module: dcos.security.dcos_acl_grant
  - module: dcos.security.dcos_access_info
  - plugin: dcos.security.audit_tables
    plugin_type: filter
  - plugin: dcos.security.permissions_from_audit
    plugin_type: filter
  - ref: ansible_collections.dcos.security.docsite.least_privilege
    description: The guide to least privilege.
"""

EXAMPLES = r"""
- name: Read what Kafka was denied in the last two hours
  dcos.security.dcos_audit_info:
    paths:
      - journals/master-1.log.gz
      - journals/master-2.log.gz
    uid: [kafka-principal]
    since: 2h
  register: kafka

- name: Grant what is missing
  dcos.security.dcos_acl_grant:
    uid: kafka-principal
    permissions: "{{ (kafka.audit | first).missing }}"
  when: (kafka.audit | first).missing | length > 0

- name: Read lines without a cluster at hand
  dcos.security.dcos_audit_info:
    text:
      - >-
        type=audit timestamp=2026-06-14T09:12:03Z authorizer=adminrouter object=dcos:adminrouter:package action=full
        result=deny reason="IAM PQ response" srcip=10.0.6.4 srcport=51812 request_uri=/package/search uid=ci
    compare: false
  register: offline
"""

RETURN = r"""
audit:
  description:
    - The accounts that the lines name, and those of O(uid), in the order of their uids.
    - Denials of unknown accounts come last, in an entry without a uid.
  returned: success
  type: list
  elements: dict
  contains:
    uid:
      description: Id of the account; V(null) if the account is unknown.
      type: str
      returned: success
      sample: kafka-principal
    exists:
      description: Whether the account exists now; V(null) if this was not checked.
      type: bool
      returned: success
      sample: true
    denied:
      description: What it was denied, in the order of components and resource ids.
      type: list
      elements: dict
      returned: success
      contains: &asked
        rid:
          description: Resource id.
          type: str
          returned: success
          sample: dcos:mesos:master:framework:role:kafka-role
        action:
          description: Action.
          type: str
          returned: success
          sample: create
        component:
          description: Who decided, as the lines spell it.
          type: str
          returned: success
          sample: mesos-master
        known:
          description: Whether the permission is documented.
          type: bool
          returned: success
          sample: true
        granted:
          description:
            - How the account may do it now, apart from superuser power. V(direct), V(group) or V(no); V(null) if it was
              not compared.
          type: str
          returned: success
          sample: 'no'
        count: &count
          description: Number of such lines.
          type: int
          returned: success
          sample: 12
        first_at: &first_at
          description: Time of the first of them in UTC; V(null) if none has a time.
          type: str
          returned: success
          sample: '2026-06-14T09:12:03.000000Z'
        last_at: &last_at
          description: Time of the last of them.
          type: str
          returned: success
          sample: '2026-06-14T09:58:41.000000Z'
        sample: &sample
          description: The earliest of them, at most 1,000 characters, without tokens and secrets.
          type: str
          returned: success
          sample: type=audit timestamp=2026-06-14T09:12:03Z ...
    used:
      description: What it was allowed, likewise.
      type: list
      elements: dict
      returned: success
      contains: *asked
    missing:
      description:
        - What it was denied, or was allowed without a grant (as a superuser, or in permissive mode), and is not granted
          now. In the form of O(dcos.security.dcos_acl_grant#module:permissions) and the variable
          C(dcos_service_permissions).
        - Without O(compare), what it was denied.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:framework:role:kafka-role', actions: [create]}]
    needed:
      description:
        - Everything that it was denied or used, except what a group grants it; in the form of RV(audit[].missing). This
          is the complete list for an account that needs nothing else.
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:framework:role:kafka-role', actions: [create]}]
    unused:
      description:
        - What it is granted directly, but neither used nor was denied in these lines. A reason to check, not to revoke;
          RV(window) shows the period. Empty without O(compare).
      type: list
      elements: dict
      returned: success
      sample: [{rid: 'dcos:mesos:master:volume:principal:kafka-principal', actions: [delete]}]
    authentication:
      description: Denials that no grant would solve.
      type: list
      elements: dict
      returned: success
      contains:
        component:
          description: Who refused.
          type: str
          returned: success
          sample: adminrouter
        cause:
          description: What was wrong.
          type: str
          returned: success
          sample: 'the request had no valid token: it was missing, had expired, or was signed with another key'
        count: *count
        first_at: *first_at
        last_at: *last_at
        sample: *sample
unmapped:
  description: Audit lines that name no reliable permission.
  returned: success
  type: list
  elements: dict
  contains:
    uid:
      description: Account that the line names; V(null) for none.
      type: str
      returned: success
      sample: kafka-principal
    component:
      description: Who decided.
      type: str
      returned: success
      sample: mesos-agent
    action:
      description: What the line calls the action.
      type: str
      returned: success
      sample: GET
    object:
      description: What the line calls the object.
      type: str
      returned: success
      sample: /slave(1)/state
    result:
      description: V(allow) or V(deny).
      type: str
      returned: success
      sample: deny
    reason:
      description: Why it was not mapped.
      type: str
      returned: success
      sample: no documented permission fits this operation
    count: *count
    first_at: *first_at
    last_at: *last_at
    sample: *sample
notes:
  description:
    - What these lines do not show because of the security mode of the cluster, as sentences. Empty in strict mode,
      without O(compare), and if the mode cannot be read.
  returned: success
  type: list
  elements: str
  sample: []
lines:
  description: How much was read.
  returned: success
  type: dict
  contains:
    bytes:
      description: Bytes of all texts and files, unpacked.
      type: int
      returned: success
      sample: 73400320
    audit:
      description: Lines about decisions or refused logins, in the window and for the accounts in question.
      type: int
      returned: success
      sample: 1204
    without_time:
      description: Those of them without a time.
      type: int
      returned: success
      sample: 0
    not_kept:
      description: Those of them beyond the 20,000 different entries that are kept.
      type: int
      returned: success
      sample: 0
window:
  description: The period that was read.
  returned: success
  type: dict
  contains:
    since:
      description: O(since) in UTC; V(null) if not given.
      type: str
      returned: success
      sample: '2026-06-14T08:00:00.000000Z'
    until:
      description: O(until), likewise.
      type: str
      returned: success
      sample: null
    first_at:
      description: Time of the first line in question.
      type: str
      returned: success
      sample: '2026-06-14T09:12:03.000000Z'
    last_at:
      description: Time of the last one.
      type: str
      returned: success
      sample: '2026-06-14T09:58:41.000000Z'
cluster:
  description: The connection that was used, see M(dcos.security.dcos_cluster_info).
  returned: success with O(compare), and on failure once it is known
  type: dict
  sample: {url: 'https://dcos.example.com', credentials_from: task}
failure:
  description: What went wrong, for playbooks to branch on. See M(dcos.security.dcos_service_account).
  returned: failure
  type: dict
  sample: {status: 403, code: null, title: Forbidden}
"""

from datetime import datetime, timezone
from typing import TypedDict

from ..module_utils._audit.report import Window
from ..module_utils._audit.times import point_in_time
from ..module_utils._errors import DcosError
from ..module_utils._module.cluster import Context, run_cluster_module
from ..module_utils._module.run import ArgumentSpec
from ..module_utils._resources.audit_log import Sources, audit_log
from ..module_utils._resources.frame import Reading
from ..module_utils._rules.identifiers import check_uid

ARGUMENT_SPEC: ArgumentSpec = {
    "uid": {"type": "list", "elements": "str", "default": []},
    "text": {"type": "list", "elements": "str", "no_log": True},
    "paths": {"type": "list", "elements": "path"},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "compare": {"type": "bool", "default": True},
    "fold": {"type": "bool", "default": False},
    "folder": {"type": "str"},
}

_LONGEST_SHOWN = 2048
"""No text of the result is longer."""


class Params(TypedDict):
    uid: list[str]
    text: list[str] | None
    paths: list[str] | None
    since: str | None
    until: str | None
    compare: bool
    fold: bool
    folder: str | None


def build(context: Context[Params]) -> Reading:
    """The reading of the lines that the options name."""
    params = context.params
    sources = Sources(tuple(params["text"] or ()), tuple(params["paths"] or ()))
    for text in sources.texts:
        # A short text may be all of a sample, which shows it masked; Ansible would leave nothing of that.
        if len(text) <= _LONGEST_SHOWN:
            context.reveal(text)
    params["text"] = [f"{len(text)} characters" for text in sources.texts]
    for number, uid in enumerate(params["uid"]):
        check_uid(uid, f"uid[{number}]")
    window = _window(params)
    folder = _folder(params["folder"] or "") if params["fold"] else None
    if not params["compare"]:
        return audit_log(sources, window, None, folder, context.warn)
    cluster = context.cluster
    return audit_log(sources, window, cluster.iam.permissions, folder, context.warn, cluster.security_mode)


def _window(params: Params) -> Window:
    now = datetime.now(timezone.utc)
    since = point_in_time(params["since"], "since", now) if params["since"] else None
    until = point_in_time(params["until"], "until", now) if params["until"] else None
    if since is not None and until is not None and since > until:
        raise DcosError(f"since: {since} is after until, {until}, so that no line could be between them.")
    return Window(since, until, frozenset(params["uid"]))


def _folder(folder: str) -> str:
    if not folder.startswith("/") or not folder.strip("/"):
        raise DcosError(
            f"folder: {folder!r} is not the folder of a service. Give one below the root, such as /prod/kafka; the "
            "root itself would stand for every service."
        )
    return folder


def main() -> None:
    run_cluster_module(
        ARGUMENT_SPEC, build, required_one_of=[("text", "paths")], required_if=[("fold", True, ("folder",))]
    )


if __name__ == "__main__":
    main()
