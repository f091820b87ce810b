# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module runs: errors -> C(fail_json), secrets -> hidden, results; and the modules that need nothing more.

A module hands over its argument spec and a function that makes its resource from the options; everything else is here,
in cluster.py for modules that talk to the cluster with credentials, and in anonymous.py for those without any.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Mapping, Optional, TypeVar

from .._errors import DcosError
from .._resources.frame import FilesResource, Outcome, Resource, converge
from .._service.terms import in_terms_of_service, in_terms_of_variables
from .._visible import visible
from . import libraries as _deps
from .arguments import Module
from .file_attributes import FileAttributes

ArgumentSpec = Mapping[str, Mapping[str, object]]
"""The options of a module, as Ansible wants them."""

Params = TypeVar("Params")
"""The values of a module's options: a C(TypedDict) that stands beside its argument spec."""

Managed = TypeVar("Managed", bound=Resource[Any])

Where = Dict[str, Dict[str, Optional[str]]]
"""Which cluster a module was about, for its result and its failure."""


def run_local_module(
    argument_spec: ArgumentSpec,
    build: Callable[[Params], Managed],
    **rules: object,
) -> None:
    """Run a module that works with files here only."""
    module = Module(dict(argument_spec), supports_check_mode=True, **rules)
    _deps.require(module, _deps.KEYS)
    run(module, lambda where: build(module.params))


def run(module: Module, make: Callable[[Where], Managed]) -> None:
    """Converge what C(make) makes and end the module; C(make) notes in its argument which cluster it is about."""
    where: Where = {}
    try:
        module.check_arguments()
        resource = make(where)
        attributes = FileAttributes(module, resource.managed_files) if isinstance(resource, FilesResource) else None
        outcome = converge(resource, module.check_mode)
        outcome.hide_key(os.environ.get(PREDICTED_KEY))
        if attributes is not None:
            attributes.manage(outcome)
        _exit(module, outcome, where)
    except DcosError as exc:
        module.fail_json(msg=_in_terms_of_caller(exc).message, failure=exc.failure(), **where)


SERVICE_VARIABLES = "DCOS_SERVICE_VARIABLES"
"""How the role's variables begin: the role sets it in the environment of its tasks, so that messages name those."""


OPTION_VARIABLES = "DCOS_OPTION_VARIABLES"
"""In the environment of a playbook's task: the variables that its options are filled from, which messages name instead:
C(option=variable), separated by blanks."""


PREDICTED_KEY = "DCOS_SERVICE_PREDICTED_KEY"
"""In the environment of a task of the role: the fingerprint of a key that an earlier task has only predicted."""


def in_role() -> bool:
    """Whether the role dcos_service runs this module."""
    return bool(os.environ.get(SERVICE_VARIABLES))


def _in_terms_of_caller(error: DcosError) -> DcosError:
    if in_role():
        return in_terms_of_service(error, os.environ[SERVICE_VARIABLES])
    pairs = (each.partition("=") for each in os.environ.get(OPTION_VARIABLES, "").split())
    return in_terms_of_variables(error, {option: variable for option, _sign, variable in pairs})


def _exit(module: Module, outcome: Outcome, more: Mapping[str, object]) -> None:
    for warning in outcome.warnings:
        module.warn(visible(warning))
    result: dict[str, object] = {**outcome.values, **more, "changed": outcome.changed}
    if outcome.provisional:
        result["provisional"] = True
    if module._diff:
        result["diff"] = {"before": outcome.before or {}, "after": outcome.after or {}}
    if outcome.failure is not None:
        module.fail_json(msg=_in_terms_of_caller(outcome.failure).message, failure=outcome.failure.failure(), **result)
    module.exit_json(**result)
