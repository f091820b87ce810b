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
        self.names = names
        self.own = presets.read_presets(given.structure("own_presets") or {}, given.option("own_presets"), given.prefix)
        self.chosen = presets.find_presets(given.names("preset"), self.own, given.option("preset"), given.prefix)
        self.values = presets.read_extra_values(given.structure("preset_values"), given.option("preset_values"))
        self._group_role = given.boolean("group_role", False)
        self._encrypted = given.boolean("transport_encryption", False)
        self._on_public_agents = given.boolean("public_agents", False)
        self._given_roles = _given_roles(given)
        self._moving = self._check_migration()

    def _check_migration(self) -> bool:
        """Tell whether the service moves to the role of its group; one in no folder has none to move to."""
        moving = [preset.name for preset in self.chosen if preset.both_roles]
        if moving and self.names.group is None:
            raise DcosError(
                f"{self._given.option('preset')}: {moving[0]} moves a service to the role of its group, but "
                f"/{self.names.service_name} is in no folder. Nothing was changed. Leave it out."
            )
        return bool(moving)

    # Names. Documented ones hold for a service that has its documented name, so that definitions copied from there fit.

    @property
    def account(self) -> str:
        """The account unless one is given."""
        documented = self._documented()
        return (documented and documented.account) or self.names.account

    @property
    def secret_path(self) -> str:
        """The secret unless one is given."""
        documented = self._documented()
        return (documented and documented.secret_path) or self.names.secret_path

    @property
    def pem_secret_path(self) -> str | None:
        """The secret with the private key alone, for a package that reads that, unless one is given."""
        named = (preset.pem_secret for preset in self.chosen if preset.pem_secret is not None)
        return next((f"{self.names.service_name}/{name}" for name in named), None)

    def _documented(self) -> Preset | None:
        named = (preset for preset in self.chosen if preset.service_name is not None)
        home = self.names.service_name
        return next((each for each in named if each.folder_of(each.service_name or "") == each.folder_of(home)), None)

    @property
    def folder(self) -> str:
        """The folder that holds everything of the service: its name, unless its package appends a part to that."""
        name = self.names.service_name
        return next((preset.folder_of(name) for preset in self.chosen if preset.app is not None), name)

    def roles_of(self, preset: Preset) -> tuple[str | None, ...]:
        """The Mesos roles that are in this preset's grants; None for any role."""
        if preset.both_roles:
            return self.roles
        return self._roles_or(preset.mesos_role, preset.quota_aware or preset.mesos_role is None)

    @property
    def roles(self) -> tuple[str | None, ...]:
        """The roles for everything else: those of the presets where they agree."""
        found = {self.roles_of(preset) for preset in self.chosen if not preset.both_roles}
        return found.pop() if len(found) == 1 else self._roles_or(None, True)

    def _roles_or(self, documented: str | None, takes_group_role: bool) -> tuple[str | None, ...]:
        if self._given_roles == (presets.ANY_ROLE,):
            return (None,)
        own = self._given_roles or (documented or self.names.mesos_role,)
        group = self.names.group
        if group is None or not takes_group_role:
            return own
        if self._moving:
            return tuple(dict.fromkeys((*own, group)))
        return (group,) if self._group_role and not self._given_roles else own

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

    @property
    def scheduler_user(self) -> str:
        """The Linux user that Marathon starts the scheduler as: that of the tasks, unless the package has its own."""
        documented = (preset.scheduler_user for preset in self.chosen if preset.scheduler_user is not None)
        return check_linux_user(next(documented, self.linux_user), self._given.option("linux_user"))

    @property
    def _takes_group_role(self) -> bool:
        """Tell whether the role of the group is among those of the service."""
        return self.names.group is not None and (self._moving or (self._group_role and not self._given_roles))

    def extra_grants(self) -> Sequence[tuple[str, presets.PresetGrant]]:
        """What variables add to the presets: variable and grant."""
        extra: list[tuple[str, presets.PresetGrant]] = []
        if self._encrypted:
            extra += [("transport_encryption", grant) for grant in presets.TRANSPORT_ENCRYPTION]
        if self._on_public_agents:
            extra += [("public_agents", grant) for grant in presets.PUBLIC_AGENT_PODS]
        return extra

    # Demands

    def check_values(self) -> None:
        """Refuse a preset whose names are not all known."""
        given = self._given
        presets.check_extra_values(self.chosen, self.values, given.option("preset_values"), given.prefix)

    def version_matters(self, mode: str | None) -> bool:
        """Tell whether the cluster's version is needed to judge what was chosen."""
        if self._encrypted or self._takes_group_role:
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
                    f"named {preset.name} ({self._given.option('own_presets')}) replaces this one."
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
        if not self._takes_group_role:
            return []
        variable, remedy = ("group_role", "Set it to false.") if self._group_role else ("preset", "Leave that one out.")
        option = self._given.option(variable)
        version = None if cluster is None else cluster.version
        if version is not None and not modes.at_least(version, GROUP_ROLES_FROM):
            raise DcosError(
                f"{option}: groups have roles from DC/OS {GROUP_ROLES_FROM} on; this cluster runs {version}. Nothing "
                f"was changed. {remedy}",
                "mode",
            )
        return [
            f"{option}: no documented version of {preset.name} takes the role of its group; it registers with "
            f"{self.names.mesos_role}. {remedy} Or leave it, if you know that your version does."
            for preset in self.chosen
            if preset.service_name is not None and preset.mesos_role is None and not preset.quota_aware
        ]

    def check_encryption(self, mode: str, cluster: Cluster | None, superuser: bool) -> list[str]:
        """TLS that the service provisions itself needs a CA, and a secret store with fine permissions."""
        if not self._encrypted:
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
        return warnings


def _has_secrets(preset: Preset) -> bool:
    return any(modes.category(grant.rid) == "secrets" for grant in preset.grants)


def _given_roles(given: Variables) -> tuple[str, ...]:
    """The roles that the user names; none if they are derived."""
    option = given.option("mesos_role")
    roles = tuple(dict.fromkeys(given.names("mesos_role")))
    if presets.ANY_ROLE in roles and len(roles) > 1:
        raise DcosError(f"{option}: {presets.ANY_ROLE} stands for every role. Leave out either that or the others.")
    return tuple(role if role == presets.ANY_ROLE else check_mesos_role(role, option) for role in roles)
