# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.permissions_from_audit: from the report on an account to what provisioning takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import DcosError
from ..module_utils._module.private_keys import refuse_private_key
from ..module_utils._rules.permissions import Permission, check_permissions, grants_of, group_grants

_UNMAPPED = ("component", "action", "object", "result", "reason")


def permissions_from_audit(
    report: object,
    uid: str,
    known: Sequence[Mapping[str, object]] = (),
    unmapped: Sequence[Mapping[str, object]] = (),
    service: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """What the account needs by these lines and by what was known before, in one order whatever the lines' was."""
    # Only here: each task that uses any filter makes Ansible import all filters of the collection, in a new process.
    from ..module_utils._presets.reading import PREFIX
    from ..module_utils._service.fitting import fitting_presets

    if not isinstance(report, Mapping) or "audit" not in report:
        raise AnsibleFilterError("permissions_from_audit expects the result of dcos.security.dcos_audit_info.")
    account = next((each for each in report["audit"] if each["uid"] == uid), None)
    needed = [] if account is None else account["needed"]
    try:
        for name, value in (service or {}).items():
            refuse_private_key(f"{PREFIX}{name}", value)  # nothing hides what a filter says
        permissions = sorted(check_permissions([*known, *needed], "known"), key=lambda each: each.rid)
        fits = [] if service is None else fitting_presets(grants_of(permissions), service)
    except (DcosError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"permissions_from_audit: {error}") from error
    lines = {tuple(str(each.get(name) or "") for name in _UNMAPPED) for each in unmapped}
    lines |= {tuple(str(each[name]) for name in _UNMAPPED) for each in report["unmapped"] if each["uid"] in (uid, None)}
    return {
        "permissions": [_view(permission) for permission in permissions],
        "unmapped": [dict(zip(_UNMAPPED, line, strict=True)) for line in sorted(lines)],
        "presets": [{"name": fit.name, "beyond": group_grants(fit.beyond)} for fit in fits],
    }


def _view(permission: Permission) -> dict[str, object]:
    view: dict[str, object] = {"rid": permission.rid, "actions": list(permission.actions)}
    return view if permission.description is None else {**view, "description": permission.description}


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., dict[str, object]]]:
        """Names of the filters in this file."""
        return {"permissions_from_audit": permissions_from_audit}
