# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that talk to the cluster as nobody."""

from __future__ import annotations

import os
from typing import Callable

from .._api.connection import Site, resolve_site
from . import libraries as _deps
from .arguments import Module
from .connection_spec import CONNECTION_SPEC
from .run import ArgumentSpec, Managed, Params, Where, run


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
