# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From what is said about a service to what is done for it: names, grants, stages; no I/O.

The plan is made before the first module runs, so whatever can be refused is refused while nothing has been written.
Where the security mode must be read from the cluster first, it is made twice: first to check the variables.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Mapping

from ansible_collections.dcos.security.plugins.module_utils import _modes as modes
from ansible_collections.dcos.security.plugins.module_utils import _presets as presets
from ansible_collections.dcos.security.plugins.module_utils import _service_names as service_names
from ansible_collections.dcos.security.plugins.module_utils import _service_rules as rules
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._names import check_secret_path, check_store
from ansible_collections.dcos.security.plugins.module_utils._permissions import SUPERUSER_RID, Permission
from ansible_collections.dcos.security.plugins.module_utils._service_grants import (
    LeftOut,
    ServiceGrants,
    permission_view,
)
from ansible_collections.dcos.security.plugins.module_utils._service_names import KeyFiles, Names
from ansible_collections.dcos.security.plugins.module_utils._service_variables import PREFIX, Variables

PRESENT = "present"
ABSENT = "absent"
SKIP = "skip"


@dataclass(frozen=True)
class Plan:
    """Everything is decided here; the tasks of the role and dcos_services only carry it out."""

    prefix: str
    """What the names of this service's variables begin with in messages."""
    stage: str
    """present, absent or skip."""
    read_cluster: bool
    """The cluster's own document on its security mode is needed and has not been read yet."""
    security_mode: str | None
    service_name: str
    account: str
    description: str
    secret_path: str
    secret_store: str
    key_store: str
    key_files: KeyFiles | None
    """None where the key is kept in the secret only."""
    next_key_files: KeyFiles | None
    """The same for the key that a rotation is going to."""
    login_endpoint: str | None
    """Given where it does not follow from the mode: the service is outside the cluster."""
    legacy_login_endpoint: str
    permissions: tuple[Permission, ...]
    keep: tuple[Permission, ...]
    left_out: tuple[LeftOut, ...]
    superuser: bool
    exclusive: bool
    rotate_key: bool
    verify_login: str
    delete_key_files: tuple[KeyFiles, ...]
    allow_dcos_prefix: bool
    warnings: tuple[str, ...]

    def view(self) -> dict[str, object]:
        """Plain lists and dictionaries, as templates can carry them."""
        view = {str(name): _plain(value) for name, value in asdict(self).items()}
        for name, permissions in (("permissions", self.permissions), ("keep", self.keep)):
            view[name] = [_plain(permission_view(permission)) for permission in permissions]
        return view


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def plan_service(
    raw: Mapping[str, object],
    cluster: Mapping[str, object] | None = None,
    *,
    prefix: str = PREFIX,
    now: datetime | None = None,
) -> Plan:
    """Make the plan.

    raw: what is said about the service: the role's variables, their names without the prefix C(dcos_service_).
    cluster: what dcos_cluster_info returned, None while it has not run.
    prefix: how the variables begin in messages, C(services[3].) for an entry of a list.
    now: an aware time, by default that of the clock.
    """
    given = Variables(raw, prefix)
    found = None if cluster is None else rules.read_cluster(cluster)
    state = given.choice("state", (PRESENT, ABSENT))
    origin = given.choice("origin", modes.ORIGINS)
    optional_account = given.choice("optional_account", ("create", "skip"))
    key_store = given.choice("key_store", ("secret", "file"))
    exclusive = given.boolean("exclusive", True)
    in_advance = given.boolean("enforce_in_advance", False)
    allow_dcos_prefix = given.boolean("allow_dcos_prefix", False)
    rotate_key = given.boolean("rotate_key", False)
    superuser, warnings = rules.check_superuser(
        given.boolean("superuser", False),
        given.moment("superuser_until"),
        datetime.now(timezone.utc) if now is None else now,
        prefix,
    )

    name = given.text("name")
    if name is None:
        raise DcosError(f"{prefix}name: must be given: the id of the service, such as /prod/cassandra.")
    names = service_names.derive_names(name, given.option("name"))
    account = service_names.account_name(
        given.text("account"), names.account, given.option("account"), prefix, allow_dcos_prefix
    )
    if rotate_key:
        service_names.check_replaceable(account, given.option("rotate_key"))
    secret_path = check_secret_path(given.text("secret_path") or names.secret_path, given.option("secret_path"))
    key_files, next_key_files = _key_files(given, key_store, account)

    chosen = presets.find_presets(
        given.names("preset"),
        presets.read_presets(given.value("presets") or {}, given.option("presets")),
        given.option("preset"),
    )
    grants = ServiceGrants(
        chosen,
        given.value("permissions") or [],
        {
            "service_account": account,
            "service_name": names.service_name,
            "role": _mesos_role(given, names),
            "user": service_names.check_linux_user(given.text("linux_user") or "nobody", given.option("linux_user")),
            "group": names.group,
        },
        prefix,
    )

    mode = rules.resolve_mode(
        given.choice("security_mode", (rules.AUTO, *modes.MODES)), found, given.option("security_mode")
    )
    stage = state
    login_endpoint: str | None = None
    permissions = grants.all()
    left_out: tuple[LeftOut, ...] = ()
    if stage == PRESENT and mode is not None:
        if rules.goes_without_account(chosen, mode, origin, optional_account, prefix):
            stage = SKIP
        else:
            warnings += rules.check_principal(given.text("principal"), account, mode, given.option("principal"))
            permissions, left_out = grants.for_mode(mode, in_advance)
            login_endpoint = rules.outside_endpoint(origin, found)
            if origin == modes.INSIDE:
                warnings += rules.check_space(names.service_name, secret_path, given.option("secret_path"))
    if superuser:
        permissions = (*permissions, Permission(SUPERUSER_RID, ("full",)))

    return Plan(
        prefix=prefix,
        stage=stage,
        # A given mode is checked by the secret's module against the cluster, but only when that runs, and first.
        read_cluster=state == PRESENT
        and cluster is None
        and (mode is None or origin == modes.OUTSIDE or key_store == "file" or stage == SKIP),
        security_mode=mode,
        service_name=names.service_name,
        account=account,
        description=given.text("description") or f"Service account of /{names.service_name}",
        secret_path=secret_path,
        secret_store=check_store(given.text("secret_store") or "default", given.option("secret_store")),
        key_store=key_store,
        key_files=key_files,
        next_key_files=next_key_files,
        login_endpoint=login_endpoint,
        legacy_login_endpoint=given.choice("legacy_login_endpoint", ("never", "auto", "always")),
        permissions=permissions,
        keep=tuple(Permission(item.rid, item.actions) for item in left_out) if exclusive else (),
        left_out=left_out,
        superuser=superuser,
        exclusive=exclusive,
        rotate_key=rotate_key,
        verify_login=given.choice("verify_login", ("changed", "always", "never")),
        delete_key_files=_key_files_to_delete(given, key_files, next_key_files),
        allow_dcos_prefix=allow_dcos_prefix,
        warnings=tuple(warnings),
    )


def _key_files(given: Variables, key_store: str, account: str) -> tuple[KeyFiles | None, KeyFiles | None]:
    if key_store == "secret":
        return None, None
    key_dir = given.text("key_dir")
    if key_dir is None:
        raise DcosError(
            f"{given.option('key_dir')}: must be given when {given.option('key_store')} is file: the folder for the "
            "key files."
        )
    return service_names.key_files(key_dir, account)


def _key_files_to_delete(given: Variables, *files: KeyFiles | None) -> tuple[KeyFiles, ...]:
    wanted = given.boolean("delete_key_files", False)
    return tuple(pair for pair in files if pair is not None and wanted)


def _mesos_role(given: Variables, names: Names) -> str | None:
    """None stands for any role."""
    role = given.text("mesos_role")
    if role is None:
        return names.mesos_role
    return None if role == presets.ANY_ROLE else service_names.check_mesos_role(role, given.option("mesos_role"))
