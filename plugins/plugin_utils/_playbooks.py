# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""The playbooks of the collection and their variables, as meta/variables.yml lists them.

What a variable has in common with one of the role's or with an option of a module is read from there. The pages of the
documentation and the surveys of the kit for AWX are made from the result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_OWN = ("type", "elements", "description", "default", "required", "choices", "secret")
_REFERENCES = ("role", "module", "option", "fragment")
_NO_TEXT: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variable:
    """A variable of a playbook. Texts have the markup of plugin documentation; see plain()."""

    name: str
    type: str
    description: tuple[str, ...]
    elements: str | None = None
    default: object = None
    required: bool = False
    choices: tuple[str, ...] = _NO_TEXT
    secret: bool = False


@dataclass(frozen=True)
class Group:
    """Variables that belong together; several playbooks may have the same group."""

    title: str
    description: tuple[str, ...]
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Playbook:
    """A playbook: its own variables first, then those of groups.

    survey: the variables that a person is asked for, each with the name of the question.
    read_only: whether it changes nothing on the cluster, in any mode.
    """

    name: str
    short_description: str
    description: tuple[str, ...]
    groups: tuple[Group, ...]
    survey: Mapping[str, str]
    read_only: bool

    @property
    def variables(self) -> Mapping[str, Variable]:
        """All of them by name, in the order of the groups."""
        return {variable.name: variable for group in self.groups for variable in group.variables}


def read_playbooks() -> list[Playbook]:
    """All playbooks, in the order of the file."""
    data = _read_yaml(ROOT / "meta" / "variables.yml")
    return [_playbook(name, spec, data["groups"]) for name, spec in data["playbooks"].items()]


def _playbook(name: str, spec: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]]) -> Playbook:
    own = spec.get("variables", {})
    shared = [_taken(groups[each], spec.get("without", ())) for each in spec["groups"]]
    theirs = {variable for group in shared for variable in group["variables"]}
    first = {variable: said for variable, said in own.items() if variable not in theirs}
    listed = [{"title": "This playbook", "variables": first}] if first else []
    return Playbook(
        name=name,
        short_description=spec["short_description"],
        description=_texts(spec["description"]),
        groups=tuple(_group(group, own) for group in [*listed, *shared]),
        survey=dict(spec.get("survey", {})),
        read_only=spec.get("read_only", False),
    )


def _group(group: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]]) -> Group:
    """own: what the playbook says about variables of the group."""
    variables = (_variable(name, {**said, **own.get(name, {})}) for name, said in group["variables"].items())
    return Group(group["title"], _texts(group.get("description", ())), tuple(variables))


def _taken(group: Mapping[str, Any], without: Sequence[str]) -> Mapping[str, Any]:
    """What a playbook takes of a group, which may be all variables of a role."""
    variables = (
        {name: {"role": group["role"]} for name in _role_options(group["role"])}
        if "role" in group
        else group["variables"]
    )
    return {**group, "variables": {name: said for name, said in variables.items() if name not in without}}


def _variable(name: str, said: Mapping[str, Any]) -> Variable:
    unknown = said.keys() - {*_OWN, *_REFERENCES}
    if unknown:
        raise ValueError(f"meta/variables.yml: {name}: {', '.join(sorted(unknown))} means nothing here.")
    full = {**_referred(name, said), **said}
    return Variable(
        name=name,
        type=full["type"],
        description=_texts(full["description"]),
        elements=full.get("elements"),
        default=full.get("default"),
        required=full.get("required", False),
        choices=tuple(full.get("choices") or ()),
        secret=full.get("secret", False),
    )


def _referred(name: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    option = said.get("option", name)
    if "role" in said:
        return _role_options(said["role"])[option]
    if "fragment" in said:
        path = ROOT / "plugins" / "doc_fragments" / f"{said['fragment']}.py"
        return _documented_options(path)[option]
    if "module" in said:
        path = ROOT / "plugins" / "modules" / f"{said['module']}.py"
        return _documented_options(path)[option]
    return {}


@cache
def _role_options(role: str) -> Mapping[str, Mapping[str, Any]]:
    specs: Mapping[str, Any] = _read_yaml(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    options: Mapping[str, Mapping[str, Any]] = specs["main"]["options"]
    return options


@cache
def _documented_options(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """The options in the documentation of a module or a fragment, which need not be imported for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and "DOCUMENTATION" in map(ast.unparse, node.targets):
            options: Mapping[str, Mapping[str, Any]] = yaml.safe_load(ast.literal_eval(node.value))["options"]
            return options
    raise ValueError(f"{path} has no documentation.")


def _read_yaml(path: Path) -> Any:  # noqa: ANN401  # a file of the collection, whose tests hold its form
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _texts(given: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


# Markup

_MARKUP = re.compile(r"\b(?P<kind>RV|[A-Z])\((?P<text>(?:\\.|[^\\)])*)\)")


def plain(text: str) -> str:
    """The text without its markup, for where nothing renders it."""
    return _MARKUP.sub(lambda found: _shown(found["kind"], re.sub(r"\\(.)", r"\1", found["text"])), text)


def _shown(kind: str, text: str) -> str:
    if kind in ("O", "RV"):
        # The name of the plugin and its kind, or the entry point of a role, stand before the option.
        return re.sub(r"^[\w.]+#\w+:(?:\w+:)?", "", text)
    if kind == "P":
        return text.partition("#")[0]
    if kind in ("L", "R"):
        return text.rpartition(",")[0]
    return text
