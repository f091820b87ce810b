# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that talk to the cluster as somebody: options -> cluster -> resource."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Callable, Generic, Sequence

from .._api.cluster import Cluster
from .._api.connection import IdTokenCredentials, KeyCredentials, TokenCredentials, resolve
from . import libraries as _deps
from .arguments import Module
from .connection_spec import CONNECTION_SPEC
from .run import ArgumentSpec, Managed, Params, Where, run


@dataclass(frozen=True)
class Context(Generic[Params]):
    """What a module makes its resource from."""

    params: Params
    connect: Callable[[], Cluster]
    warn: Callable[[str], None]
    hide: Callable[[str], None]
    reveal: Callable[[str], None]

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster that the options name. A module that never asks for it needs no connection."""
        return self.connect()


def run_cluster_module(
    argument_spec: ArgumentSpec,
    build: Callable[[Context[Params]], Managed],
    libraries: Sequence[_deps.Library] = (),
    **rules: object,
) -> None:
    """Run a module that talks to the cluster as somebody.

    libraries: what it needs beside those that every such module does; importing one takes its time.
    """
    module = Module({**CONNECTION_SPEC, **argument_spec}, supports_check_mode=True, **rules)
    _deps.require(module, _deps.HTTP, _deps.KEYS, *libraries)

    def make(where: Where) -> Managed:
        module.hide_marked()

        def connect() -> Cluster:
            connection = resolve(module.params, os.environ, module.warn, module.hide)
            if isinstance(connection.credentials, (IdTokenCredentials, KeyCredentials, TokenCredentials)):
                _deps.require(module, _deps.JWT)
            where["cluster"] = {"url": connection.url, "credentials_from": connection.credentials_from}
            return Cluster(connection, module.hide)

        return build(Context(module.params, connect, module.warn, hide=module.hide, reveal=module.reveal))

    run(module, make)
