# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The shipped presets and a user's own: reading, finding, and putting names in the place of placeholders.

A preset lists what its service needs in strict mode. What a looser mode does not enforce is taken out by the plan,
not here, so one list serves every mode.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Iterable, Mapping, Sequence

from .._errors import DcosError
from .._rules.permissions import (
    ACTIONS,
    SUPERUSER_RID,
    Permission,
    check_actions,
)
from .._rules.security_modes import MODES
from .common_grants import (
    PUBLIC_AGENT_PODS,
    TRANSPORT_ENCRYPTION,
    TRANSPORT_ENCRYPTION_FROM,
)
from .model import (
    EXTRA_PLACEHOLDERS,
    NOT_AVAILABLE,
    NOT_POSSIBLE,
    OPTIONAL,
    PLACEHOLDERS,
    REQUIRED,
    SUPPORT,
    UNDOCUMENTED,
    Preset,
    PresetGrant,
    default_support,
)
from .shipped import SHIPPED, UNDOCUMENTED_GRANTS

__all__ = [
    "ANY_ROLE",
    "EXTRA_PLACEHOLDERS",
    "NOT_AVAILABLE",
    "NOT_POSSIBLE",
    "OPTIONAL",
    "PLACEHOLDERS",
    "PUBLIC_AGENT_PODS",
    "REQUIRED",
    "SHIPPED",
    "SUPPORT",
    "TRANSPORT_ENCRYPTION",
    "TRANSPORT_ENCRYPTION_FROM",
    "UNDOCUMENTED",
    "UNDOCUMENTED_GRANTS",
    "Preset",
    "PresetGrant",
    "check_extra_values",
    "expand",
    "expand_each",
    "find_presets",
    "read_extra_values",
    "read_grants",
    "read_presets",
]

PREFIX = "dcos_service_"
"""How the role's variables begin; what stands before their names in messages, unless the caller says otherwise."""

ANY_ROLE = "any"
"""The Mesos role that stands for all: the optional last part of a rid is left out (permissions reference)."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_OWN_KEYS = (
    *("description", "grants", "support", "mesos_role", "linux_user", "scheduler_user", "quota_aware"),
    *("transport_encryption", "pem_secret"),
)
_EXTRA_VALUES = {
    "pool_name": (re.compile(r"[A-Za-z0-9_.-]+"), "the name of an Edge-LB pool, such as web"),
    "app_id": (re.compile(r"(/[a-z0-9][a-z0-9.-]*)+"), "the id of an app with its leading slash, such as /prod/web"),
    "marathon_instance": (re.compile(r"[A-Za-z0-9_.-]+"), "the framework name of a Marathon, such as marathon-user"),
}


def expand(rid: str, values: Mapping[str, str | None], option: str, prefix: str = PREFIX) -> str:
    """Put names in the place of placeholders.

    A value of None cannot be written: that is an error, except for the role, where None means every role and takes
    away the part of the rid that names it.
    """
    known = (*PLACEHOLDERS, *EXTRA_PLACEHOLDERS)

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in known:
            listed = ", ".join(f"{{{p}}}" for p in known)
            raise DcosError(
                f"{option}: {rid!r} holds the unknown placeholder {{{name}}}. Known are {listed}.", "invalid_rid"
            )
        value = values.get(name)
        if value is None and name in EXTRA_PLACEHOLDERS:
            raise DcosError(
                f"{option}: {rid!r} asks for {{{name}}}. Set {prefix}preset_values.{name}: {_EXTRA_VALUES[name][1]}.",
                "invalid_rid",
            )
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
                f"({prefix}mesos_role is {ANY_ROLE}).",
                "invalid_rid",
            )
        rid = rid_start
    return _PLACEHOLDER.sub(value_of, rid)


def expand_each(
    rid: str,
    values: Mapping[str, str | None],
    extra: Mapping[str, Sequence[str]],
    option: str,
    prefix: str = PREFIX,
) -> tuple[str, ...]:
    """The same with C(extra), whose placeholders may have several values: a rid for each, none if there is none."""
    name = next((name for name in EXTRA_PLACEHOLDERS if f"{{{name}}}" in rid), None)
    if name is None:
        return (expand(rid, values, option, prefix),)
    return tuple(
        found
        for value in extra.get(name, ())
        for found in expand_each(rid.replace(f"{{{name}}}", value), values, extra, option, prefix)
    )


def read_extra_values(raw: object, option: str) -> dict[str, tuple[str, ...]]:
    """Read C(preset_values): placeholder -> one value or a list of them. Empty text means unset."""
    if raw is None or raw == "":
        return {}
    if not isinstance(raw, Mapping):
        raise DcosError(f"{option}: must be a dictionary, placeholder -> value.")
    values: dict[str, tuple[str, ...]] = {}
    for name, given in raw.items():
        if name not in EXTRA_PLACEHOLDERS:
            raise DcosError(f"{option}: {name!r} is unknown. Use {', '.join(EXTRA_PLACEHOLDERS)}.")
        form, words = _EXTRA_VALUES[name]
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, Sequence):
            raise DcosError(f"{option}.{name}: must be one value or a list of them: {words}.")
        for value in listed:
            if not isinstance(value, str) or (value and form.fullmatch(value) is None):
                raise DcosError(f"{option}.{name}: {value!r} is not {words}.")
        values[str(name)] = tuple(dict.fromkeys(str(value) for value in listed if value))
    return values


def check_extra_values(
    chosen: Sequence[Preset], extra: Mapping[str, Sequence[str]], option: str, prefix: str = PREFIX
) -> None:
    """Refuse a preset that lacks a value it cannot do without."""
    for preset in chosen:
        for name in preset.extra_placeholders:
            if not extra.get(name):
                raise DcosError(
                    f"{prefix}preset: {preset.name} needs {option}.{name}: {_EXTRA_VALUES[name][1]}. "
                    "Nothing was changed."
                )


def read_grants(items: object, option: str, text_key: str, prefix: str = PREFIX) -> tuple[Permission, ...]:
    """Check the form of a list of grants from a variable; the text under C(text_key) becomes the description.

    The resource ids themselves are checked after the placeholders are gone. Superuser power has its own variable,
    because a list that is granted again and again would bring it back after the bring-up.
    """
    return tuple(
        Permission(grant.rid, grant.actions, grant.reason)
        for grant in _read_grants(items, option, ("rid", "actions", text_key), text_key, prefix)
    )


def refuse_superuser(rid: str, option: str, prefix: str) -> str:
    """Superuser power has its own variable, and placeholders must not spell it either."""
    if rid == SUPERUSER_RID:
        raise DcosError(
            f"{option}: {SUPERUSER_RID} is given and taken by {prefix}superuser only, so that it cannot be "
            "left behind in a list.",
            "invalid_rid",
        )
    return rid


def _read_grants(
    items: object, option: str, keys: Sequence[str], text_key: str, prefix: str
) -> tuple[PresetGrant, ...]:
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        raise DcosError(f"{option}: must be a list of grants, each with rid and actions.", "invalid_rid")
    grants: list[PresetGrant] = []
    for index, item in enumerate(items):
        here = f"{option}[{index}]"
        if not isinstance(item, Mapping):
            raise DcosError(f"{here}: must be a dictionary with rid and actions.", "invalid_rid")
        unknown = sorted(str(key) for key in item if key not in keys)
        if unknown:
            raise DcosError(f"{here}: unknown key {unknown[0]!r}. Use {', '.join(keys)}.", "invalid_rid")
        rid, actions, text = item.get("rid"), item.get("actions"), item.get(text_key)
        if not isinstance(rid, str) or not rid:
            raise DcosError(f"{here}.rid: must be a resource id such as dcos:adminrouter:ops:mesos.", "invalid_rid")
        if isinstance(actions, str):
            actions = [part.strip() for part in actions.split(",") if part.strip()]
        if not isinstance(actions, Sequence) or not actions or not all(isinstance(a, str) for a in actions):
            raise DcosError(f"{here}.actions: must list at least one of {', '.join(ACTIONS)}.", "invalid_rid")
        if text is not None and not isinstance(text, str):
            raise DcosError(f"{here}.{text_key}: must be text.", "invalid_rid")
        refuse_superuser(rid, f"{here}.rid", prefix)
        uncertain = _flag(item.get("uncertain"), f"{here}.uncertain")
        checked = check_actions(actions, f"{here}.actions")
        grants.append(PresetGrant(str(rid), checked, str(text) if text else None, uncertain))
    return tuple(grants)


def read_presets(raw: object, option: str, prefix: str = PREFIX) -> dict[str, Preset]:
    """Read a user's own presets: name -> the keys of _OWN_KEYS; only C(grants) must be there."""
    if not isinstance(raw, Mapping):
        raise DcosError(
            f"{option}: must be a dictionary, name of the preset -> description and grants. To use presets, name them "
            f"in {prefix}preset."
        )
    presets: dict[str, Preset] = {}
    for name, body in raw.items():
        here = f"{option}.{name}"
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise DcosError(f"{option}: {name!r} is not a name for a preset. Use letters, digits, '_', '-' and '.'.")
        if not isinstance(body, Mapping):
            raise DcosError(f"{here}: must be a dictionary with grants and, optionally, description and support.")
        unknown = sorted(str(key) for key in body if key not in _OWN_KEYS)
        if unknown:
            raise DcosError(f"{here}: unknown key {unknown[0]!r}. Use {', '.join(_OWN_KEYS)}.")
        if "grants" not in body:
            raise DcosError(f"{here}: has no grants. Give a list, be it an empty one.")
        presets[str(name)] = Preset(
            name=str(name),
            description=_text(body.get("description"), f"{here}.description") or "",
            grants=_read_grants(
                body["grants"], f"{here}.grants", ("rid", "actions", "reason", "uncertain"), "reason", prefix
            ),
            support=_read_support(body.get("support"), f"{here}.support"),
            linux_user=_text(body.get("linux_user"), f"{here}.linux_user"),
            scheduler_user=_text(body.get("scheduler_user"), f"{here}.scheduler_user"),
            mesos_role=_text(body.get("mesos_role"), f"{here}.mesos_role"),
            quota_aware=_flag(body.get("quota_aware"), f"{here}.quota_aware"),
            transport_encryption=_flag(body.get("transport_encryption"), f"{here}.transport_encryption"),
            pem_secret=_text(body.get("pem_secret"), f"{here}.pem_secret"),
        )
    return presets


def _text(raw: object, option: str) -> str | None:
    if raw is not None and not isinstance(raw, str):
        raise DcosError(f"{option}: must be text.")
    return str(raw) if raw else None


def _flag(raw: object, option: str) -> bool:
    if raw is not None and raw != "" and not isinstance(raw, bool):
        raise DcosError(f"{option}: {raw!r} is neither true nor false.")
    return bool(raw)


def _read_support(raw: object, option: str) -> dict[str, str]:
    support = default_support()
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


def find_presets(
    names: Sequence[str], own: Mapping[str, Preset], option: str, prefix: str = PREFIX
) -> tuple[Preset, ...]:
    """The presets of these names, each once. An own one hides a shipped one, so that later releases break nothing."""
    known = {**SHIPPED, **own}
    for name in names:
        if name not in known:
            raise DcosError(
                f"{option}: there is no preset {name!r}.{_hint(name, known)} Known are {', '.join(sorted(known))}; "
                f"own ones are defined in {prefix}own_presets."
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def _hint(name: str, known: Iterable[str]) -> str:
    if name in UNDOCUMENTED_GRANTS:
        return f" The package takes a service account, but {UNDOCUMENTED_GRANTS[name]}."
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""
