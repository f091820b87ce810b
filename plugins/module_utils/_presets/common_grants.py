# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Grants that several presets share, and those that come with an option.

Sources: "Provisioning custom services" (1.8 and later; its lists for schedulers), the templates that the pages of the
services share, the pages of Kubernetes and DC/OS Monitoring (public agents), the tests of the SDK.
"""

from __future__ import annotations

from dataclasses import replace

from .._rules.security_modes import STRICT
from .model import PresetGrant


def create(rid: str, reason: str) -> PresetGrant:
    return PresetGrant(rid, ("create",), reason)


def read(rid: str, reason: str) -> PresetGrant:
    return PresetGrant(rid, ("read",), reason)


def full(rid: str, reason: str) -> PresetGrant:
    return PresetGrant(rid, ("full",), reason)


def doubted(doubt: str, *grants: PresetGrant) -> tuple[PresetGrant, ...]:
    """Granted nevertheless: the package was tested with what its page lists."""
    return tuple(replace(grant, doubt=doubt) for grant in grants)


def uncertain(doubt: str, *grants: PresetGrant) -> tuple[PresetGrant, ...]:
    """Granted on request only."""
    return tuple(replace(grant, uncertain=True) for grant in doubted(doubt, *grants))


def in_strict(grants: tuple[PresetGrant, ...]) -> tuple[PresetGrant, ...]:
    """Those that the documents list for strict mode only, though other modes enforce them too."""
    return tuple(replace(grant, modes=(STRICT,)) for grant in grants)


REGISTER = create("dcos:mesos:master:framework:role:{role}", "register as a framework with this role")
RUN_AS = create("dcos:mesos:master:task:user:{user}", "run tasks as this Linux user")
RUN_AS_ON_AGENT = create("dcos:mesos:agent:task:user:{user}", "run tasks as this Linux user, as agents check it")
"""Needed from DC/OS 1.10 on, say the tests of the SDK (DCOS-15682), the pages of Jenkins 3.6.0 and later, of NiFi, the
Data Science Engine and Kubernetes, and guides to Spark and Datadog. The permissions reference and other pages leave it
out. Every package that runs tasks gets it: it allows nothing that RUN_AS does not."""
RUN_IN_FOLDER = create("dcos:mesos:master:task:app_id:/{service_name}", "run tasks in the service's own folder")
MINIMUM = (REGISTER, RUN_AS)
# Creating goes by the role, destroying by the principal: without the second one resources can never be given back.
RESERVATIONS = (
    create("dcos:mesos:master:reservation:role:{role}", "reserve resources for this role"),
    PresetGrant("dcos:mesos:master:reservation:principal:{service_account}", ("delete",), "unreserve own resources"),
)
LOCAL_VOLUMES = (
    create("dcos:mesos:master:volume:role:{role}", "create persistent volumes for this role"),
    PresetGrant("dcos:mesos:master:volume:principal:{service_account}", ("delete",), "destroy own persistent volumes"),
)
RESOURCES = RESERVATIONS + LOCAL_VOLUMES
STATEFUL = MINIMUM + RESOURCES
# The lists above are those for services of one's own, word by word. What packages need beside them:
PACKAGE_MINIMUM = (*MINIMUM, RUN_AS_ON_AGENT)
PACKAGE_STATEFUL = PACKAGE_MINIMUM + RESOURCES

SIGN = full("dcos:adminrouter:ops:ca:rw", "have certificates signed by the cluster's CA")
CA = (SIGN, full("dcos:adminrouter:ops:ca:ro", "read what the cluster's CA publishes"))
MARATHON_API = full("dcos:adminrouter:service:marathon", "reach the API of Marathon")
MASTER_API = full("dcos:adminrouter:ops:mesos", "reach the API of the Mesos master")
AGENT_API = full("dcos:adminrouter:ops:slave", "reach the API of the Mesos agents")
EVENTS = read("dcos:service:marathon:marathon:admin:events", "follow the events of Marathon")
SEE_PUBLIC = (
    read("dcos:mesos:master:framework:role:slave_public", "see the frameworks on public agents"),
    read("dcos:mesos:agent:framework:role:slave_public", "see the frameworks on one public agent"),
)

TRANSPORT_ENCRYPTION_FROM = "1.11"
"""The first DC/OS whose secret store knows the wildcard below; documents for older ones ask for dcos:superuser."""

TLS = (
    full("dcos:secrets:default:/{service_name}/*", "keep TLS keys and certificates as secrets of its own"),
    read("dcos:secrets:list:default:/{service_name}", "find its TLS keys and certificates again"),
    *CA,
)

TRANSPORT_ENCRYPTION: tuple[PresetGrant, ...] = (
    *TLS,
    *uncertain("only one template lists it, without the slash", RUN_IN_FOLDER),
    *uncertain(
        "only one template lists it, for a stray account; the reference knows only delete",
        create("dcos:mesos:master:reservation:principal:{service_account}", "reserve under its own principal"),
        create("dcos:mesos:master:volume:principal:{service_account}", "create volumes under its own principal"),
    ),
)
"""Further grants where the scheduler provisions TLS itself."""

PUBLIC_AGENT_PODS: tuple[PresetGrant, ...] = (
    PresetGrant(
        "dcos:mesos:master:framework:role:slave_public/{role}",
        ("create", "read"),
        "register with the role for public agents, and see who else has",
    ),
    create("dcos:mesos:master:reservation:role:slave_public/{role}", "reserve resources of public agents"),
    create("dcos:mesos:master:volume:role:slave_public/{role}", "create persistent volumes on public agents"),
    *SEE_PUBLIC,
)
"""Further grants for pods on public agents, whose resources are reserved for the role C(slave_public)."""
