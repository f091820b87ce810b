# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Typed reading of the variables of one service; the messages name the variable as the user wrote it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time, timezone
from difflib import get_close_matches
from typing import Iterable, Mapping, Sequence

from .._errors import DcosError
from .._presets.reading import PREFIX
from .._rules.truth import read_truth

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(_DAY.pattern + r"[Tt ]\d\d:\d\d(?::\d\d)?(?:[Zz]|[+-]\d\d:\d\d)")

VARIABLES: frozenset[str] = frozenset(
    (
        "account",
        "allow_dcos_prefix",
        "delete_key_files",
        "delete_unused_acls",
        "description",
        "enforce_in_advance",
        "exclusive",
        "group_role",
        "groups",
        "key_dir",
        "key_size",
        "key_store",
        "legacy_login_endpoint",
        "linux_user",
        "mesos_role",
        "name",
        "optional_account",
        "origin",
        "own_presets",
        "pem_secret_path",
        "permissions",
        "preset",
        "preset_values",
        "presets",
        "principal",
        "public_agents",
        "rotate_key",
        "rotate_key_from",
        "run_as_grants",
        "secret_path",
        "secret_store",
        "security_mode",
        "state",
        "superuser",
        "superuser_until",
        "transport_encryption",
        "uncertain_grants",
        "unknown_rids",
        "verify_login",
    )
)
"""What can be said about a service, without the prefix."""


OLD_NAMES = {"presets": "own_presets"}
"""Names that are understood, and what the variables are called now."""

_NOT_VARIABLES = frozenset(("result",))
"""What the role itself sets under its prefix."""


def check_names(names: Iterable[str]) -> None:
    """Refuse a typo in the name of one of the role's variables, which nothing else would notice.

    names: those of all variables that are there. Others' may begin like the role's: what is near to one is refused.
    """
    for full in sorted(names):
        name = full[len(PREFIX) :] if full.startswith(PREFIX) else ""
        if not name or name in VARIABLES or name in _NOT_VARIABLES:
            continue
        near = get_close_matches(name, VARIABLES, n=1, cutoff=0.75)
        if near:
            raise DcosError(
                f"{full}: there is no such variable; did you mean {PREFIX}{near[0]}? Nothing was changed. Variables "
                f"that begin with {PREFIX} belong to the role."
            )


def _hint(name: str) -> str:
    if name.startswith(PREFIX) and name[len(PREFIX) :] in VARIABLES:
        return f" Leave out the prefix: {name[len(PREFIX) :]}."
    near = get_close_matches(name, VARIABLES, n=1)
    return f" Did you mean {near[0]}?" if near else ""


class Variables:
    """The values. Empty text means unset for every variable: an unanswered question of an AWX survey is that."""

    def __init__(self, raw: Mapping[str, object], prefix: str) -> None:
        self.prefix = prefix
        self._old_names = {new: old for old, new in OLD_NAMES.items() if old in raw and not _is_given(raw.get(new))}
        for new, old in self._old_names.items():
            raw = {**raw, new: raw[old]}
        self._raw = raw
        unknown = sorted(str(name) for name in raw if name not in VARIABLES)
        if unknown:
            raise DcosError(f"{self.option(unknown[0])}: there is no such variable.{_hint(unknown[0])}")
        for old, new in OLD_NAMES.items():
            if _is_given(raw.get(old)) and raw.get(new) != raw[old]:
                raise DcosError(
                    f"{self.option(old)}: this is the old name of {self.option(new)}, and both are given. Give one."
                )

    def option(self, name: str) -> str:
        """The variable's name in messages."""
        return f"{self.prefix}{self._old_names.get(name, name)}"

    def value(self, name: str) -> object:
        """What was given, None for unset."""
        value = self._raw.get(name)
        return None if isinstance(value, str) and not value.strip() else value

    def text(self, name: str) -> str | None:
        """Text as it stands."""
        value = self.value(name)
        if value is not None and not isinstance(value, str):
            raise DcosError(f"{self.option(name)}: must be text, not {_kind(value)}.{_quotes(value)}")
        return None if value is None else str(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of the choices; the first is the default."""
        value = self.text(name)
        if value is None:
            return choices[0]
        if value not in choices:
            raise DcosError(f"{self.option(name)}: {value!r} is unknown. Use one of {', '.join(choices)}.")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """A truth value, or the words that Ansible takes for one."""
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return bool(value)
        truth = read_truth(str(value))
        if truth is None:
            raise DcosError(f"{self.option(name)}: {value!r} is neither true nor false.")
        return truth

    def structure(self, name: str) -> object:
        """A list or a dictionary, which may come as JSON text, as the answer to a question of an AWX survey does."""
        value = self.value(name)
        if not isinstance(value, str) or value.strip()[0] not in "[{":
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise DcosError(f"{self.option(name)}: looks like JSON text, but is not valid JSON: {error}.") from None

    def names(self, name: str) -> list[str]:
        """One name or a list of them, which may be text with commas, as for any list in Ansible."""
        value = self.structure(name)
        if value is None:
            return []
        listed = value.split(",") if isinstance(value, str) else value
        if not isinstance(listed, Sequence) or not all(isinstance(item, str) for item in listed):
            raise DcosError(f"{self.option(name)}: must be a name or a list of names.")
        return [str(item).strip() for item in listed if item.strip()]

    def whole_number(self, name: str, default: int) -> int:
        """A whole number, which may be text: the answer to a question of an AWX survey is that."""
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise DcosError(f"{self.option(name)}: {str(value)!r} is not a whole number.")

    def fingerprint(self, name: str) -> str | None:
        """A key's fingerprint as our results show it."""
        value = self.text(name)
        if value is not None and _FINGERPRINT.fullmatch(value) is None:
            raise DcosError(
                f"{self.option(name)}: {value!r} is not the fingerprint of a key. Use the fingerprint that "
                "dcos_service_account_info shows: SHA256: and 43 characters of base64."
            )
        return value

    def moment(self, name: str) -> datetime | None:
        """The moment at which something ends; a date alone includes that day, which ends at midnight UTC.

        YAML turns what is not in quotes into dates and times by itself.
        """
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, str):
            value = _read_moment(value.strip())
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                return value
        elif isinstance(value, date):
            return datetime.combine(value, time.max, timezone.utc)
        raise DcosError(
            f"{self.option(name)}: {str(self.value(name))!r} is neither a date such as 2026-12-31 nor a date and time "
            "with offset such as 2026-12-31T18:00:00+01:00 (ISO 8601). Put it in quotes."
        )


def overlay(common: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """The variables of C(own), and those of C(common) that it does not have under either name."""
    taken = {OLD_NAMES.get(name, name) for name in own}
    return {**{name: value for name, value in common.items() if OLD_NAMES.get(name, name) not in taken}, **own}


def _is_given(value: object) -> bool:
    return value not in (None, "", {})


def _kind(value: object) -> str:
    """What a value is, in the words of those who write playbooks: Ansible's own classes mean nothing to them."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, Mapping):
        return "a dictionary"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, date):
        return "a date"
    return "a list"


def _quotes(value: object) -> str:
    """YAML reads 12, yes or 2026-12-31 as something other than text, unless they stand in quotes."""
    return " Put it in quotes." if isinstance(value, (bool, int, float, date)) else ""


def _read_moment(text: str) -> date | datetime | None:
    """Only the forms that every Python reads, so that a playbook means the same everywhere."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            # Python before 3.11 does not know the Z.
            return datetime.fromisoformat(text[:-1] + "+00:00" if text[-1] in "Zz" else text)
    except ValueError:  # the form is right, but there is no such day or time
        pass
    return None
