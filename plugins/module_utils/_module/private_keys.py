# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Private keys where none belongs: recognised in any form, and refused by the name of the option that holds one."""

from __future__ import annotations

import base64
import re
from itertools import chain
from typing import Iterator, Sequence
from urllib.parse import quote

from .._errors import DcosError


def refuse_private_key(option: str, value: object) -> None:
    """Refuse the text of a key in the value of an option, before another message could quote it."""
    if any(map(holds_private_key, texts(value))):
        raise DcosError(
            f"{option}: this holds the text of a private key, which does not belong there. For a path, give that of "
            "the file with the key. Give the key itself only to an option that is named for it.",
            "invalid_key",
        )


def texts(value: object) -> Iterator[str]:
    """Every text in nested lists and dictionaries, their keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(texts, chain(value, value.values())))
    elif isinstance(value, (list, tuple)):
        yield from chain.from_iterable(map(texts, value))


def _base64_forms(raw: bytes) -> Iterator[str]:
    """What is in base64 wherever these bytes are in what was encoded."""
    for shift in range(3):
        # Characters that depend on what stands before or after are left out.
        first, end = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        form = base64.b64encode(bytes(shift) + raw).decode("ascii")[first:end]
        yield form
        yield form.replace("+", "-").replace("/", "_")


# The end of a key's first line, and how PKCS#8 begins around an RSA key: of one that was given without its first line.
_IN_CLEAR = "PRIVATE KEY-----"
_RSA_PKCS8 = bytes.fromhex("020100300d06092a864886f70d010101050004")
_ONCE = {*_base64_forms(_IN_CLEAR.encode("ascii")), *_base64_forms(_RSA_PKCS8)}
_TWICE = {form for once in _ONCE for form in _base64_forms(once.encode("ascii"))}
_SIGNS = sorted(("".join(_IN_CLEAR.split()), *(quote(_IN_CLEAR), _IN_CLEAR.replace(" ", "+")), *_ONCE, *_TWICE))
_SHORTEST = min(map(len, _SIGNS))


def holds_private_key(text: str) -> bool:
    """Whether a text holds a private key: as PEM or in base64, also twice, escaped or not, in lines or not."""
    if len(text) < _SHORTEST:
        return False
    text = "".join(_unescaped(text).split())
    return any(sign in text for sign in _SIGNS)


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\r", "\r")


def long_runs(text: str) -> Sequence[str]:
    """The lines of a key, which are what is left of the text when Ansible takes it for a list or C(name=value)."""
    return re.findall(r"[A-Za-z0-9+/_-]{24,}", _unescaped(text))
