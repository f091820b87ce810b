# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter dcos.security.from_survey: a variable of a playbook as a survey of AWX sends it."""

from __future__ import annotations

import json
from collections.abc import Callable

from ansible.errors import AnsibleFilterError


def from_survey(value: object, name: str, default: object = "") -> object:
    """What a variable stands for: the default if it is empty or null, a list or dictionary if it is their JSON text."""
    meant = _loaded(value, name) if isinstance(value, str) and value.lstrip().startswith(("[", "{")) else value
    return default if meant is None or meant in ("", [], {}) else meant


def _loaded(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Its own message may quote the text.
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise AnsibleFilterError(
            f"{name}: the text begins like a list or a dictionary in JSON, and is wrong{where}. Nothing was changed. "
            "Correct it, or give a real list or dictionary."
        ) from None


class FilterModule:
    """The class that ansible-core looks for."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Names of the filters in this file."""
        return {"from_survey": from_survey}
