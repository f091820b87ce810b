# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Looking up resource ids in the catalogue of documented ones, and naming the nearest for a typo.

The IAM stores any rid with any action, so a typo in a long rid shows only when the service is denied something. A rid
is compared part by part (parts are joined by colons); a value, such as the name of a role, is one part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Callable, Iterable, Mapping, Optional, Sequence, Tuple

from .._errors import DcosError
from .rid_catalog_data import CATALOG, Entry

__all__ = ["CATALOG", "UNKNOWN_RIDS", "Entry", "check_known", "find", "is_over_wide", "unknown"]

WARN = "warn"
FAIL = "fail"
IGNORE = "ignore"

UNKNOWN_RIDS: tuple[str, ...] = (WARN, FAIL, IGNORE)
"""What can be wished for where a rid or an action is unknown; the first is the default."""

# --- templates -------------------------------------------------------------------------------------------------------


def _no_slashes_around(value: str) -> str:
    return value.strip("/")


def _leading_slash(value: str) -> str:
    return "/" + value.strip("/")


def _dots(value: str) -> str:
    return value.strip("/").replace("/", ".")


@dataclass(frozen=True)
class _Value:
    """A kind of value. Each pattern reads its text once, whatever that is."""

    pattern: str
    words: str
    mend: Callable[[str], str] = str
    """Makes a usual slip good."""
    everything: tuple[str, ...] = ()
    """The values that leave nothing out."""


_ALL = ("/", "/*", "/**")
_NAME = "[^/]+"
_NAMES = "[^/]+(?:/[^/]+)*"
_STORED = "the path of a secret, or, after a slash, a path and /* for all below it"
_VALUES: Mapping[str, _Value] = {
    "[/path-name/]<secret-name>": _Value("[^*]*[^*/]", _STORED, _no_slashes_around),
    "/<path>/*": _Value(r"/[^*]*[^*/]/\*", _STORED, _leading_slash),
    "/[path]": _Value("/.*", "a path, which begins with a slash", _leading_slash, _ALL),
    "/[service-group]": _Value("/(?:[^/].*)?", "a group of services, which begins with a slash", _leading_slash, _ALL),
    "[service-or-job-group]": _Value(
        "/.*", "a group of services or jobs, which begins with a slash", _leading_slash, _ALL
    ),
    "[job-group]": _Value("[^/].*", "a group of jobs, its parts joined by dots", _dots),
    "[endpoint]": _Value(".+", "an endpoint"),
    "[role-name]": _Value(_NAMES, "a Mesos role", _no_slashes_around),
    "[linux-user-name]": _Value(_NAME, "a Linux user", _no_slashes_around),
    "[service-account-id]": _Value(_NAME, "the uid of a service account", _no_slashes_around),
    "<service-endpoint>": _Value(_NAMES, "the name of a service without leading slash", _no_slashes_around),
    "<marathon-instance>": _Value(_NAME, "the framework name of a Marathon", _no_slashes_around),
    "<cluster-id>": _Value("[^/*]+", "the id of a cluster"),
}
_POOL = "<pool-name>"


@dataclass(frozen=True)
class _Part:
    text: str
    """As it is in the template."""
    optional: bool
    value: _Value | None
    """None for a word that stands for itself."""

    def fits(self, word: str) -> bool:
        if self.value is None:
            return word == self.text
        return _compiled(self.value.pattern).fullmatch(word) is not None

    def mended(self, word: str) -> str | None:
        """The value, or what was probably meant by it."""
        if self.value is None:
            return None
        return next((text for text in (word, self.value.mend(word)) if self.fits(text)), None)


@lru_cache(maxsize=None)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _part(text: str) -> _Part:
    value = _VALUES.get(text)
    if text.endswith(_POOL):
        value = _Value(re.escape(text[: -len(_POOL)]) + _NAME, "the name of a pool")
    return _Part(text, text.startswith("[") and text.endswith("]"), value)


def _parts(template: str) -> tuple[_Part, ...]:
    return tuple(_part(text) for text in template.replace("[:", ":[").split(":"))


_Template = Tuple[Entry, Tuple[_Part, ...]]

_TEMPLATES: tuple[_Template, ...] = tuple((entry, _parts(entry.template)) for entry in CATALOG)


def _fits(parts: Sequence[_Part], words: Sequence[str]) -> bool:
    if len(words) == len(parts) - 1 and parts[-1].optional:
        parts = parts[:-1]
    return len(words) == len(parts) and all(part.fits(word) for part, word in zip(parts, words))


_START = 3
"""The first parts of every template are words; found by them, a fleet's thousands of rids cost little."""


def _by_start() -> Mapping[tuple[str, ...], list[_Template]]:
    found: dict[tuple[str, ...], list[_Template]] = {}
    for entry, parts in _TEMPLATES:
        found.setdefault(tuple(part.text for part in parts[:_START]), []).append((entry, parts))
    return found


_BY_START = _by_start()


def _matching(rid: str) -> list[_Template]:
    words = rid.split(":")
    return [(entry, parts) for entry, parts in _BY_START.get(tuple(words[:_START]), ()) if _fits(parts, words)]


# --- questions -------------------------------------------------------------------------------------------------------


def find(rid: str) -> tuple[Entry, ...]:
    """The entries that a resource id belongs to; none for an unknown one."""
    return tuple(entry for entry, _parts_of_it in _matching(rid))


def is_over_wide(rid: str) -> bool:
    """Tell whether the part of a known rid that could narrow it down is left out, so that it stands for any value.

    C(dcos:superuser) is not: it has no such part.
    """
    words = rid.split(":")
    return any(
        len(words) < len(parts)
        or parts[-1].text == "*"
        or (parts[-1].value is not None and words[-1] in parts[-1].value.everything)
        for _entry, parts in _matching(rid)
    )


def unknown(rid: str, actions: Sequence[str]) -> str | None:
    """None for what is documented, otherwise a message that names the nearest known rid or the known actions."""
    known = [] if _ESCAPE.search(rid) else _known_actions(rid)
    if not known:
        mistake = _mistake(rid)
        why, near = mistake if mistake is not None and find(mistake[1]) else _nearest(_ESCAPE.sub("", rid), actions)
        return f"{rid} is not a documented resource id: {why}. The nearest documented one is {near}."
    strange = next((action for action in actions if action not in known), None)
    if strange is None:
        return None
    return (
        f"{rid} is not documented with the action {strange}, only with {', '.join(known)}.{_other_side(rid, strange)}"
    )


def check_known(written: Iterable[tuple[str, str, Sequence[str]]], wish: str, wish_option: str) -> list[str]:
    """The warnings about what is to be granted; with the wish C(fail) the first one is an error.

    written: the option that it came from, the rid, the actions.
    wish_option: the option that holds the wish.
    """
    if wish == IGNORE:
        return []
    found = ((option, unknown(rid, actions)) for option, rid, actions in written)
    messages = [f"{option}: {message}" for option, message in found if message is not None]
    if wish == FAIL and messages:
        raise DcosError(
            f"{messages[0]} Nothing was changed. If it is right as it stands, set {wish_option} to {WARN} or {IGNORE}.",
            "invalid_rid",
        )
    return messages


def _known_actions(rid: str) -> list[str]:
    return list(dict.fromkeys(action for entry in find(rid) for action in (*entry.actions, *entry.also_granted)))


# --- typos -----------------------------------------------------------------------------------------------------------


_ESCAPE = re.compile(r"\\(?=[*_\[\]<>])")
"""A backslash that Markdown wants, in what was copied from the source of a page."""


def _mistake(rid: str) -> tuple[str, str] | None:
    """Spellings that are in documents, but are wrong or belong to DC/OS 1.7: what is wrong, and the right one."""
    if _ESCAPE.search(rid):
        return "it has a backslash, as the source of a page has before some characters", _ESCAPE.sub("", rid)
    words, slip = _with_known_start(rid.split(":"))
    mistake = _mistake_in(words)
    if mistake is None or not slip:
        return mistake
    return f"the part {slip!r} is unknown", mistake[1]


def _mistake_in(words: Sequence[str]) -> tuple[str, str] | None:
    if words[:3] == ["dcos", "service", "adminrouter"] and len(words) == 4:
        return "its words are swapped", f"dcos:adminrouter:service:{words[3]}"
    if words[:3] == ["dcos", "adminrouter", "service"] and len(words) == 5 and words[4][:1] != "/":
        return "a service in a group is written with slashes", f"dcos:adminrouter:service:{words[3]}/{words[4]}"
    if words[:3] != ["dcos", "service", "marathon"] or not all(words):
        return None
    if len(words) == 3:
        return "it ends too early", "dcos:service:marathon:marathon:services:/"
    services = ":".join(words[:4]) + ":services:/"
    slip = [word for word in words[3:] for known in ("services", "admin") if _likeness(word, known) >= _SLIP]
    if len(words) == 5 and words[4].startswith("services/"):
        return "it ended with DC/OS 1.7, a colon is missing after services", services + words[4].split("/", 1)[1]
    if slip:
        return None
    if len(words) == 4:
        return "it ended with DC/OS 1.7", services
    if len(words) == 5:
        return "services:/ is missing before the name of the service", services + words[4].strip("/")
    return None


def _other_side(rid: str, action: str) -> str:
    """Where the action would be known: masters and agents, roles and principals each have their own."""
    master, agent = ("dcos:mesos:master:", "dcos:mesos:agent:")
    candidates = [agent + rid[len(master) :]] if rid.startswith(master) else []
    candidates += [master + rid[len(agent) :]] if rid.startswith(agent) else []
    kind = ":".join(rid.split(":")[:4])
    candidates += [f"{kind}:principal"] if f"{kind}:role" in rid else []
    candidates += [f"{kind}:role"] if f"{kind}:principal" in rid else []
    for other in candidates:
        if action in _known_actions(other):
            return f" {action} is documented for {other}."
    return ""


_ALIKE = 0.6
_SLIP = 0.75
_LONGEST = 64
"""Words are compared for likeness up to here, so that no input takes long."""

# What it costs to take one thing for another: the cheapest way from a rid to a template shows what was meant.
_MISSING = 0.85
_VALUE = 0.05
_SLIP_IN_VALUE = 0.5
_WRONG_VALUE = 0.6
_OTHER_WORD = 1.6
_OTHER_ACTION = 0.05
_RIGHT_SO_FAR = 0.1

_Pair = Tuple[Optional[_Part], Optional[str]]
"""A part of a template and the word that is in its place; None if there is none."""


@lru_cache(maxsize=4096)
def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_LONGEST], other[:_LONGEST], autojunk=False).ratio()


def _nearest(rid: str, actions: Sequence[str]) -> tuple[str, str]:
    """What is wrong, and the most similar known rid, with the values of the given one where they can be kept."""
    words = rid.split(":")[: max(len(parts) for _entry, parts in _TEMPLATES) + 1]

    def cost(found: tuple[Entry, float, Sequence[_Pair]]) -> float:
        entry, price, pairs = found
        known = (*entry.actions, *entry.also_granted)
        right = next((index for index, (part, word) in enumerate(pairs) if not _right(part, word)), len(pairs))
        return price - right * _RIGHT_SO_FAR + (0 if all(action in known for action in actions) else _OTHER_ACTION)

    entry, _price, pairs = min(((entry, *_align(parts, words)) for entry, parts in _of_kind(words)), key=cost)
    return _what_is_wrong(pairs), _written(entry, pairs)


def _with_known_start(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The words, the first slip in those that say what a rid is about made good; and that slip."""
    mended = list(words)
    for depth in range(1, min(_START, len(mended))):
        known = {
            parts[depth].text
            for _entry, parts in _TEMPLATES
            if len(parts) > depth and [part.text for part in parts[:depth]] == mended[:depth]
        }
        if mended[depth] not in known:
            near = max(sorted(known), key=lambda text: _likeness(mended[depth], text), default="")
            if _likeness(mended[depth], near) < _SLIP:
                break
            mended[depth] = near
            return mended, words[depth]
    return mended, None


def _of_kind(words: Sequence[str]) -> Sequence[_Template]:
    """The templates that begin as was meant: who misspells a word rarely means what is like another rid altogether."""
    start, slip = _with_known_start(words)
    if slip is None:
        return _TEMPLATES
    depth = words.index(slip) + 1
    return [(entry, parts) for entry, parts in _TEMPLATES if [part.text for part in parts[:depth]] == start[:depth]]


def _align(parts: Sequence[_Part], words: Sequence[str]) -> tuple[float, list[_Pair]]:
    """The cheapest way to pair the parts of a template with words."""
    row: list[tuple[float, list[_Pair]]] = [
        (index * _MISSING, [(None, word) for word in words[:index]]) for index in range(len(words) + 1)
    ]
    for part in parts:
        left_out = _price(part, None)
        above, row = row, [_joined(row[0], left_out, (part, None))]
        for index, word in enumerate(words):
            ways = (  # of two that cost the same the first: what is wrong is to come as late as it can
                (above[index + 1], left_out, (part, None)),
                (row[index], _MISSING, (None, word)),
                (above[index], _price(part, word), (part, word)),
            )
            row.append(_joined(*min(ways, key=lambda way: way[0][0] + way[1])))
    return row[-1]


def _right(part: _Part | None, word: str | None) -> bool:
    return part is not None and word is not None and part.fits(word)


def _joined(way: tuple[float, list[_Pair]], price: float, pair: _Pair) -> tuple[float, list[_Pair]]:
    return way[0] + price, [*way[1], pair]


def _price(part: _Part, word: str | None) -> float:
    if word is None:
        return 0.0 if part.optional else _MISSING
    if part.fits(word):
        return 0.0 if part.value is None else _VALUE
    if part.value is None:
        likeness = _likeness(part.text, word)
        return 1.2 - likeness if likeness >= _ALIKE else _OTHER_WORD
    return _WRONG_VALUE if part.mended(word) is None else _SLIP_IN_VALUE


def _what_is_wrong(pairs: Sequence[_Pair]) -> str:
    """The first part that differs."""
    before: list[str] = []
    for index, (part, word) in enumerate(pairs):
        if part is None:
            return f"the part {word!r} is too much"
        if word is None and not part.optional:
            if any(later is not None for _part_of_it, later in pairs[index:]):
                return f"the part {part.text} is missing"
            return f"it ends too early{_known_after(before)}"
        if word is not None and not part.fits(word):
            if part.value is not None:
                return f"the part {word!r} is not {part.value.words}"
            return f"the part {word!r} is unknown{_known_after(before, word)}"
        before.append(part.text if word is None else word)
    return "it has too many parts"


def _known_after(before: Sequence[str], word: str = "") -> str:
    """The words that can be in a place, unless the word there is like one of them."""
    depth = len(before)
    known = {parts[depth].text for _entry, parts in _TEMPLATES if len(parts) > depth and _fits(parts[:depth], before)}
    if any(_likeness(word, text) >= _ALIKE for text in known):
        return ""
    return f", known there: {', '.join(sorted(known))}"


def _written(entry: Entry, pairs: Sequence[_Pair]) -> str:
    words = []
    for part, word in pairs:
        if part is None:
            continue
        if part.value is None:
            text: str | None = part.text
        else:
            text = None if word is None else part.mended(word)
        if text is None and not part.optional:
            return entry.template
        if text is not None:
            words.append(text)
    return ":".join(words)
