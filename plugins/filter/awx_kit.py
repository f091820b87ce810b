# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.awx_kit: what the playbook of the same name writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import DcosError


def awx_kit(variables: object) -> dict[str, str]:
    """The files of the kit, by path."""
    # Only here: each task that uses any filter makes Ansible import all filters of the collection, in a new process.
    from ..plugin_utils._awx_files import files
    from ..plugin_utils._awx_model import make_kit

    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("dcos.security.awx_kit expects the variables of the playbook awx_kit as a dictionary.")
    try:
        return files(make_kit(variables))
    except DcosError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Names of the filters in this file."""
        return {"awx_kit": awx_kit}
