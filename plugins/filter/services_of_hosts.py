# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.services_of_hosts: an inventory in which each service is a host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import DcosError


def services_of_hosts(hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, object]]) -> list[dict[str, object]]:
    """One service for each host, from its variables that begin with C(dcos_service_)."""
    # Only here: each task that uses any filter makes Ansible import all filters of the collection, in a new process.
    from ..module_utils._presets.reading import PREFIX
    from ..module_utils._service.variables import VARIABLES, check_names

    if isinstance(hosts, (str, Mapping)) or not isinstance(hostvars, Mapping):
        raise AnsibleFilterError("dcos.security.services_of_hosts expects a list of hosts and hostvars.")
    services = []
    for host in hosts:
        variables = hostvars[host]
        try:
            check_names(variables)
        except DcosError as error:
            raise AnsibleFilterError(f"dcos.security.services_of_hosts: the host {host}: {error.message}") from error
        service = {name: variables[PREFIX + name] for name in sorted(VARIABLES) if PREFIX + name in variables}
        if not service.get("name"):
            raise AnsibleFilterError(
                f"dcos.security.services_of_hosts: the host {host} has no variable {PREFIX}name, so it is no service."
            )
        services.append(service)
    return services


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, object]]]]:
        """Names of the filters in this file."""
        return {"services_of_hosts": services_of_hosts}
