# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The shipped presets. Data files of module_utils do not travel with a module, hence Python."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.dcos.security.plugins.module_utils._preset_model import Preset, PresetGrant

_MINIMUM: tuple[PresetGrant, ...] = (
    PresetGrant("dcos:mesos:master:framework:role:{role}", ("create",), "register as a framework with this role"),
    PresetGrant("dcos:mesos:master:task:user:{user}", ("create",), "run tasks as this Linux user"),
)
# Creating goes by the role, destroying by the principal: without the second one resources can never be given back.
_RESERVATIONS: tuple[PresetGrant, ...] = (
    PresetGrant("dcos:mesos:master:reservation:role:{role}", ("create",), "reserve resources for this role"),
    PresetGrant("dcos:mesos:master:reservation:principal:{service_account}", ("delete",), "unreserve own resources"),
)
_LOCAL_VOLUMES: tuple[PresetGrant, ...] = (
    PresetGrant("dcos:mesos:master:volume:role:{role}", ("create",), "create persistent volumes for this role"),
    PresetGrant("dcos:mesos:master:volume:principal:{service_account}", ("delete",), "destroy own persistent volumes"),
)

TRANSPORT_ENCRYPTION_FROM = "1.11"
"""The first DC/OS whose secret store knows the wildcard below; documents for older ones ask for dcos:superuser."""

TRANSPORT_ENCRYPTION: tuple[PresetGrant, ...] = (
    PresetGrant("dcos:secrets:default:/{service_name}/*", ("full",), "keep TLS keys and certificates as own secrets"),
    PresetGrant("dcos:secrets:list:default:/{service_name}", ("read",), "find own TLS keys and certificates"),
    PresetGrant("dcos:adminrouter:ops:ca:rw", ("full",), "have certificates signed by the cluster's CA"),
    PresetGrant("dcos:adminrouter:ops:ca:ro", ("full",), "read the cluster's CA certificate"),
    PresetGrant(
        "dcos:mesos:master:task:app_id:/{service_name}", ("create",), "run tasks in the service's own folder", True
    ),
    PresetGrant(
        "dcos:mesos:master:reservation:principal:{service_account}", ("create",), "reserve as its own principal", True
    ),
    PresetGrant(
        "dcos:mesos:master:volume:principal:{service_account}", ("create",), "create volumes as its own principal", True
    ),
)
"""Further grants where the scheduler provisions TLS itself. Only one template has the uncertain ones."""

PUBLIC_AGENT_PODS: tuple[PresetGrant, ...] = (
    PresetGrant(
        "dcos:mesos:master:framework:role:slave_public/{role}",
        ("create", "read"),
        "register with the role refined for public agents, and see who else has",
    ),
    PresetGrant(
        "dcos:mesos:master:reservation:role:slave_public/{role}", ("create",), "reserve resources of public agents"
    ),
    PresetGrant(
        "dcos:mesos:master:volume:role:slave_public/{role}", ("create",), "create persistent volumes on public agents"
    ),
    PresetGrant("dcos:mesos:master:framework:role:slave_public", ("read",), "see the frameworks on public agents"),
    PresetGrant("dcos:mesos:agent:framework:role:slave_public", ("read",), "see the frameworks of one public agent"),
)
"""Further grants for pods on public agents, whose resources are reserved for the role C(slave_public)."""


def _by_name(*presets: Preset) -> dict[str, Preset]:
    return {preset.name: preset for preset in presets}


# Source of the four: the page "Provisioning custom services" (1.8 and later), its lists of scheduler permissions.
SHIPPED: Mapping[str, Preset] = _by_name(
    Preset("scheduler_minimum", "Any service with a scheduler.", _MINIMUM),
    Preset("scheduler_reservations", "A scheduler that reserves resources.", _MINIMUM + _RESERVATIONS),
    Preset("scheduler_local_volumes", "A scheduler that uses local persistent volumes.", _MINIMUM + _LOCAL_VOLUMES),
    Preset(
        "scheduler_stateful",
        "A scheduler with reservations and local persistent volumes, as the stateful packages of the catalog are.",
        _MINIMUM + _RESERVATIONS + _LOCAL_VOLUMES,
    ),
)

UNDOCUMENTED_GRANTS: Mapping[str, str] = {}
"""Packages that take a service account but whose grants no document lists: name -> what is known."""
