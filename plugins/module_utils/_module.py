# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The glue between Ansible and the library: options -> cluster, errors -> C(fail_json), secrets -> hidden, results.

A module hands over its argument spec and a function that makes its resource from the options; everything else is here.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Callable, Dict, Generic, Mapping, Optional, Sequence, TypeVar
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dcos.security.plugins.module_utils import _deps
from ansible_collections.dcos.security.plugins.module_utils._cluster import Cluster
from ansible_collections.dcos.security.plugins.module_utils._connection import Site, resolve, resolve_site
from ansible_collections.dcos.security.plugins.module_utils._errors import DcosError
from ansible_collections.dcos.security.plugins.module_utils._resource import (
    FilesResource,
    Outcome,
    Reading,
    Resource,
    converge,
)

ArgumentSpec = Mapping[str, Mapping[str, object]]
"""The options of a module, as Ansible wants them."""

Params = TypeVar("Params")
"""The values of a module's options: a C(TypedDict) that stands beside its argument spec."""

State = TypeVar("State")

Where = Dict[str, Dict[str, Optional[str]]]
"""Which cluster a module was about, for its result and its failure."""

# No defaults and no env fallbacks here: an option left out must be told from one set to its default, an exported empty
# variable must count as unset, and a credential set must come from one source as a whole. See _connection.py.
# Truth values and numbers are text for the same reason: AWX renders an unfilled field as empty text.
CONNECTION_SPEC: dict[str, dict[str, object]] = {
    "dcos_url": {"type": "str"},
    "dcos_token": {"type": "str", "no_log": True},
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


@dataclass(frozen=True)
class Context(Generic[Params]):
    """What a module makes its resource from."""

    params: Params
    cluster: Cluster
    warn: Callable[[str], None]
    hide: Callable[[str], None]


def run_cluster_module(
    argument_spec: ArgumentSpec, build: Callable[[Context[Params]], Resource[State]], **rules: object
) -> None:
    """Run a module that talks to the cluster as somebody."""
    module = AnsibleModule({**CONNECTION_SPEC, **argument_spec}, supports_check_mode=True, **rules)
    _deps.require(module, _deps.HTTP, _deps.JWT, _deps.KEYS)

    def make(where: Where) -> Resource[State]:
        hide = _hider(module)
        _hide_given(module, argument_spec, hide)
        connection = resolve(module.params, os.environ, module.warn, hide)
        where["cluster"] = {"url": connection.url, "credentials_from": connection.credentials_from}
        return build(Context(module.params, Cluster(connection, hide), module.warn, hide))

    _run(module, make)


def run_site_module(
    argument_spec: ArgumentSpec, build: Callable[[Params, Site], Resource[State]], **rules: object
) -> None:
    """Run a module that talks to the cluster as nobody, before there is a reason to trust it."""
    module = AnsibleModule({**CONNECTION_SPEC, **argument_spec}, supports_check_mode=True, **rules)
    _deps.require(module, _deps.HTTP, _deps.KEYS)

    def make(where: Where) -> Resource[State]:
        site = resolve_site(module.params, os.environ, _hider(module))
        where["cluster"] = {"url": site.url, "credentials_from": None}
        return build(module.params, site)

    _run(module, make)


def run_local_module(argument_spec: ArgumentSpec, build: Callable[[Params], Resource[State]], **rules: object) -> None:
    """Run a module that works with files here only."""
    module = AnsibleModule(dict(argument_spec), supports_check_mode=True, **rules)
    _deps.require(module, _deps.KEYS)
    _run(module, lambda where: build(module.params))


def _run(module: AnsibleModule, make: Callable[[Where], Resource[State]]) -> None:
    """Converge what C(make) makes and end the module; C(make) notes in its argument which cluster it is about."""
    where: Where = {}
    try:
        resource = make(where)
        outcome = converge(resource, module.check_mode)
        if module.check_mode and not isinstance(resource, Reading):
            outcome.values["check_mode"] = True
        if isinstance(resource, FilesResource) and outcome.after is not None:
            _set_file_attributes(module, resource, outcome)
        _exit(module, outcome, where)
    except DcosError as exc:
        module.fail_json(msg=exc.message, failure=exc.failure(), **where)


def _set_file_attributes(module: AnsibleModule, resource: FilesResource[State], outcome: Outcome) -> None:
    """Owner, group, mode and attributes, which Ansible compares and sets (or in check mode only compares)."""
    option = module.params["mode"]
    for path, default_mode in resource.managed_files():
        params = {**module.params, "mode": default_mode if option is None else option}
        diff: dict[str, object] = {}
        if module.set_fs_attributes_if_different(module.load_file_common_arguments(params, path), False, diff):
            outcome.changed = True
            if diff:  # none for a file that check mode only says would be made
                outcome.before = {**(outcome.before or {}), path: diff["before"]}
                outcome.after = {**(outcome.after or {}), path: diff["after"]}
        option = None


def _exit(module: AnsibleModule, outcome: Outcome, more: Mapping[str, object]) -> None:
    for warning in outcome.warnings:
        module.warn(warning)
    result: dict[str, object] = {**outcome.values, **more, "changed": outcome.changed}
    if module._diff:
        result["diff"] = {"before": outcome.before or {}, "after": outcome.after or {}}
    if outcome.failure is not None:
        module.fail_json(msg=outcome.failure.message, failure=outcome.failure.failure(), **result)
    module.exit_json(**result)


def _hide_given(module: AnsibleModule, argument_spec: ArgumentSpec, hide: Callable[[str], None]) -> None:
    """Ansible hides options marked no_log as they are; their derived forms are ours to hide."""
    for name, spec in argument_spec.items():
        if spec.get("no_log") and isinstance(module.params[name], str):
            hide(module.params[name])


def _hider(module: AnsibleModule) -> Callable[[str], None]:
    def hide(secret: str) -> None:
        module.no_log_values.update(derived_forms(secret))

    return hide


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
