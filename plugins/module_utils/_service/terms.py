# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""Errors about the options of modules, for those who wrote variables of a service or a playbook and know no options."""

from __future__ import annotations

import re
from typing import Mapping

from .._errors import DcosError

VARIABLES_OF_OPTIONS = {
    "description": "description",
    "groups": "groups",
    "legacy_login_endpoint": "legacy_login_endpoint",
    "path": "secret_path",
    "pem_path": "pem_secret_path",
    "private_key_path": "key_dir",
    "public_key_path": "key_dir",
    "secret_path": "secret_path",
    "secret_store": "secret_store",
    "security_mode": "security_mode",
    "size": "key_size",
    "store": "secret_store",
    "uid": "account",
}
"""What the options of modules are in the role dcos_service and in the entries of dcos_services, without prefix."""

_OPTION = re.compile(r"(\w+)(?=: | \()")
"""Messages about an option begin with its name."""


def in_terms_of_service(error: DcosError, prefix: str) -> DcosError:
    """The same error, naming variables that begin with C(prefix)."""
    told = error.copy()  # several services may share this one
    if error.remedy is not None:
        told.message = told.message.replace(error.remedy.for_module, error.remedy.for_service.format(prefix=prefix), 1)
    names = {option: f"{prefix}{variable}" for option, variable in VARIABLES_OF_OPTIONS.items()}
    return in_terms_of_variables(told, names)


def in_terms_of_variables(error: DcosError, variables: Mapping[str, str]) -> DcosError:
    """The same error, naming the variable that an option was filled from."""
    told = error.copy()
    option = _OPTION.match(told.message)
    if option is not None and option[1] in variables:
        told.message = f"{variables[option[1]]}{told.message[option.end() :]}"
    return told
