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

from .._crypto.rsa_keys import MINIMUM_SIZE, check_size
from .._errors import DcosError
from .._files import check_path
from .._presets.reading import PREFIX
from .._rules import security_modes as modes
from .._rules.identifiers import check_gid, check_not_superusers, check_secret_path, check_store, next_path
from .._rules.permissions import SUPERUSER_RID, Permission
from . import mode_rules as rules
from . import names as service_names
from . import superuser as power
from .grants import (
    LeftOut,
    ServiceGrants,
    permission_view,
)
from .names import KeyFiles
from .presets import ChosenPresets
from .variables import Variables

PRESENT = "present"
ABSENT = "absent"
SKIP = "skip"
ROTATED = "rotated"

PROVISION = "provision"
ROTATE = "rotate"
RETIRE = "retire"
PURPOSES: tuple[str, ...] = (PROVISION, ROTATE, RETIRE)
"""What a run is for; the first is the default.

To provision brings a service to what its variables say. To rotate and to retire take from them only which service it
is and where its key is kept, so that the list that provisions serves for them too.
"""


@dataclass(frozen=True)
class Plan:
    """Everything is decided here; the tasks of the role and dcos_services only carry it out."""

    prefix: str
    """What the names of this service's variables begin with in messages."""
    stage: str
    """present, absent, rotated or skip."""
    read_cluster: bool
    """The cluster's own document on its security mode is needed and has not been read yet."""
    version_matters: bool
    """The cluster's version can decide about something."""
    security_mode: str | None
    service_name: str
    account: str
    description: str
    own_description: bool
    """The description was given, not derived; a derived one is for new accounts only."""
    secret_path: str
    secret_store: str
    pem_secret_path: str | None
    """A second secret with the private key alone; None where the service needs none."""
    key_store: str
    key_size: int
    """Of a key that is made."""
    key_files: KeyFiles | None
    """None if the key is kept in the secret only."""
    login_endpoint: str | None
    """Given where it does not follow from the mode: the service is outside the cluster."""
    legacy_login_endpoint: str
    permissions: tuple[Permission, ...]
    """What the account is granted."""
    keep: tuple[Permission, ...]
    """What is not revoked although it is not granted."""
    left_out: tuple[LeftOut, ...]
    run_as: tuple[Permission, ...]
    """What dcos_marathon is granted beside what it has."""
    groups: tuple[str, ...]
    """What the account is made a member of. It stays a member of others."""
    superuser: bool
    exclusive: bool
    rotate_key: bool
    rotate_key_from: str | None
    """Where given it decides instead of C(rotate_key): the account's fingerprint that asks for a rotation."""
    verify_login: str
    delete_key_files: bool
    delete_unused_acls: tuple[Permission, ...]
    """The resources whose ACLs go with the account unless somebody else uses them, without actions: all of them."""
    allow_dcos_prefix: bool
    warnings: tuple[str, ...]

    def view(self) -> dict[str, object]:
        """Plain lists and dictionaries, as templates can carry them."""
        view = {str(name): _plain(value) for name, value in asdict(self).items()}
        for name in ("permissions", "keep", "run_as", "delete_unused_acls"):
            view[name] = [_plain(permission_view(permission)) for permission in getattr(self, name)]
        view["next_secret_path"] = next_path(self.secret_path)
        return view

    def rotates(self, fingerprint: str | None) -> bool:
        """Whether this run gives the service a new key, now that the account's key is known (None: no account)."""
        return self.rotate_key if self.rotate_key_from is None else self.rotate_key_from == fingerprint


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
    purpose: str = PROVISION,
) -> Plan:
    """Make the plan.

    raw: what is said about the service: the role's variables, their names without the prefix C(dcos_service_).
    cluster: what dcos_cluster_info returned, None while it has not run.
    prefix: how the variables begin in messages, C(services[3].) for an entry of a list.
    now: an aware time, by default that of the clock.
    purpose: one of C(PURPOSES).
    """
    given = Variables(raw, prefix)
    found = None if cluster is None else rules.read_cluster(cluster)
    state = _state(given.choice("state", (PRESENT, ABSENT)), purpose)
    origin = given.choice("origin", modes.ORIGINS)
    optional_account = given.choice("optional_account", ("create", "skip"))
    key_store = given.choice("key_store", ("secret", "file"))
    exclusive = given.boolean("exclusive", True) and state != ROTATED
    in_advance = given.boolean("enforce_in_advance", False)
    allow_dcos_prefix = given.boolean("allow_dcos_prefix", False)
    rotate_key = given.boolean("rotate_key", False) or state == ROTATED
    rotate_key_from = given.fingerprint("rotate_key_from")
    superuser, ended = power.superuser(given, datetime.now(timezone.utc) if now is None else now)

    name = given.text("name")
    if name is None:
        raise DcosError(f"{prefix}name: must be given: the id of the service, such as /prod/cassandra.")
    names = service_names.derive_names(name, given.option("name"))
    chosen = ChosenPresets(given, names)
    account = service_names.account_name(
        given.text("account"), chosen.account, given.option("account"), prefix, allow_dcos_prefix
    )
    if rotate_key or rotate_key_from is not None:
        service_names.check_replaceable(account, given.option("rotate_key" if rotate_key else "rotate_key_from"))
    secret_path = check_secret_path(given.text("secret_path") or chosen.secret_path, given.option("secret_path"))
    pem_secret_path = given.text("pem_secret_path") or chosen.pem_secret_path
    if pem_secret_path is not None:
        pem_secret_path = check_secret_path(pem_secret_path, given.option("pem_secret_path"))
    groups = _groups(given)
    key_files = _key_files(given, key_store, account)
    grants = ServiceGrants(given, chosen, account)
    mode = rules.resolve_mode(
        given.choice("security_mode", (rules.AUTO, *modes.MODES)), found, given.option("security_mode")
    )

    stage = state
    warnings: list[str] = []
    login_endpoint: str | None = None
    permissions: tuple[Permission, ...] = ()
    if state == ABSENT:
        permissions = grants.all()
    elif state == PRESENT:
        permissions = grants.certain()
    left_out: tuple[LeftOut, ...] = ()
    keep: tuple[Permission, ...] = ()
    run_as: tuple[Permission, ...] = ()
    if state == PRESENT:
        chosen.check_values()
    if state in (PRESENT, ROTATED) and mode is not None:
        without, judged = chosen.goes_without_account(mode, origin, optional_account, found)
        if without:
            stage = SKIP
        else:
            login_endpoint = rules.outside_endpoint(origin, found)
        if state == PRESENT:
            warnings = judged
    if stage == PRESENT and mode is not None:
        decided = grants.for_mode(mode)
        permissions, left_out, keep = decided.granted, decided.left_out, decided.keep
        run_as, needed = power.run_as(given, chosen.scheduler_user, mode, origin, in_advance)
        warnings += [
            *ended,
            *grants.warnings,
            *decided.warnings,
            *rules.check_principal(given.text("principal"), account, mode, given.option("principal")),
            *chosen.check_group_role(found),
            *chosen.check_encryption(mode, found, superuser),
            *chosen.told(superuser),
            *needed,
        ]
        if origin == modes.INSIDE:
            warnings += rules.check_space(names.service_name, secret_path, given.option("secret_path"))
            if pem_secret_path is not None:
                option = given.option("pem_secret_path")
                warnings += rules.check_space(names.service_name, pem_secret_path, option)
    delete_acls = state == ABSENT and given.boolean("delete_unused_acls", False)
    unused = tuple(Permission(permission.rid, ()) for permission in permissions) if delete_acls else ()
    if superuser and state != ROTATED:
        permissions = (*permissions, Permission(SUPERUSER_RID, ("full",)))
    # A given mode is checked by the secret's module against the cluster, but only when that runs, and first.
    read_cluster = cluster is None and (
        mode is None or origin == modes.OUTSIDE or key_store == "file" or stage == SKIP or chosen.version_matters(mode)
    )

    version_matters = any(chosen.version_matters(each) for each in (modes.MODES if mode is None else (mode,)))
    return Plan(
        prefix=prefix,
        stage=stage,
        read_cluster=state in (PRESENT, ROTATED) and read_cluster,
        version_matters=state in (PRESENT, ROTATED) and version_matters,
        security_mode=mode,
        service_name=names.service_name,
        account=account,
        description=given.text("description") or f"Service account of /{names.service_name}",
        own_description=given.text("description") is not None,
        secret_path=secret_path,
        secret_store=check_store(given.text("secret_store") or "default", given.option("secret_store")),
        pem_secret_path=pem_secret_path,
        key_store=key_store,
        key_size=check_size(given.whole_number("key_size", MINIMUM_SIZE), given.option("key_size")),
        key_files=key_files,
        login_endpoint=login_endpoint,
        legacy_login_endpoint=given.choice("legacy_login_endpoint", ("never", "auto", "always")),
        permissions=permissions,
        keep=keep if exclusive else (),
        left_out=left_out,
        run_as=run_as,
        groups=groups if state == PRESENT else (),
        superuser=superuser,
        exclusive=exclusive,
        rotate_key=rotate_key,
        rotate_key_from=rotate_key_from,
        verify_login=given.choice("verify_login", ("changed", "always", "never")),
        delete_key_files=given.boolean("delete_key_files", False) and key_files is not None,
        delete_unused_acls=unused,
        allow_dcos_prefix=allow_dcos_prefix,
        warnings=tuple(warnings),
    )


def _state(wished: str, purpose: str) -> str:
    """What a run brings a service to. One that is wished away has no key to rotate."""
    if purpose == ROTATE:
        return SKIP if wished == ABSENT else ROTATED
    return ABSENT if purpose == RETIRE else wished


def _groups(given: Variables) -> tuple[str, ...]:
    """What the account shall be a member of."""
    option = given.option("groups")
    groups = tuple(dict.fromkeys(check_gid(gid, option) for gid in given.names("groups")))
    for gid in groups:
        advice = f"If the service needs that for its bring-up, set {given.option('superuser')} to true."
        check_not_superusers(gid, option, advice)
    return groups


def _key_files(given: Variables, key_store: str, account: str) -> KeyFiles | None:
    if key_store == "secret":
        return None
    key_dir = given.text("key_dir")
    if key_dir is None:
        raise DcosError(
            f"{given.option('key_dir')}: must be given when {given.option('key_store')} is file: the folder for the "
            "key files."
        )
    check_path(key_dir, given.option("key_dir"))
    if not key_dir.startswith(("/", "~")):
        # Ansible starts local modules in the folder of the playbook, which for ours is the installed collection.
        raise DcosError(
            f"{given.option('key_dir')}: {key_dir!r} is relative, and its target depends on how the module is "
            "started. Give an absolute path, such as '{{ playbook_dir }}/keys' or ~/keys. Nothing was changed."
        )
    return service_names.key_files(key_dir, account)
