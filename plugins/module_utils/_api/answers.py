# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Documents of the cluster, read field by field into typed values; what has another shape is an error.

A missing key is never an empty list: somebody would believe that nothing is there. Fields that older versions of DC/OS
leave out have a default where they are read; fields that nobody asks for are not looked at.
"""

from __future__ import annotations

import re
from typing import Iterator, Mapping, Sequence

from .._errors import OddAnswerError
from .http import JSON_TYPES, Answer

# The IAM takes neither blanks nor control characters; marks that turn the direction of text it takes in resource ids.
_NOT_IN_IDS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")


class Document:
    """One JSON object.

    url, what: where it came from and which request it answers, for messages.
    where: its place in the answer, empty for the whole of it.
    """

    def __init__(self, fields: object, url: str, what: str, where: str = "") -> None:
        self._url = url
        self._what = what
        self._where = where
        if not isinstance(fields, Mapping):
            raise self.odd(f"{where or 'the answer'} is {_kind(fields)}, not a JSON object")
        self._fields = fields

    def odd(self, problem: str) -> OddAnswerError:
        """The error for a field of another shape than documented; the text of the field itself is not shown."""
        return OddAnswerError(self._what, self._url, problem, 200)

    def text(self, name: str) -> str:
        """A field that must be text."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return self._clean(name, value)

    def id(self, name: str) -> str:
        """A field that must be the id of something, or the name of an action; it may become a part of a URL."""
        value = self.text(name)
        if value in ("", ".", "..") or _NOT_IN_IDS.search(value):
            raise self.odd(f"{self._place(name)} is no id")
        return value

    def check_about(self, name: str, path: str) -> None:
        """Refuse a field with a URL, where there is one, that is about something other than the request."""
        url = self.text_or_none(name)
        if url is not None and path not in f"{url}/":
            raise self.odd(f"{self._place(name)} is not about what was requested")

    def text_or_none(self, name: str) -> str | None:
        """A field that may be left out or null."""
        return None if self._fields.get(name) is None else self.text(name)

    def sentence(self, name: str) -> str:
        """A field with words for people, empty if it is left out or null; half a character in it is replaced."""
        value = self._fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value.encode("utf-8", "replace").decode("utf-8")

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A field that must be true or false; with a default it may be left out."""
        value = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return value

    def part(self, name: str) -> Document:
        """An object inside this one."""
        return Document(self._fields.get(name), self._url, self._what, self._place(name))

    def is_null(self, name: str) -> bool:
        """Whether a field is there, and null."""
        return name in self._fields and self._fields[name] is None

    def parts(self, name: str) -> list[Document]:
        """The objects of a list."""
        return [Document(each, self._url, self._what, place) for place, each in self._items(name)]

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        found = []
        for place, each in self._items(name):
            if not isinstance(each, str):
                raise self.odd(f"{place} is {_kind(each)}, not text")
            found.append(self._clean(place, each))
        return found

    def fields(self) -> dict[str, object]:
        """All of it as it came, for who knows what to do with it."""
        return dict(self._fields)

    def _items(self, name: str) -> Iterator[tuple[str, object]]:
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        for index, each in enumerate(value):
            yield f"{self._place(name)}[{index}]", each

    def _clean(self, name: str, value: str) -> str:
        """Half of a character, which JSON can spell, is nothing that could be sent or shown again."""
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise self.odd(f"{self._place(name)} is not valid text") from None
        return value

    def _wrong(self, name: str, value: object, wanted: str) -> OddAnswerError:
        found = _kind(value) if name in self._fields else "missing"
        return self.odd(f"{self._place(name)} is {found}, not {wanted}")

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name


def document(answer: Answer, url: str, what: str, media_types: Sequence[str] = JSON_TYPES) -> Document:
    """The JSON object that an answer must be."""
    body = answer.json(media_types)
    if body is None:
        found = "an HTML page" if answer.is_page else "not JSON"
        raise OddAnswerError(what, url, f"it is {found}", answer.status)
    return Document(body, url, what)


def _kind(value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")
