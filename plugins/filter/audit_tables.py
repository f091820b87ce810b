# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.audit_tables: what audit lines tell as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ..plugin_utils._audit_lines import Preset, audit_lines


def audit_tables(report: object, presets: Sequence[Preset] = (), unread: Sequence[Mapping[str, str]] = ()) -> list[str]:
    """The lines, after a look at what was given."""
    if not isinstance(report, Mapping) or "audit" not in report:
        raise AnsibleFilterError("audit_tables expects the result of dcos.security.dcos_audit_info.")
    return audit_lines(report, presets, unread)


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Names of the filters in this file."""
        return {"audit_tables": audit_tables}
