# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""From the variables of the role C(dcos_service) to what its tasks do: names, grants, stages; no I/O.

The plan is made before the first module runs, so whatever can be refused is refused while nothing has been written.
Where the security mode must be read from the cluster first, it is made twice: first to check the variables.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.dcos.security.plugins.module_utils import _modes as modes
from ansible_collections.dcos.security.plugins.module_utils import _presets as presets
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._names import (
    NATIVE_ACCOUNTS,
    NATIVE_PREFIX,
    check_not_native,
    check_secret_path,
    check_store,
    check_uid,
)
from ansible_collections.dcos.security.plugins.module_utils._permissions import (
    SUPERUSER_RID,
    Permission,
    check_permissions,
    check_rid,
)

PREFIX = "dcos_service_"
MASK = "********"
"""What ansible-core writes over text that it takes for a secret."""

_TRUE = frozenset(("true", "yes", "on", "1", "y", "t"))
_FALSE = frozenset(("false", "no", "off", "0", "n", "f"))
# The segments of an app id as Marathon checks them: labels of lower-case letters, digits and hyphens, joined by dots.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SEGMENT = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LINUX_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?")
_MESOS_ROLE_PART = re.compile(r"[^-\s%:{}\\/][^\s%:{}\\/]*")


# --- names -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """What follows from the name of a service alone."""

    service_name: str
    """Without the leading slash: C(prod/cassandra)."""
    account: str
    secret_path: str
    mesos_role: str
    group: str | None
    """The first folder; None for a service that is in none."""


def derive_names(name: str, option: str = PREFIX + "name") -> Names:
    """The documented rules: folders become C(__) where a slash cannot stand.

    No segment can hold an underscore, so different services never get the same account, role or secret. The role
    is the one that the SDK of the stateful packages derives; the secret is below the service's own path, where this
    service and those below it can read it.
    """
    segments = (name[1:] if name.startswith("/") else name).split("/")
    for segment in segments:
        if _SEGMENT.fullmatch(segment) is None:
            what = "an empty part" if not segment else f"the part {segment!r}"
            raise DcosError(
                f"{option}: {name!r} is not the name of a service: it has {what}. Use the id under which it runs, such "
                "as /prod/cassandra: lower-case letters, digits, '-' and '.' in parts joined by single slashes; a part "
                "begins and ends with a letter or digit, and '__' is never allowed."
            )
    flat = "__".join(segments)
    return Names(
        service_name="/".join(segments),
        account=f"{flat}-principal",
        secret_path="/".join([*segments, f"{segments[-1]}-secret"]),
        mesos_role=f"{flat}-role",
        group=segments[0] if len(segments) > 1 else None,
    )


def readable_by(service_name: str, secret_path: str) -> bool:
    """Spaces of the secret store: a service reads the secrets in its own path and in the folders above it."""
    folder = secret_path.rpartition("/")[0]
    return folder == "" or f"{service_name}/".startswith(f"{folder}/")


# --- variables -------------------------------------------------------------------------------------------------------


class _Variables:
    """Typed reading. Empty text means unset for every variable: an unanswered question of an AWX survey is that."""

    KNOWN = frozenset(
        (
            "account",
            "allow_dcos_prefix",
            "delete_key_files",
            "description",
            "enforce_in_advance",
            "exclusive",
            "key_dir",
            "key_store",
            "legacy_login_endpoint",
            "linux_user",
            "mesos_role",
            "name",
            "optional_account",
            "origin",
            "permissions",
            "preset",
            "presets",
            "principal",
            "rotate_key",
            "secret_path",
            "secret_store",
            "security_mode",
            "state",
            "superuser",
            "verify_login",
        )
    )

    def __init__(self, raw: Mapping[str, Any]) -> None:
        unknown = sorted(set(raw) - self.KNOWN)
        if unknown:
            raise DcosError(f"{PREFIX}{unknown[0]}: there is no such variable.")
        self._raw = raw

    def value(self, name: str) -> Any:
        value = self._raw.get(name)
        return None if isinstance(value, str) and not value.strip() else value

    def text(self, name: str) -> str | None:
        value = self.value(name)
        if value is not None and not isinstance(value, str):
            raise DcosError(f"{PREFIX}{name}: must be text, not {type(value).__name__}; put it in quotes.")
        return None if value is None else str(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of the choices; the first is the default."""
        value = self.text(name)
        if value is None:
            return choices[0]
        if value not in choices:
            raise DcosError(f"{PREFIX}{name}: {value!r} is unknown. Use one of {', '.join(choices)}.")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return bool(value)
        word = str(value).strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise DcosError(f"{PREFIX}{name}: {value!r} is neither true nor false.")

    def names(self, name: str) -> list[str]:
        """One name or a list of them."""
        value = self.value(name)
        if value is None:
            return []
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, Sequence) or not all(isinstance(item, str) for item in listed):
            raise DcosError(f"{PREFIX}{name}: must be a name or a list of names.")
        return [str(item) for item in listed if item.strip()]


# --- the plan --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LeftOut:
    """Actions of a preset that this mode does not enforce: not granted now, and not revoked where they are."""

    rid: str
    actions: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Plan:
    """What the tasks of the role read. Everything is decided here; the tasks only pass it to modules."""

    stage: str
    """present, absent or skip: the file of tasks that follows."""
    read_cluster: bool
    """The cluster's own document on its security mode is needed and has not been read yet."""
    security_mode: str | None
    service_name: str
    account: str
    description: str
    secret_path: str
    secret_store: str
    key_store: str
    key_files: dict[str, str] | None
    """Paths of the private and the public key, None where the key is kept in the secret only."""
    next_key_files: dict[str, str] | None
    """The same for the key that a rotation is going to."""
    login_endpoint: str | None
    """Given where it does not follow from the mode: the service is outside the cluster."""
    legacy_login_endpoint: str
    permissions: tuple[dict[str, Any], ...]
    keep: tuple[dict[str, Any], ...]
    left_out: tuple[LeftOut, ...]
    superuser: bool
    exclusive: bool
    rotate_key: bool
    verify_login: str
    delete_key_files: tuple[dict[str, str], ...]
    allow_dcos_prefix: bool
    warnings: tuple[str, ...]

    def view(self) -> dict[str, Any]:
        """Plain lists and dictionaries, as templates can carry them."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def plan_service(raw: Mapping[str, Any], cluster: Mapping[str, Any] | None = None) -> Plan:
    """Make the plan.

    raw: the role's variables, their names without the prefix C(dcos_service_).
    cluster: what dcos_cluster_info returned, None while it has not run.
    """
    given = _Variables(raw)
    warnings: list[str] = []
    state = given.choice("state", ("present", "absent"))
    origin = given.choice("origin", modes.ORIGINS)
    optional_account = given.choice("optional_account", ("create", "skip"))
    key_store = given.choice("key_store", ("secret", "file"))
    superuser = given.boolean("superuser", False)
    exclusive = given.boolean("exclusive", True)
    in_advance = given.boolean("enforce_in_advance", False)
    allow_dcos_prefix = given.boolean("allow_dcos_prefix", False)

    name = given.text("name")
    if name is None:
        raise DcosError(f"{PREFIX}name: must be given: the id of the service, such as /prod/cassandra.")
    names = derive_names(name)
    account = _account(given.text("account"), names, allow_dcos_prefix)
    secret_path = check_secret_path(given.text("secret_path") or names.secret_path, PREFIX + "secret_path")
    key_dir = given.text("key_dir")
    if key_store == "file" and key_dir is None:
        raise DcosError(f"{PREFIX}key_dir: must be given when {PREFIX}key_store is file: the folder for the key files.")
    delete_key_files = given.boolean("delete_key_files", False)
    key_files = next_key_files = None
    if key_store == "file" and key_dir is not None:
        base = f"{key_dir.rstrip('/')}/{account}"
        key_files, next_key_files = _key_files(base), _key_files(f"{base}+next")

    chosen = presets.find_presets(
        given.names("preset"), presets.read_presets(given.value("presets") or {}, PREFIX + "presets"), PREFIX + "preset"
    )
    grants = _Grants(
        chosen,
        given.value("permissions") or [],
        {
            "service_account": account,
            "service_name": names.service_name,
            "role": _mesos_role(given.text("mesos_role"), names),
            "user": _linux_user(given.text("linux_user")),
            "group": names.group,
        },
    )

    mode = _security_mode(given.choice("security_mode", ("auto", *modes.MODES)), cluster)
    stage = "absent" if state == "absent" else "present"
    login_endpoint: str | None = None
    permissions: tuple[Permission, ...] = grants.all()
    left_out: tuple[LeftOut, ...] = ()
    if stage == "present" and mode is not None:
        if _skipped(chosen, mode, origin, optional_account):
            stage = "skip"
        else:
            _check_principal(given.text("principal"), account, mode, warnings)
            permissions, left_out = grants.for_mode(mode, in_advance)
            login_endpoint = _login_endpoint(origin, cluster)
            if origin == modes.INSIDE:
                _check_space(names.service_name, secret_path, warnings)
    granted = [_permission_view(p) for p in permissions]
    if superuser:
        granted.append({"rid": SUPERUSER_RID, "actions": ["full"]})

    return Plan(
        stage=stage,
        # A given mode is checked by the secret's module against the cluster, but only when that runs, and first.
        read_cluster=state == "present"
        and cluster is None
        and (mode is None or origin == modes.OUTSIDE or key_store == "file" or stage == "skip"),
        security_mode=mode,
        service_name=names.service_name,
        account=account,
        description=given.text("description") or f"Service account of /{names.service_name}",
        secret_path=secret_path,
        secret_store=check_store(given.text("secret_store") or "default", PREFIX + "secret_store"),
        key_store=key_store,
        key_files=key_files,
        next_key_files=next_key_files,
        login_endpoint=login_endpoint,
        legacy_login_endpoint=given.choice("legacy_login_endpoint", ("never", "auto", "always")),
        permissions=tuple(granted),
        keep=tuple({"rid": item.rid, "actions": list(item.actions)} for item in left_out) if exclusive else (),
        left_out=left_out,
        superuser=superuser,
        exclusive=exclusive,
        rotate_key=given.boolean("rotate_key", False),
        verify_login=given.choice("verify_login", ("changed", "always", "never")),
        delete_key_files=tuple(
            files for files in (key_files, next_key_files) if files is not None and delete_key_files
        ),
        allow_dcos_prefix=allow_dcos_prefix,
        warnings=tuple(warnings),
    )


def _key_files(base: str) -> dict[str, str]:
    """No two accounts share a file: a uid holds no C(+), and the halves of a key differ in their last four letters."""
    return {"private_key_path": f"{base}.pem", "public_key_path": f"{base}.pub"}


def _account(given: str | None, names: Names, allow_dcos_prefix: bool) -> str:
    if given is None:
        account = check_uid(names.account, f"{PREFIX}account, derived from {PREFIX}name")
    else:
        account = check_uid(given, PREFIX + "account")
    if account.startswith(NATIVE_PREFIX) and account not in NATIVE_ACCOUNTS and not allow_dcos_prefix:
        raise DcosError(
            f"{PREFIX}account: {account} begins with '{NATIVE_PREFIX}' as the accounts of DC/OS itself do. Nothing was "
            f"changed. If this account is your own, set {PREFIX}allow_dcos_prefix to true.",
            "native_account",
        )
    return check_not_native(account, PREFIX + "account", allow_dcos_prefix)


def _mesos_role(given: str | None, names: Names) -> str | None:
    """None stands for any role."""
    if given is None:
        return names.mesos_role
    if given == presets.ANY_ROLE:
        return None
    for part in given.split("/"):
        if part in (".", "..") or _MESOS_ROLE_PART.fullmatch(part) is None:
            raise DcosError(
                f"{PREFIX}mesos_role: {given!r} is not the name of a Mesos role: no blanks, '%', ':', braces or "
                "backslashes, no part that is empty, '.' or '..' or begins with '-'. "
                f"For every role use {presets.ANY_ROLE}."
            )
    return given


def _linux_user(given: str | None) -> str:
    """The tasks' user; nobody is the one that strict mode runs tasks as by default."""
    if given is None:
        return "nobody"
    if _LINUX_USER.fullmatch(given) is None:
        raise DcosError(f"{PREFIX}linux_user: {given!r} is not the name of a Linux user.")
    return given


def _security_mode(given: str, cluster: Mapping[str, Any] | None) -> str | None:
    """The given mode, or what the cluster says of itself; None while that is not known."""
    read = None if cluster is None else cluster.get("security_mode")
    if cluster is not None and cluster.get("variant") == "open":
        raise DcosError(
            "This cluster runs open DC/OS, which has no security modes, permissions or secret store, so no service "
            "can be provisioned there. Accounts alone can be made with the module dcos.security.dcos_service_account.",
            "mode",
        )
    if read is not None and read not in modes.MODES:
        raise DcosError(f"The cluster reports the unknown security mode {read!r}. Set {PREFIX}security_mode.", "mode")
    if given != "auto":
        if read is not None and read != given:
            raise DcosError(
                f"{PREFIX}security_mode: {given} was given, but the cluster is in {read} mode. Nothing was changed.",
                "mode",
            )
        return given
    if cluster is not None and read is None:
        raise DcosError(
            f"{PREFIX}security_mode: the cluster's mode cannot be read with these credentials (that takes "
            "dcos:adminrouter:ops:metadata full). Set the variable to disabled, permissive or strict.",
            "mode",
        )
    return None if read is None else str(read)


def _skipped(chosen: Sequence[presets.Preset], mode: str, origin: str, optional_account: str) -> bool:
    """Tell whether the service goes without an account; a combination that cannot work is an error naming its rule."""
    required = modes.account_required(mode, origin)
    may_skip = origin == modes.INSIDE and optional_account == "skip"
    for preset in chosen:
        support = preset.support.get(mode, presets.OPTIONAL)
        if support == presets.NOT_AVAILABLE:
            raise DcosError(
                f"{PREFIX}preset: {preset.name} cannot be deployed in {mode} mode. Nothing was changed.", "mode"
            )
        if support == presets.NOT_POSSIBLE:
            if not may_skip:
                raise DcosError(
                    f"{PREFIX}preset: {preset.name} cannot use a service account in {mode} mode. Nothing was changed. "
                    f"Set {PREFIX}optional_account to skip to run it without one there.",
                    "mode",
                )
            return True
        required = required or support == presets.REQUIRED
    return may_skip and not required


def _check_principal(given: str | None, account: str, mode: str, warnings: list[str]) -> None:
    """Mesos compares a framework's principal with the uid of its account in strict mode."""
    if given is None or given == account:
        return
    text = f"{PREFIX}principal: {given!r} is not the account {account!r}"
    if mode == modes.STRICT:
        raise DcosError(
            f"{text}; in strict mode a service can only register with its account's uid as principal. "
            "Nothing was changed. Leave the variable out, or set the account to the same name.",
            "mode",
        )
    warnings.append(f"{text}; the service will not be able to register once the cluster is in strict mode.")


def _check_space(service_name: str, secret_path: str, warnings: list[str]) -> None:
    if not readable_by(service_name, secret_path):
        folder = secret_path.rpartition("/")[0]
        warnings.append(
            f"{PREFIX}secret_path: /{service_name} cannot read the secret {secret_path}: only /{folder} and the "
            f"services below it can. Marathon will refuse a definition that uses it. Put it below {service_name}/."
        )
    elif "/" not in secret_path:
        warnings.append(
            f"{PREFIX}secret_path: every service of the cluster can read the secret {secret_path}, as it is in no "
            f"folder. Put it below {service_name}/."
        )


def _login_endpoint(origin: str, cluster: Mapping[str, Any] | None) -> str | None:
    """Services outside reach the cluster as this run does; the names of Mesos-DNS mean nothing to them."""
    if origin == modes.INSIDE or cluster is None:
        return None
    url = str(cluster["url"])
    if MASK in url:
        raise DcosError(
            "The cluster's URL holds text that Ansible hides as a secret (a password that is part of the host name?), "
            "so the login endpoint for a service outside cannot be derived from it. Nothing was changed.",
            "invalid_path",
        )
    return url.rstrip("/") + modes.LOGIN_PATH


def _permission_view(permission: Permission) -> dict[str, Any]:
    view: dict[str, Any] = {"rid": permission.rid, "actions": list(permission.actions)}
    if permission.description is not None:
        view["description"] = permission.description
    return view


class _Grants:
    """The grants of the presets and those listed by hand, with all names put in."""

    def __init__(self, chosen: Sequence[presets.Preset], listed: Any, values: Mapping[str, str | None]) -> None:
        self._values = values
        own = PREFIX + "permissions"
        self._listed = self._expand(presets.read_grants(listed, own, "description"), own)
        self._preset = check_permissions(
            [
                permission
                for preset in chosen
                for permission in self._expand(
                    [{"rid": grant.rid, "actions": grant.actions} for grant in preset.grants],
                    f"{PREFIX}preset {preset.name}: grants",
                )
            ],
            PREFIX + "preset",
        )

    def _expand(self, items: Sequence[Mapping[str, Any]], option: str) -> list[dict[str, Any]]:
        expanded = []
        for index, item in enumerate(items):
            here = f"{option}[{index}].rid"
            expanded.append({**item, "rid": check_rid(presets.expand(item["rid"], self._values, here), here)})
        return expanded

    def all(self) -> tuple[Permission, ...]:
        """Presets first, each rid once."""
        return self._merge(self._preset)

    def for_mode(self, mode: str, in_advance: bool) -> tuple[tuple[Permission, ...], tuple[LeftOut, ...]]:
        """Split into what is granted and what the mode does not enforce. What was listed by hand is always granted."""
        if in_advance:
            return self.all(), ()
        granted = self._merge(p for p in self._preset if modes.enforced(p.rid, mode))
        by_rid = {p.rid: p.actions for p in granted}
        left_out = []
        for permission in self._preset:
            actions = tuple(a for a in permission.actions if a not in by_rid.get(permission.rid, ()))
            if actions and not modes.enforced(permission.rid, mode):
                left_out.append(LeftOut(permission.rid, actions, modes.why_not_enforced(permission.rid, mode)))
        return granted, tuple(left_out)

    def _merge(self, first: Any) -> tuple[Permission, ...]:
        items = [_permission_view(p) for p in first] + list(self._listed)
        return check_permissions(items, PREFIX + "permissions")
