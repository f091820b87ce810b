# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.access_page: who may do what as an HTML page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from ansible.errors import AnsibleFilterError

from ..module_utils._access.types import Access


def access_page(access: object) -> str:
    """The page, after a look at what was given."""
    # Only here: each task that uses any filter makes Ansible import all filters of the collection, in a new process.
    from ..plugin_utils._access_page import render_page

    if not isinstance(access, Mapping) or "findings" not in access:
        raise AnsibleFilterError("access_page expects 'access' of the result of dcos.security.dcos_access_info.")
    return render_page(cast(Access, access))


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Names of the filters in this file."""
        return {"access_page": access_page}
