# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module in this process as Ansible runs it: arguments in, one JSON document out, secrets hidden by Ansible."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils import basic

from ansible_collections.dcos.security.tests.unit.plugins.module_utils.connections import PASSWORD, SUPERUSER, URL
from ansible_collections.dcos.security.tests.unit.plugins.module_utils.transport import Handler, Script, serving

PLUGINS = "ansible_collections.dcos.security.plugins"
LOGIN = {"dcos_url": URL, "dcos_username": SUPERUSER, "dcos_password": PASSWORD}


def run_main(
    main: Callable[[], None], options: dict[str, Any], check_mode: bool = False, diff: bool = False
) -> dict[str, Any]:
    """What the module prints, as Ansible's own code filtered it."""
    arguments = {
        **options,
        "_ansible_check_mode": check_mode,
        "_ansible_diff": diff,
        "_ansible_keep_remote_files": False,
    }
    out = io.StringIO()
    given = mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
    # Newer versions of ansible-core want to know how the arguments were serialised.
    profile = mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True)
    # Where warnings go depends on whether the process has met controller code of Ansible before.
    warnings: list[str] = []
    warn = mock.patch.object(basic.AnsibleModule, "warn", lambda module, warning, **more: warnings.append(warning))
    with given, profile, warn, contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        main()
    return {**json.loads(out.getvalue()), "warnings": warnings}


def run(
    name: str,
    options: dict[str, Any],
    cluster: Handler | None = None,
    check_mode: bool = False,
    diff: bool = False,
    login: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a module of ours against what answers its requests; without it, a request fails the test."""
    main = importlib.import_module(f"{PLUGINS}.modules.{name}").main
    with serving(cluster if cluster is not None else Script()):
        return run_main(main, {**(LOGIN if login is None else login), **options}, check_mode, diff)
