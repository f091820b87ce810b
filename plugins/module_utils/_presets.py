# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Named lists of grants: the shipped ones as data, and the reading of a user's own.

A preset lists what its service needs in strict mode. What a looser mode does not enforce is taken out by the plan,
not here, so one list serves every mode. Data files of module_utils do not travel with a module, hence Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._modes import DISABLED, MODES, PERMISSIVE, STRICT
from ansible_collections.dcos.security.plugins.module_utils._permissions import ACTIONS, SUPERUSER_RID, check_actions

OPTIONAL = "optional"
REQUIRED = "required"
NOT_POSSIBLE = "not_possible"
NOT_AVAILABLE = "not_available"

SUPPORT: tuple[str, ...] = (OPTIONAL, REQUIRED, NOT_POSSIBLE, NOT_AVAILABLE)
"""How a service goes with a mode: works without an account; needs one; cannot use one; cannot be deployed at all."""

PLACEHOLDERS: tuple[str, ...] = ("service_account", "service_name", "role", "user", "group")
"""What a rid may hold in braces: the uid; the service name without leading slash; the Mesos role; the Linux user of
the tasks; the first folder of the service name."""

ANY_ROLE = "any"
"""The Mesos role that stands for all: the optional last part of a rid is left out (permissions reference)."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class PresetGrant:
    """One resource of a preset; the rid may hold placeholders."""

    rid: str
    actions: tuple[str, ...]
    reason: str | None = None


def _default_support() -> dict[str, str]:
    return {DISABLED: OPTIONAL, PERMISSIVE: OPTIONAL, STRICT: REQUIRED}


@dataclass(frozen=True)
class Preset:
    """What one kind of service needs. C(support) says per mode whether its account is possible or needed."""

    name: str
    description: str
    grants: tuple[PresetGrant, ...]
    support: Mapping[str, str] = field(default_factory=_default_support)


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


def expand(rid: str, values: Mapping[str, str | None], option: str) -> str:
    """Put names in the place of placeholders.

    A value of None cannot be written: that is an error, except for the role, where None means every role and takes
    away the part of the rid that names it.
    """

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{p}}}" for p in PLACEHOLDERS)
            raise DcosError(
                f"{option}: {rid!r} holds the unknown placeholder {{{name}}}. Known are {known}.", "invalid_rid"
            )
        value = values.get(name)
        if value is None:
            raise DcosError(
                f"{option}: {rid!r} asks for {{{name}}}, which this service does not have: it is not in a folder.",
                "invalid_rid",
            )
        return value

    if values.get("role") is None and "{role}" in rid:
        rid_start, _colon, last = rid.rpartition(":")
        if "{role}" not in last or "{role}" in rid_start:
            raise DcosError(
                f"{option}: {rid!r} names the role in its middle, so it cannot be written for any role "
                f"(dcos_service_mesos_role is {ANY_ROLE}).",
                "invalid_rid",
            )
        rid = rid_start
    return _PLACEHOLDER.sub(value_of, rid)


def read_grants(items: Any, option: str, text_key: str) -> list[dict[str, Any]]:
    """Check the form of a list of grants from a variable and return C([{rid, actions, <text_key>}]).

    The resource ids themselves are checked after the placeholders are gone. Superuser power has its own variable,
    because a list that is granted again and again would bring it back after the bring-up.
    """
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        raise DcosError(f"{option}: must be a list of grants, each with rid and actions.", "invalid_rid")
    grants: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        here = f"{option}[{index}]"
        if not isinstance(item, Mapping):
            raise DcosError(f"{here}: must be a dictionary with rid and actions.", "invalid_rid")
        unknown = sorted(str(key) for key in item if key not in ("rid", "actions", text_key))
        if unknown:
            raise DcosError(f"{here}: unknown key {unknown[0]!r}. Use rid, actions, {text_key}.", "invalid_rid")
        rid, actions, text = item.get("rid"), item.get("actions"), item.get(text_key)
        if not isinstance(rid, str) or not rid:
            raise DcosError(f"{here}.rid: must be a resource id such as dcos:adminrouter:ops:mesos.", "invalid_rid")
        if isinstance(actions, str):
            actions = [part.strip() for part in actions.split(",") if part.strip()]
        if not isinstance(actions, Sequence) or not actions or not all(isinstance(a, str) for a in actions):
            raise DcosError(f"{here}.actions: must list at least one of {', '.join(ACTIONS)}.", "invalid_rid")
        if text is not None and not isinstance(text, str):
            raise DcosError(f"{here}.{text_key}: must be text.", "invalid_rid")
        if rid == SUPERUSER_RID:
            raise DcosError(
                f"{here}.rid: {SUPERUSER_RID} is given and taken by dcos_service_superuser only, so that it cannot be "
                "left behind in a list.",
                "invalid_rid",
            )
        grants.append({"rid": str(rid), "actions": check_actions(actions, f"{here}.actions"), text_key: text or None})
    return grants


def read_presets(raw: Any, option: str) -> dict[str, Preset]:
    """Read a user's own presets: name -> {description, grants, support}."""
    if not isinstance(raw, Mapping):
        raise DcosError(f"{option}: must be a dictionary, name of the preset -> description and grants.")
    presets: dict[str, Preset] = {}
    for name, body in raw.items():
        here = f"{option}.{name}"
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise DcosError(f"{option}: {name!r} is not a name for a preset. Use letters, digits, '_', '-' and '.'.")
        if not isinstance(body, Mapping):
            raise DcosError(f"{here}: must be a dictionary with grants and, as you like, description and support.")
        unknown = sorted(str(key) for key in body if key not in ("description", "grants", "support"))
        if unknown:
            raise DcosError(f"{here}: unknown key {unknown[0]!r}. Use description, grants, support.")
        description = body.get("description") or ""
        if not isinstance(description, str):
            raise DcosError(f"{here}.description: must be text.")
        if "grants" not in body:
            raise DcosError(f"{here}: has no grants. Give a list, be it an empty one.")
        grants = read_grants(body["grants"], f"{here}.grants", "reason")
        presets[str(name)] = Preset(
            str(name),
            description,
            tuple(PresetGrant(grant["rid"], grant["actions"], grant["reason"]) for grant in grants),
            _read_support(body.get("support"), f"{here}.support"),
        )
    return presets


def _read_support(raw: Any, option: str) -> dict[str, str]:
    support = _default_support()
    if raw is None or raw == "":
        return support
    if not isinstance(raw, Mapping):
        raise DcosError(f"{option}: must be a dictionary, security mode -> one of {', '.join(SUPPORT)}.")
    for mode, value in raw.items():
        if mode not in MODES:
            raise DcosError(f"{option}: {mode!r} is not a security mode. Use {', '.join(MODES)}.")
        if value not in SUPPORT:
            raise DcosError(f"{option}.{mode}: {value!r} is unknown. Use {', '.join(SUPPORT)}.")
        support[str(mode)] = str(value)
    return support


def find_presets(names: Sequence[str], own: Mapping[str, Preset], option: str) -> tuple[Preset, ...]:
    """The presets of these names, each once. An own one hides a shipped one, so that later releases break nothing."""
    known = {**SHIPPED, **own}
    for name in names:
        if name not in known:
            raise DcosError(
                f"{option}: there is no preset {name!r}. Known are {', '.join(sorted(known))}; "
                "own ones are defined in dcos_service_presets."
            )
    return tuple(known[name] for name in dict.fromkeys(names))
