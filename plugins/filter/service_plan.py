# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.service_plan: thin glue around the rules of the role dcos_service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display

from ..module_utils._errors import DcosError
from ..module_utils._module.private_keys import refuse_private_key


def service_plan(
    variables: Mapping[str, object],
    cluster: Mapping[str, object] | None = None,
    refuse: bool = True,
    named: Sequence[str] = (),
    purpose: str = "provision",
) -> dict[str, object]:
    """Make the plan, show its warnings, and turn our errors into Ansible's, or into a plan that only says why not."""
    # Only here: each task that uses any filter makes Ansible import all filters of the collection, in a new process.
    from ..module_utils._presets.reading import PREFIX
    from ..module_utils._service.plan import PURPOSES, plan_service
    from ..module_utils._service.variables import check_names

    if not isinstance(variables, Mapping):
        raise AnsibleFilterError("dcos.security.service_plan expects a dictionary of the role's variables.")
    if purpose not in PURPOSES:
        raise AnsibleFilterError(
            f"dcos.security.service_plan: {purpose!r} is not a purpose. Use {', '.join(PURPOSES)}."
        )
    try:
        for name, value in variables.items():
            refuse_private_key(f"{PREFIX}{name}", value)  # nothing hides what a filter says
        check_names(named)
        plan = plan_service(variables, cluster or None, purpose=purpose)
    except DcosError as error:
        if refuse:
            raise AnsibleFilterError(error.message) from error
        return {"stage": "refused", "read_cluster": False, "error": error.message}
    display = Display()
    for warning in plan.warnings:
        display.warning(warning)
    return plan.view()


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., dict[str, object]]]:
        """Names of the filters in this file."""
        return {"service_plan": service_plan}
