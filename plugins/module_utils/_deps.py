# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python libraries that the modules need, and how to say that one is missing."""

from __future__ import annotations

import importlib
import traceback
from typing import TYPE_CHECKING

from ansible.module_utils.basic import missing_required_lib

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# The minimum versions stand in the doc fragment of the connection and in the documentation of dcos_keypair too.
KEYS: tuple[str, str] = ("cryptography", "cryptography >= 42.0")
JWT: tuple[str, str] = ("jwt", "PyJWT >= 2.4")
HTTP: tuple[str, str] = ("requests", "requests >= 2.27")


def require(module: AnsibleModule, *libraries: tuple[str, str]) -> None:
    """End the module with a clear message when a library cannot be imported."""
    for name, requirement in libraries:
        try:
            importlib.import_module(name)
        except ImportError:
            module.fail_json(
                msg=missing_required_lib(requirement),
                exception=traceback.format_exc(),
                failure={"status": None, "code": None, "title": f"{name} is missing"},
            )
