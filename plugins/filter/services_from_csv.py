# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.services_from_csv: a table of services, as spreadsheets write it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from io import StringIO

from ansible.errors import AnsibleFilterError

LISTS = ("preset",)


def services_from_csv(text: str, delimiter: str = ",") -> list[dict[str, object]]:
    """One service for each line below the first one, which names the variables; empty cells count as unset."""
    if not isinstance(text, str):
        raise AnsibleFilterError("dcos.security.services_from_csv works on the text of a CSV file.")
    if len(delimiter) != 1:
        raise AnsibleFilterError(f"dcos.security.services_from_csv: {delimiter!r} is not one character.")
    reader = csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=delimiter, strict=True)
    services = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                services.append(_service(header, cells, f"line {reader.line_num}"))
    except csv.Error as exc:
        raise AnsibleFilterError(f"dcos.security.services_from_csv: line {reader.line_num} is not CSV: {exc}.") from exc
    return services


def _check_header(header: list[str]) -> None:
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    if "name" not in header or "" in header or twice:
        raise AnsibleFilterError(
            "dcos.security.services_from_csv: the first line must name the variable of each column, each once, and one "
            f"of them is name. It names {', '.join(header) or 'nothing'}. Is the delimiter right?"
        )


def _service(header: list[str], cells: list[str], where: str) -> dict[str, object]:
    if len(cells) > len(header):
        raise AnsibleFilterError(
            f"dcos.security.services_from_csv: {where} has {len(cells)} cells, the first line {len(header)}. Put text "
            "with the delimiter in double quotes."
        )
    service: dict[str, object] = {}
    for name, cell in zip(header, (cell.strip() for cell in cells), strict=False):  # cells at the end may be missing
        if not cell:
            continue
        if name == "permissions" and not cell.startswith("["):
            service[name] = [_permission(part, where) for part in cell.split(";") if part.strip()]
        elif name in LISTS and not cell.startswith("["):
            service[name] = [part.strip() for part in cell.split(";") if part.strip()]
        else:
            service[name] = cell
    return service


def _permission(text: str, where: str) -> dict[str, object]:
    """C(rid action action ...): neither can hold a blank."""
    rid, *actions = text.split()
    if not actions:
        raise AnsibleFilterError(
            f"dcos.security.services_from_csv: {where}: permissions: {rid} has no action. Write the resource id and "
            "its actions with blanks between them, and a semicolon before the next resource id."
        )
    return {"rid": rid, "actions": actions}


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, object]]]]:
        """Names of the filters in this file."""
        return {"services_from_csv": services_from_csv}
