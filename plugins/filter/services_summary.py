# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.services_summary: the results for services as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ..plugin_utils._service_lines import Service, service_lines


def services_summary(result: object, most: int = 20) -> list[str]:
    """The lines, after a look at what was given."""
    services = result.get("services") if isinstance(result, Mapping) else None
    if not isinstance(result, Mapping) or not isinstance(services, list):
        raise AnsibleFilterError("services_summary expects the result of dcos.security.dcos_services.")
    entries: list[Service] = services
    return service_lines(entries, bool(result.get("provisional")), most)


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Names of the filters in this file."""
        return {"services_summary": services_summary}
