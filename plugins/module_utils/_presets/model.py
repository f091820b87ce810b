# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What a preset is: the grants that one kind of service needs, and what else its documents say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping

from .._rules.security_modes import (
    DISABLED,
    MODES,
    PERMISSIVE,
    STRICT,
    at_least,
    enforced,
    why_not_enforced,
)

OPTIONAL = "optional"
REQUIRED = "required"
NOT_POSSIBLE = "not_possible"
NOT_AVAILABLE = "not_available"
UNDOCUMENTED = "undocumented"

SUPPORT: tuple[str, ...] = (OPTIONAL, REQUIRED, NOT_POSSIBLE, NOT_AVAILABLE)
"""How a service goes with a mode: works without an account; needs one; cannot use one; cannot be deployed at all.
C(undocumented) is in shipped presets only: no document says, so the rules of the mode alone decide."""

Support = Mapping[str, str]
"""Security mode -> one of SUPPORT."""

PLACEHOLDERS: tuple[str, ...] = ("service_account", "service_name", "folder", "role", "user", "group")
"""What a rid may hold in braces: the uid; the service name without leading slash; the same without what the package
appends to the name it is given (C(Preset.app)); the Mesos role; the Linux user of the tasks; the first folder of the
service name."""

EXTRA_PLACEHOLDERS: tuple[str, ...] = ("pool_name", "app_id", "marathon_instance")
"""Further ones, whose values only the user knows: one Edge-LB pool; the id of an app, with its leading slash; the
framework name of a Marathon that runs on Marathon. Each may have several values."""


@dataclass(frozen=True)
class PresetGrant:
    """One resource of a preset; the rid may hold placeholders."""

    rid: str
    actions: tuple[str, ...]
    reason: str | None = None
    """What the service does with it."""
    uncertain: bool = False
    """Granted on request only: more speaks against it than C(doubt) alone, and the service works without it."""
    doubt: str | None = None
    """What speaks against it, as the end of a sentence. Alone it is reported in the documentation: a package is granted
    what its own pages list, since it was tested with that."""
    modes: tuple[str, ...] = MODES
    """The modes whose documents list it, where a looser mode would enforce it but its documents leave it out."""

    def needed_in(self, mode: str) -> bool:
        """Tell whether a cluster of this mode asks for it."""
        return mode in self.modes and enforced(self.rid, mode)

    def why_not_needed(self, mode: str) -> str:
        """One sentence for reports, where C(needed_in) is false."""
        if mode in self.modes:
            return why_not_enforced(self.rid, mode)
        return f"the documents list it for {' and '.join(self.modes)} mode only; this cluster is in {mode} mode"


def default_support() -> dict[str, str]:
    """The rule for services inside the cluster."""
    return {DISABLED: OPTIONAL, PERMISSIVE: OPTIONAL, STRICT: REQUIRED}


@dataclass(frozen=True)
class Preset:
    """What one kind of service needs. The grants are those of strict mode; the plan takes out what is not enforced."""

    name: str
    description: str
    grants: tuple[PresetGrant, ...]
    support: Support = field(default_factory=default_support)
    """Per mode, whether its account is possible or needed."""
    support_from: Mapping[str, Support] = field(default_factory=dict)
    """Later documents: DC/OS version -> the table that holds from it on. Ordered from old to new."""
    service_name: str | None = None
    """The name under which the service runs by default; None: no document gives one."""
    account: str | None = None
    """The documented account of a service that has its default name; None: derived."""
    secret_path: str | None = None
    """The documented secret of a service that has its default name; None: derived."""
    linux_user: str | None = None
    """The documented Linux user of the tasks where it is not nobody."""
    scheduler_user: str | None = None
    """The Linux user that Marathon starts the scheduler as, where that is not the user of the tasks."""
    mesos_role: str | None = None
    """The documented role where it is not derived from the service's name."""
    app: str | None = None
    """The part that the package appends to the name it is given (its service.name) to make the id of its app."""
    both_roles: bool = False
    """The service moves to the role of its group: everything for a role is granted for the old and the new one."""
    quota_aware: bool = False
    """Some version of the package can take the role of its top-level group (DC/OS 2.0 and later)."""
    transport_encryption: bool = False
    """The documents give grants for TLS that the service provisions itself."""
    superuser: str | None = None
    """Where documents ask for dcos:superuser: why. Never granted by a preset."""
    extra_placeholders: tuple[str, ...] = ()
    """Those of EXTRA_PLACEHOLDERS that must have a value. Grants with other ones are left out while there is none."""
    pem_secret: str | None = None
    """The secret in the service's own folder from which it reads its private key alone, as PEM, where it reads no
    service-account document."""
    notes: tuple[str, ...] = ()
    """Traps that its user should know, one sentence each."""
    sources: tuple[str, ...] = ()
    """Where the facts come from: pages of the DC/OS documentation, or files of public repositories."""

    def folder_of(self, service_name: str) -> str:
        """The folder that holds everything of a service, whether its name ends in the part of the app or not."""
        if self.app is None or not service_name.endswith(f"/{self.app}"):
            return service_name
        return service_name[: -len(f"/{self.app}")]

    def support_in(self, mode: str, version: str | None = None) -> tuple[str, str]:
        """How the service goes with a mode, and the documents that say so (for messages).

        version: the cluster's. An unknown one is judged by the oldest documents: where they differ, those are the
        ones that refuse.
        """
        table, documents = self.support, "its documents"
        if self.support_from:
            documents = f"its documents before DC/OS {next(iter(self.support_from))}"
        for since, later in self.support_from.items():
            if at_least(version, since):
                table, documents = later, f"its documents for DC/OS {since} and later"
        return table.get(mode, UNDOCUMENTED), documents

    def version_matters(self, mode: str) -> bool:
        """Tell whether the cluster's version must be known to judge this mode."""
        return any(later.get(mode) != self.support.get(mode) for later in self.support_from.values())
