# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.services_from_csv: a table of services, as spreadsheets write it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from io import StringIO

from ansible.errors import AnsibleFilterError

FILTER = "dcos.security.services_from_csv"
LISTS = ("preset",)
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


def services_from_csv(text: str, delimiter: str | None = None, source: str = FILTER) -> list[dict[str, object]]:
    """One service for each line below the first one, which names the variables; empty cells count as unset."""
    try:
        return _services(text, delimiter)
    except _TableError as exc:
        raise AnsibleFilterError(f"{source}: {exc}") from None  # Ansible would add each cause to the message


class _TableError(Exception):
    """What is wrong with the table."""


def _services(text: str, delimiter: str | None) -> list[dict[str, object]]:
    if not isinstance(text, str):
        raise _TableError("this filter expects the text of a CSV file.")
    try:
        text.encode()
    except UnicodeEncodeError as exc:  # Ansible reads what is not UTF-8 as lone surrogates
        line = text.count("\n", 0, exc.start) + 1
        raise _TableError(f"line {line} is not UTF-8. Save the table again, with the encoding UTF-8.") from exc
    text = text.lstrip("\ufeff")
    reader = csv.reader(StringIO(text), delimiter=_named(delimiter) if delimiter else _found(text), strict=True)
    services = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                services.append(_service(header, cells, f"line {reader.line_num}"))
    except csv.Error as exc:
        raise _TableError(f"line {reader.line_num} is not CSV: {exc}.") from exc
    return services


def _named(delimiter: str) -> str:
    character = DELIMITERS.get(delimiter, delimiter)
    if len(character) != 1 or character in '"\r\n\0':
        raise _TableError(
            f"the delimiter {delimiter!r} is not one character that can stand between cells. Use one, or "
            f"{', '.join(DELIMITERS)}."
        )
    return character


def _found(text: str) -> str:
    """No name of a variable holds a delimiter, so the first line shows which one it is."""
    line = text.partition("\n")[0]
    found = [name for name, character in DELIMITERS.items() if character in line]
    if len(found) > 1:
        raise _TableError(
            f"the first line has more than one kind of delimiter ({', '.join(found)}). Name the one that is "
            "meant with the option delimiter (dcos_services_delimiter in the playbooks)."
        )
    return DELIMITERS[found[0]] if found else ","


def _check_header(header: list[str]) -> None:
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if twice:
        raise _TableError(f"the first line names {', '.join(twice)} more than once.")
    if "name" not in header or "" in header:
        raise _TableError(
            f"the first line must name the variable of each column, and one of them is name. It names "
            f"{', '.join(filter(None, header)) or 'nothing'}{' and leaves a column unnamed' if '' in header else ''}. "
            "If the delimiter is not comma, semicolon or tab, name it with the option delimiter "
            "(dcos_services_delimiter in the playbooks)."
        )


def _service(header: list[str], cells: list[str], where: str) -> dict[str, object]:
    if len(cells) > len(header):
        raise _TableError(
            f"{where} has {len(cells)} cells, the first line {len(header)}. Put text with the delimiter in "
            "double quotes."
        )
    service: dict[str, object] = {}
    for name, cell in zip(header, (cell.strip() for cell in cells), strict=False):  # cells at the end may be missing
        if not cell:
            continue
        if name == "permissions" and not cell.startswith("["):
            service[name] = [_permission(part, where) for part in cell.split(";") if part.strip()]
        elif name in LISTS and not cell.startswith("["):
            service[name] = [part.strip() for part in re.split("[;,]", cell) if part.strip()]
        else:
            service[name] = cell
    return service


def _permission(text: str, where: str) -> dict[str, object]:
    """C(rid action action ...): neither can hold a blank."""
    rid, *actions = text.split()
    if not actions:
        raise _TableError(
            f"{where}: permissions: {rid} has no action. Write the resource id and its actions with blanks "
            "between them, and a semicolon before the next resource id."
        )
    return {"rid": rid, "actions": actions}


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, object]]]]:
        """Names of the filters in this file."""
        return {"services_from_csv": services_from_csv}
