# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module runs: errors -> C(fail_json), secrets -> hidden, results; and the modules that need nothing more.

A module hands over its argument spec and a function that makes its resource from the options; everything else is here,
in cluster.py for modules that talk to the cluster with credentials, and in anonymous.py for those without any.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Sequence, TypeVar
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from .._errors import DcosError
from .._resources.frame import Outcome, Reading, Resource, State, converge
from . import libraries as _deps

ArgumentSpec = Mapping[str, Mapping[str, object]]
"""The options of a module, as Ansible wants them."""

Params = TypeVar("Params")
"""The values of a module's options: a C(TypedDict) that stands beside its argument spec."""

Managed = TypeVar("Managed", bound=Resource[Any])

Where = Dict[str, Dict[str, Optional[str]]]
"""Which cluster a module was about, for its result and its failure."""


def converge_plainly(module: AnsibleModule, resource: Resource[State]) -> Outcome:
    """What most modules do with their resource; those that make files have _module/file_attributes.py for it."""
    return converge(resource, module.check_mode)


def run_local_module(
    argument_spec: ArgumentSpec,
    build: Callable[[Params], Managed],
    converge_with: Callable[[AnsibleModule, Managed], Outcome] = converge_plainly,
    **rules: object,
) -> None:
    """Run a module that works with files here only."""
    module = AnsibleModule(dict(argument_spec), supports_check_mode=True, **rules)
    _deps.require(module, _deps.KEYS)
    run(module, lambda where: build(module.params), converge_with)


def run(
    module: AnsibleModule,
    make: Callable[[Where], Managed],
    converge_with: Callable[[AnsibleModule, Managed], Outcome] = converge_plainly,
) -> None:
    """Converge what C(make) makes and end the module; C(make) notes in its argument which cluster it is about."""
    where: Where = {}
    try:
        refuse_misplaced_keys(module)
        resource = make(where)
        outcome = converge_with(module, resource)
        if module.check_mode and not isinstance(resource, Reading):
            outcome.values["check_mode"] = True
        _exit(module, outcome, where)
    except DcosError as exc:
        module.fail_json(msg=_in_terms_of_caller(exc).message, failure=exc.failure(), **where)


SERVICE_VARIABLES = "DCOS_SERVICE_VARIABLES"
"""How the role's variables begin: the role sets it in the environment of its tasks, so that messages name those."""


def in_role() -> bool:
    """Whether the role dcos_service runs this module."""
    return bool(os.environ.get(SERVICE_VARIABLES))


def _in_terms_of_caller(error: DcosError) -> DcosError:
    return error.in_terms_of_service(os.environ[SERVICE_VARIABLES]) if in_role() else error


def _exit(module: AnsibleModule, outcome: Outcome, more: Mapping[str, object]) -> None:
    for warning in outcome.warnings:
        module.warn(warning)
    result: dict[str, object] = {**outcome.values, **more, "changed": outcome.changed}
    if module._diff:
        result["diff"] = {"before": outcome.before or {}, "after": outcome.after or {}}
    if outcome.failure is not None:
        module.fail_json(msg=_in_terms_of_caller(outcome.failure).message, failure=outcome.failure.failure(), **result)
    module.exit_json(**result)


def hide_given(module: AnsibleModule, argument_spec: ArgumentSpec, hide: Callable[[str], None]) -> None:
    """Ansible hides options marked no_log as they are; their derived forms are ours to hide."""
    for name, spec in argument_spec.items():
        if spec.get("no_log") and isinstance(module.params[name], str):
            hide(module.params[name])


def refuse_misplaced_keys(module: AnsibleModule) -> None:
    """Refuse private keys where none belong, such as in place of the path of a file: any message could quote them."""
    for option, value in module.params.items():
        if not module.argument_spec.get(option, {}).get("no_log"):
            keys = list(_private_keys(value))
            for key in keys:
                hider(module)(key)
            if keys:
                raise DcosError(
                    f"{option}: this holds the text of a private key, which has no place there. Give what belongs "
                    "there (for a path, that of the file with the key); a key is for the options that are named so.",
                    "invalid_key",
                )


def _private_keys(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if "PRIVATE KEY-----" in value:
            yield value
    elif isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _private_keys(part)


def hider(module: AnsibleModule) -> Callable[[str], None]:
    def hide(secret: str) -> None:
        module.no_log_values.update(derived_forms(secret))

    return hide


def revealer(module: AnsibleModule) -> Callable[[str], None]:
    """Undo C(hider) for what the user asked to be returned, which may happen to be hidden for another reason."""

    def reveal(secret: str) -> None:
        module.no_log_values.difference_update(derived_forms(secret))

    return reveal


def derived_forms(secret: str) -> Sequence[str]:
    """The forms in which a secret could show: as it is, inside JSON, as base64, in a URL."""
    forms = set()
    for text in {secret, secret.strip()} - {""}:
        raw = text.encode("utf-8")
        forms |= {
            text,
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
            base64.b64encode(raw).decode("ascii"),
            base64.urlsafe_b64encode(raw).decode("ascii"),
            quote(text, safe=""),
        }
    return sorted(forms)
