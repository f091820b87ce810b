# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a credential into the folder of a job by AWX's own code: type, inputs and folder in, the environment out."""

from __future__ import annotations

import json
import sys

from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

given = json.load(sys.stdin)
kind = ManagedCredentialType(
    namespace="dcos", **{key: given["type"][key] for key in ("name", "kind", "inputs", "injectors")}
)
environment: dict[str, str] = {}
shown: dict[str, str] = {}
inject_credential(kind, Credential(given["inputs"]), environment, shown, [], given["folder"])
json.dump({"environment": environment, "shown": shown}, sys.stdout)
