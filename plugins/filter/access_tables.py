# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.access_tables: who may do what as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from ansible.errors import AnsibleFilterError

from ..module_utils._access.types import Access
from ..plugin_utils._access_lines import TABLES, access_lines


def access_tables(access: object, tables: str | Sequence[str] = tuple(TABLES)) -> list[str]:
    """The lines, after a look at what was given."""
    if not isinstance(access, Mapping) or "findings" not in access:
        raise AnsibleFilterError("access_tables expects 'access' of the result of dcos.security.dcos_access_info.")
    names = [name.strip() for name in tables.split(",")] if isinstance(tables, str) else list(tables)
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        raise AnsibleFilterError(f"access_tables: there is no table {unknown[0]!r}. Use {', '.join(TABLES)}.")
    return access_lines(cast(Access, access), names)


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Names of the filters in this file."""
        return {"access_tables": access_tables}
