# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""What the chosen presets mean for one service: its documented names, its role and user, and what they demand."""

from __future__ import annotations

from typing import Sequence

from .._errors import DcosError
from .._presets import reading as presets
from .._presets.reading import Preset
from .._rules import security_modes as modes
from .mode_rules import Cluster
from .names import (
    Names,
    check_linux_user,
    check_mesos_role,
)
from .variables import Variables

DEFAULT_USER = "nobody"
"""The Linux user that strict mode runs tasks as, unless the service says otherwise."""

GROUP_ROLES_FROM = "2.0"
"""The first DC/OS whose groups can enforce a role."""


class ChosenPresets:
    """The presets of one service, found and judged."""

    def __init__(self, given: Variables, names: Names) -> None:
        self._given = given
        self._names = names
        self.own = presets.read_presets(given.structure("presets") or {}, given.option("presets"), given.prefix)
        self.chosen = presets.find_presets(given.names("preset"), self.own, given.option("preset"), given.prefix)
        self.values = presets.read_extra_values(given.structure("preset_values"), given.option("preset_values"))
        self._group_role = given.boolean("group_role", False)
        self.encrypted = given.boolean("transport_encryption", False)
        self.on_public_agents = given.boolean("public_agents", False)
        self._role = given.text("mesos_role")
        if self._role is not None and self._role != presets.ANY_ROLE:
            check_mesos_role(self._role, given.option("mesos_role"))

    # Names. Documented ones hold for a service that has its documented name, so that definitions copied from there fit.

    @property
    def account(self) -> str:
        """The account unless one is given."""
        documented = self._documented()
        return (documented and documented.account) or self._names.account

    @property
    def secret_path(self) -> str:
        """The secret unless one is given."""
        documented = self._documented()
        return (documented and documented.secret_path) or self._names.secret_path

    def _documented(self) -> Preset | None:
        name = self._names.service_name
        return next((p for p in self.chosen if p.service_name is not None and p.service_name.strip("/") == name), None)

    def role_of(self, preset: Preset) -> str | None:
        """The Mesos role that stands in this preset's grants; None for any role."""
        return self._role_or(preset.mesos_role, preset.quota_aware or preset.mesos_role is None)

    @property
    def role(self) -> str | None:
        """The role for everything else: that of the presets where they agree on one."""
        roles = {self.role_of(preset) for preset in self.chosen}
        return roles.pop() if len(roles) == 1 else self._role_or(None, True)

    def _role_or(self, documented: str | None, takes_group_role: bool) -> str | None:
        if self._role is not None:
            return None if self._role == presets.ANY_ROLE else self._role
        if self._group_role and self._names.group is not None and takes_group_role:
            return self._names.group
        return self._names.mesos_role if documented is None else documented

    @property
    def linux_user(self) -> str:
        """The Linux user of the service's tasks."""
        option = self._given.option("linux_user")
        user = self._given.text("linux_user")
        if user is not None:
            return check_linux_user(user, option)
        documented = sorted({preset.linux_user for preset in self.chosen if preset.linux_user is not None})
        if len(documented) > 1:
            raise DcosError(
                f"{option}: must be given, since the presets name different Linux users: {', '.join(documented)}."
            )
        return check_linux_user(documented[0], option) if documented else DEFAULT_USER

    # Demands

    def version_matters(self, mode: str | None) -> bool:
        """Tell whether the cluster's version is needed to judge what was chosen."""
        if self.encrypted or (self._group_role and self._names.group is not None):
            return True
        return any(preset.version_matters(mode) for preset in self.chosen if mode is not None)

    def goes_without_account(
        self, mode: str, origin: str, optional_account: str, cluster: Cluster | None
    ) -> tuple[bool, list[str]]:
        """Whether the service goes without an account; a combination that cannot work is an error naming its rule."""
        option = self._given.option("preset")
        version = None if cluster is None else cluster.version
        required = modes.account_required(mode, origin)
        may_skip = origin == modes.INSIDE and optional_account == "skip"
        without = False
        warnings = []
        for preset in self.chosen:
            if cluster is None and preset.version_matters(mode):
                continue  # judged when the cluster has been read
            support, documents = preset.support_in(mode, version)
            unknown = ""
            if cluster is not None and version is None and preset.version_matters(mode):
                unknown = (
                    " The cluster does not tell its version, so the oldest documents count; a preset of your own "
                    f"named {preset.name} ({self._given.option('presets')}) takes the place of this one."
                )
            if support == presets.NOT_AVAILABLE:
                raise DcosError(
                    f"{option}: {preset.name} cannot be deployed in {mode} mode, say {documents}. Nothing was "
                    f"changed.{unknown}",
                    "mode",
                )
            if support == presets.NOT_POSSIBLE and not may_skip:
                raise DcosError(
                    f"{option}: {preset.name} cannot use a service account in {mode} mode, say {documents}. Nothing "
                    f"was changed. Set {self._given.option('optional_account')} to skip to run it without one there."
                    f"{unknown}",
                    "mode",
                )
            if unknown:
                warnings.append(
                    f"{option}: {preset.name} is judged by {documents} ({support} in {mode} mode).{unknown}"
                )
            without = without or support == presets.NOT_POSSIBLE
            required = required or support == presets.REQUIRED
        return without or (may_skip and not required), warnings

    def check_group_role(self, cluster: Cluster | None) -> list[str]:
        """A group's role exists from DC/OS 2.0 on, and packages must know how to take it."""
        option = self._given.option("group_role")
        if not self._group_role or self._names.group is None or self._role is not None:
            return []
        version = None if cluster is None else cluster.version
        if version is not None and not modes.at_least(version, GROUP_ROLES_FROM):
            raise DcosError(
                f"{option}: groups have roles from DC/OS {GROUP_ROLES_FROM} on; this cluster runs {version}. Nothing "
                "was changed. Set it to false.",
                "mode",
            )
        return [
            f"{option}: no documented version of {preset.name} takes the role of its group; it registers with "
            f"{self._names.mesos_role}. Leave the variable out, unless you know that your version does."
            for preset in self.chosen
            if preset.service_name is not None and preset.mesos_role is None and not preset.quota_aware
        ]

    def check_encryption(self, mode: str, cluster: Cluster | None, superuser: bool) -> list[str]:
        """TLS that the service provisions itself needs a CA, and a secret store with fine permissions."""
        if not self.encrypted:
            return []
        option = self._given.option("transport_encryption")
        if mode == modes.DISABLED:
            raise DcosError(
                f"{option}: a cluster in disabled mode has no certificates to give. Nothing was changed. Set it to "
                "false.",
                "mode",
            )
        since = presets.TRANSPORT_ENCRYPTION_FROM
        version = None if cluster is None else cluster.version
        warnings = []
        if version is not None and not modes.at_least(version, since) and not superuser:
            raise DcosError(
                f"{option}: before DC/OS {since} the documents demand dcos:superuser full for it, and this cluster "
                f"runs {version}. Nothing was changed. Set {self._given.option('superuser')} to true if the service "
                "may have that.",
                "mode",
            )
        if cluster is not None and version is None:
            warnings.append(
                f"{option}: the cluster does not tell its version. The grants are those from DC/OS {since} on; before, "
                f"the documents demand dcos:superuser full ({self._given.option('superuser')})."
            )
        return warnings + [
            f"{option}: no document of {preset.name} lists grants for TLS; the usual ones are made."
            for preset in self.chosen
            if preset.service_name is not None and not preset.transport_encryption and not _has_secrets(preset)
        ]

    def told(self, superuser: bool) -> list[str]:
        """What no grant of ours can give."""
        option = self._given.option("preset")
        warnings = []
        for preset in self.chosen:
            if preset.superuser is not None and not superuser:
                warnings.append(
                    f"{option}: the documents of {preset.name} ask for dcos:superuser full ({preset.superuser}). A "
                    f"preset never grants it; {self._given.option('superuser')} does."
                )
            if preset.secret_form is not None:
                warnings.append(
                    f"{option}: {preset.name} does not read the document of a service account from its secret, but "
                    f"{preset.secret_form}. Store that yourself."
                )
        return warnings


def _has_secrets(preset: Preset) -> bool:
    return any(modes.category(grant.rid) == "secrets" for grant in preset.grants)


def check_values(found: ChosenPresets, given: Variables) -> None:
    """Refuse a preset whose names are not all known."""
    presets.check_extra_values(found.chosen, found.values, given.option("preset_values"), given.prefix)


def extra_grants(found: ChosenPresets) -> Sequence[tuple[str, presets.PresetGrant]]:
    """What variables add to the presets: variable and grant."""
    extra: list[tuple[str, presets.PresetGrant]] = []
    if found.encrypted:
        extra += [("transport_encryption", grant) for grant in presets.TRANSPORT_ENCRYPTION]
    if found.on_public_agents:
        extra += [("public_agents", grant) for grant in presets.PUBLIC_AGENT_PODS]
    return extra
