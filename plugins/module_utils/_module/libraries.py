# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python libraries that the modules need, and how to say that one is missing."""

from __future__ import annotations

import importlib
import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible.module_utils.basic import missing_required_lib

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Library:
    """A library that modules import: its module and distribution, and the lowest version that it was tried with."""

    module: str
    name: str
    minimum: tuple[int, ...]

    @property
    def requirement(self) -> str:
        return f"{self.name} >= {'.'.join(map(str, self.minimum))}"


# The minimum versions stand in the doc fragment of the connection and in the documentation of dcos_keypair too.
KEYS = Library("cryptography", "cryptography", (42, 0))
JWT = Library("jwt", "PyJWT", (2, 4))
HTTP = Library("requests", "requests", (2, 27))


@dataclass(frozen=True)
class Lack:
    """Why a library cannot be used, with the traceback where it is missing."""

    library: Library
    reason: str
    details: str | None = None


def lacking(*libraries: Library) -> Lack | None:
    """The first library that is missing or too old; None where all are there.

    Too old matters: before its minimum, cryptography does not know an option that stored keys are loaded with, and a
    good key would look like a damaged one.
    """
    for library in libraries:
        reason = str(missing_required_lib(library.requirement))
        try:
            found = str(importlib.import_module(library.module).__version__)
        except ImportError:
            return Lack(library, reason, traceback.format_exc())
        if release(found) < library.minimum:
            return Lack(library, f"{reason} Found was version {found}.")
    return None


def require(module: AnsibleModule, *libraries: Library) -> None:
    """End the module with a clear message when a library is missing or too old."""
    lack = lacking(*libraries)
    if lack is not None:
        failure = {"status": None, "code": None, "title": f"{lack.library.name} is missing or too old"}
        module.fail_json(msg=lack.reason, exception=lack.details, failure=failure)


def release(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in match.group(0).split(".")) if match is not None else ()
