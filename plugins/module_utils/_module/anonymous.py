# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that talk to the cluster as nobody, and the options that say which cluster."""

from __future__ import annotations

import os
from typing import Callable

from .._api.connection import Site, resolve_site
from . import libraries as _deps
from .arguments import Module
from .run import ArgumentSpec, Managed, Params, Where, run

# No defaults and no env fallbacks here: an option left out must be told from one set to its default, an exported empty
# variable must count as unset, and a credential set must come from one source as a whole. See _api/connection.py.
# Truth values and numbers are text for the same reason: AWX renders an unfilled field as empty text.
CONNECTION_SPEC: dict[str, dict[str, object]] = {
    "dcos_url": {"type": "str"},
    "dcos_token": {"type": "str", "no_log": True},
    "dcos_id_token": {"type": "str", "no_log": True},
    "dcos_username": {"type": "str"},
    "dcos_password": {"type": "str", "no_log": True},
    "dcos_private_key": {"type": "str", "no_log": True},
    "dcos_private_key_path": {"type": "path", "no_log": False},
    "dcos_ca_path": {"type": "path"},
    "dcos_validate_certs": {"type": "str"},
    "dcos_allow_http": {"type": "str"},
    "dcos_timeout": {"type": "str"},
    "dcos_retries": {"type": "str"},
    "dcos_config": {"type": "path"},
}


def run_site_module(
    argument_spec: ArgumentSpec,
    build: Callable[[Params, Site | None], Managed],
    **rules: object,
) -> None:
    """Run a module that talks to the cluster as nobody, before there is a reason to trust it, or not at all."""
    module = Module({**CONNECTION_SPEC, **argument_spec}, supports_check_mode=True, **rules)
    _deps.require(module, _deps.HTTP, _deps.KEYS)

    def make(where: Where) -> Managed:
        site = resolve_site(module.params, os.environ, module.hide)
        where["cluster"] = {"url": None if site is None else site.url, "credentials_from": None}
        return build(module.params, site)

    run(module, make)
