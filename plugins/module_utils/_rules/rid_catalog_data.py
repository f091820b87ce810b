# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The resource ids that documents of DC/OS know, and the actions that mean something on each.

Sources: the permissions references of DC/OS 1.8 to 2.2, other pages of its documentation, pages of single services.
In templates C(<name>) is a value that must be there and C([name]) one that may be left out, which stands for any.
Spellings that a document has by mistake, or that ended with DC/OS 1.7, are not here: rid_catalog.py has hints.
"""

from __future__ import annotations

from dataclasses import dataclass

from .permissions import ACTIONS, SUPERUSER_RID

REFERENCE = "reference"
ELSEWHERE = "elsewhere"
PRODUCT = "product"
"""Where a resource id is documented: in a permissions reference, on another page of DC/OS, by one service only."""


@dataclass(frozen=True)
class Entry:
    """One template of resource ids."""

    template: str
    actions: tuple[str, ...]
    """Those that the permissions reference lists, or else the page that has the resource id."""
    also_granted: tuple[str, ...]
    """Further ones that other pages grant."""
    component: str
    """What asks for it."""
    description: str
    status: str = REFERENCE
    uncertain: bool = False
    """No permissions reference has it, or another document contradicts it."""

    @property
    def category(self) -> str:
        """The part that decides in which security modes it is enforced."""
        return self.template.split(":")[1]


def _actions(words: str) -> tuple[str, ...]:
    return ACTIONS if words == "all" else tuple(words.split())


def _section(
    component: str, prefix: str, rows: tuple[tuple[str, ...], ...], status: str = REFERENCE, uncertain: bool = False
) -> tuple[Entry, ...]:
    """Rows: template after the prefix, actions, description, further actions where there are some."""
    return tuple(
        Entry(
            prefix + template,
            _actions(actions),
            _actions(" ".join(also)),
            component=component,
            description=description,
            status=status,
            uncertain=uncertain,
        )
        for template, actions, description, *also in rows
    )


def _admin_router(*rows: tuple[str, str], status: str = REFERENCE, uncertain: bool = False) -> tuple[Entry, ...]:
    """Admin Router knows a single action."""
    with_action = tuple((template, "full", description) for template, description in rows)
    return _section("Admin Router", "dcos:adminrouter:", with_action, status, uncertain)


_SUPERUSER = _section("every component", "", ((SUPERUSER_RID, "all", "Do anything; each single action is enough."),))

_ADMIN_ROUTER = (
    *_admin_router(
        ("acs", "Reach the Identity and Access Management API."),
        ("licensing", "Use the Licensing API."),
        ("ops:ca:ro", "Read from the Certificate Authority."),
        ("ops:ca:rw", "Have the Certificate Authority sign."),
        ("ops:cockroachdb", "Open the web interface of CockroachDB."),
        ("ops:exhibitor", "Use Exhibitor, and through it change what ZooKeeper holds."),
        ("ops:historyservice", "Read the history of tasks and nodes, up to DC/OS 1.12."),
        ("ops:mesos-dns", "Use the API of Mesos-DNS."),
        ("ops:mesos", "Reach the Mesos master, which checks nothing more itself unless the mode is strict."),
        ("ops:metadata", "Read the cluster's version, security mode and addresses."),
        ("ops:networking", "Read the networking endpoints."),
        ("ops:slave", "Reach the Mesos agents, sandboxes and logs of tasks included."),
        ("ops:system-health", "Read the health of the cluster's components."),
        ("ops:system-logs", "Read the logs of the cluster's components."),
        ("ops:system-metrics", "Read the cluster's metrics."),
        ("package", "Search and install packages, and add repositories of packages."),
        ("service:<service-endpoint>", "Reach one service below /service/."),
        ("service:marathon", "Reach the native Marathon."),
        ("service:metronome", "Reach Metronome, which runs jobs."),
    ),
    *_admin_router(
        ("ops:system-backup", "Back up and restore the cluster."),
        ("ops:cluster-link", "Use the Cluster Link API."),
        status=ELSEWHERE,
    ),
    *_admin_router(
        ("secrets", "Open the tab of secrets; probably without effect."),
        ("capabilities", "Ask what the package API can do."),
        ("system:agent", "Read logs, metrics and names from one agent."),
        status=ELSEWHERE,
        uncertain=True,
    ),
    *_admin_router(
        ("service:edgelb", "Use the whole API of Edge-LB."),
        ("service:edgelb:/ping", "Ask whether Edge-LB answers."),
        ("service:edgelb:/config", "List the pools of Edge-LB."),
        ("service:edgelb:/pools/<pool-name>", "Read one pool of Edge-LB."),
        ("service:edgelb:/v1/loadbalancers", "Create pools of Edge-LB, old API."),
        ("service:edgelb:/v1/loadbalancers/<pool-name>", "Change one pool of Edge-LB, old API."),
        ("service:edgelb:/v2/pools", "Create pools of Edge-LB and diagnose them."),
        ("service:edgelb:/v2/pools/<pool-name>", "Change or delete one pool of Edge-LB."),
        ("service:dcos-edgelb/pools/<pool-name>", "Reach the scheduler of one pool of Edge-LB."),
        status=PRODUCT,
    ),
)

_MESOS_AGENT = (
    *_section(
        "Mesos agent",
        "dcos:mesos:agent:",
        (
            ("container:app_id[:service-or-job-group]", "update", "Attach to containers of a service or job.", "read"),
            ("container:role[:role-name]", "update", "Attach to containers with a role."),
            ("endpoint:path[:endpoint]", "read", "Read endpoints that nothing else protects.", "full"),
            ("executor:app_id[:service-or-job-group]", "read", "See executors of a service or job."),
            ("flags", "read", "See with which flags the agent runs."),
            ("framework:role[:role-name]", "read", "See frameworks with a role."),
            ("log", "read", "Read the agent's log."),
            (
                "nested_container_session:app_id[:service-or-job-group]",
                "create",
                "Start a session in a container of a service or job.",
            ),
            ("nested_container_session:role[:role-name]", "create", "Start a session in a container with a role."),
            ("nested_container_session:user[:linux-user-name]", "create", "Start a session as a Linux user."),
            ("resource_provider", "read", "See the agent's resource providers."),
            ("resource_provider_config", "create update delete", "Configure the agent's resource providers.", "full"),
            ("sandbox:app_id[:service-or-job-group]", "read", "Read files and logs of tasks."),
            ("task:app_id[:service-or-job-group]", "read", "See tasks of a service or job."),
        ),
    ),
    *_section(
        "Mesos agent",
        "dcos:mesos:agent:",
        (("task:user[:linux-user-name]", "create", "Run tasks as a Linux user, checked by the agent too."),),
        PRODUCT,
        uncertain=True,
    ),
)

_MESOS_MASTER = (
    *_section(
        "Mesos master",
        "dcos:mesos:master:",
        (
            ("agent", "update delete", "Deactivate, reactivate and drain agents."),
            ("block_disk", "create delete", "Create and destroy block disks."),
            ("endpoint:path[:endpoint]", "read", "Read endpoints that nothing else protects.", "full"),
            ("executor:app_id[:service-or-job-group]", "read", "See executors of a service or job."),
            ("flags", "read", "See with which flags the master runs."),
            ("framework:principal[:service-account-id]", "delete", "Tear down frameworks of an account.", "full"),
            ("framework:role[:role-name]", "create", "Register as a framework with a role.", "read full"),
            ("log", "read", "Read the master's log."),
            ("mount_disk", "create delete", "Create and destroy mount disks."),
            ("quota:role[:role-name]", "read update", "Read and change the quota of a role."),
            (
                "reservation:principal[:service-account-id]",
                "delete",
                "Unreserve what an account reserved.",
                "create full",
            ),
            ("reservation:role[:role-name]", "create", "Reserve resources for a role.", "read full"),
            ("task:app_id[:service-or-job-group]", "create", "Run tasks in a group of services or jobs.", "read full"),
            ("task:user[:linux-user-name]", "create", "Run tasks as a Linux user.", "full"),
            ("volume:principal[:service-account-id]", "delete", "Destroy volumes of an account.", "create full"),
            ("volume:role[:role-name]", "create", "Create persistent volumes for a role.", "read full"),
            ("weight:role[:role-name]", "read update", "Read and change the weight of a role."),
        ),
    ),
    *_section(
        "Mesos master",
        "dcos:mesos:master:",
        (
            ("reservation", "delete", "Unreserve anything (Storage Service)."),
            ("block_disk:role", "full", "Create and destroy block disks (Storage Service)."),
            ("mount_disk:role", "full", "Create and destroy mount disks (Storage Service)."),
            ("raw_disk:role", "full", "Create and destroy raw disks (Storage Service)."),
            ("task:role[:role-name]", "create", "Run tasks with a role (Data Science Engine)."),
            ("task:principal[:service-account-id]", "create", "Run tasks under a principal (Data Science Engine)."),
        ),
        PRODUCT,
        uncertain=True,
    ),
)

_SERVICES = (
    *_section(
        "Marathon",
        "dcos:service:marathon:marathon:",
        (
            ("admin:config", "read", "Read Marathon's configuration."),
            ("admin:events", "read full", "Follow Marathon's events."),
            ("admin:leader", "read update full", "See Marathon's leader, and make it step down."),
            ("services:/[service-group]", "all", "Services of the native Marathon, in one group or all."),
        ),
    ),
    *_section(
        "Marathon on Marathon",
        "dcos:service:marathon:",
        (("<marathon-instance>:services:/[service-group]", "all", "Services of a Marathon that runs on Marathon."),),
        ELSEWHERE,
    ),
    *_section(
        "Metronome",
        "dcos:service:metronome:metronome:",
        (("jobs[:job-group]", "all", "Jobs, in one group or all."),),
    ),
)

_SECRETS = (
    *_section(
        "secret store",
        "dcos:secrets:",
        (
            ("default:[/path-name/]<secret-name>", "all", "One secret."),
            ("list:default:/[path]", "read", "See the names of secrets below a path.", "full"),
        ),
    ),
    *_section(
        "secret store",
        "dcos:secrets:",
        (("default:/<path>/*", "full", "All secrets below a path, from DC/OS 1.11 on.", "create update"),),
        PRODUCT,
    ),
)

_CLUSTER = _section(
    "cluster linker",
    "dcos:cluster:linker:",
    (
        ("<cluster-id>", "read", "One link to another cluster."),
        ("*", "create read update delete", "All links to other clusters."),
    ),
)

CATALOG: tuple[Entry, ...] = (
    *_SUPERUSER,
    *_ADMIN_ROUTER,
    *_MESOS_AGENT,
    *_MESOS_MASTER,
    *_SERVICES,
    *_SECRETS,
    *_CLUSTER,
)
