# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""meta/variables.yml lists every playbook with exactly the variables that it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, nodes

from ansible_collections.dcos.security.plugins.module_utils._module.connection_spec import CONNECTION_SPEC
from ansible_collections.dcos.security.plugins.module_utils._service.variables import PREFIX, VARIABLES
from ansible_collections.dcos.security.plugins.plugin_utils._playbooks import ROOT, plain, read_playbooks

FOLDER = ROOT / "playbooks"
ROLE = ROOT / "roles" / "dcos_service"
PLAYBOOKS = {playbook.name: playbook for playbook in read_playbooks()}
BARE = {"when", "that", "failed_when", "changed_when", "var", "until"}
"""Keywords whose text is an expression without braces."""
OWN_FACTS = {"dcos_service_result", "dcos_services_result"}
WHOLE_ROLE = {PREFIX + name for name in VARIABLES}


@cache
def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def templates(data: Any, bare: bool = False) -> Iterator[str]:
    """Every text in which a variable may stand."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from templates(value, key in BARE)
    elif isinstance(data, list):
        for value in data:
            yield from templates(value, bare)
    elif isinstance(data, str):
        yield f"{{{{ {data} }}}}" if bare and "{{" not in data else data


def names_in(data: Any) -> set[str]:
    found = set()
    for text in templates(data):
        if "{{" in text or "{%" in text:
            found |= {node.name for node in Environment().parse(text).find_all(nodes.Name)}
        if text == "dcos.security.dcos_service" or "'^dcos_service_'" in text:
            found |= WHOLE_ROLE
        if text == "dcos.security.dcos_service":
            found |= names_in([content(path) for path in sorted((ROLE / "tasks").glob("*.yml"))])
    return found


def files_of(data: Any) -> Iterator[str]:
    """The files of tasks that tasks or a play include."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks"):
                yield from map(str, re.findall(r"\w+(?=\.yml$)|(?<=')\w+(?=')", value))
            else:
                yield from files_of(value)
    elif isinstance(data, list):
        for each in data:
            yield from files_of(each)


def read_by(name: str) -> set[str]:
    """The variables that a playbook reads, directly or through its tasks and the variables of the collection."""
    plays = content(FOLDER / f"{name}.yml")
    waiting, seen = list(files_of(plays)), set()
    data = [plays]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            data.append(content(FOLDER / "tasks" / f"{file}.yml"))
            waiting += files_of(data[-1])
    derived: dict[str, Any] = dict(content(ROLE / "vars" / "main.yml"))
    for play in plays:
        given = play.get("vars_files", [])
        for file in [given] if isinstance(given, str) else given:
            derived |= content(FOLDER / file)
    found, new = set(), names_in(data)
    while new:
        found |= new
        new = {other for each in new for other in names_in(derived.get(each, ""))} - found
    return {each for each in found if each.startswith("dcos_")} - OWN_FACTS


def test_every_playbook_is_listed() -> None:
    assert sorted(PLAYBOOKS) == sorted(path.stem for path in FOLDER.glob("*.yml"))


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_listed_variables_are_those_that_the_playbook_reads(name: str) -> None:
    assert sorted(PLAYBOOKS[name].variables) == sorted(read_by(name))


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_variables_are_whole(name: str) -> None:
    """Each has texts and a type that Ansible knows; no question is about a secret or what is not there."""
    playbook = PLAYBOOKS[name]
    listed = [variable.name for group in playbook.groups for variable in group.variables]
    assert len(listed) == len(set(listed)), "a variable is in two groups"
    for variable in playbook.variables.values():
        assert variable.type in ("bool", "dict", "float", "int", "list", "path", "str"), variable
        assert (variable.elements is not None) == (variable.type == "list"), variable
        assert all(text.endswith((".", ":")) for text in variable.description), variable
        assert variable.description, variable
        hidden = variable.name in CONNECTION_SPEC and CONNECTION_SPEC[variable.name].get("no_log", False)
        hidden = hidden or variable.name == "dcos_initial_superuser_password"
        assert variable.secret == hidden, variable
    assert {*playbook.survey} <= {name for name, variable in playbook.variables.items() if not variable.secret}
    required = {name for name, variable in playbook.variables.items() if variable.required}
    assert required <= {*playbook.survey} or not playbook.survey


def test_references_take_what_is_said_elsewhere() -> None:
    services = PLAYBOOKS["provision_services"].variables
    role = yaml.safe_load((ROOT / "roles" / "dcos_service" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    state = PLAYBOOKS["provision_service"].variables["dcos_service_state"]
    said = role["argument_specs"]["main"]["options"]["dcos_service_state"]
    assert (state.description, state.choices, state.default) == (
        tuple(said["description"]),
        tuple(said["choices"]),
        said["default"],
    )
    exclusive = services["dcos_services_exclusive"]
    assert (exclusive.type, exclusive.default) == ("bool", True)
    assert exclusive.description[0].startswith("The variable C(exclusive) for all entries")
    assert services["dcos_timeout"].type == "int"
    assert PLAYBOOKS["rotate_keys"].variables["dcos_services_group"].default == ["dcos_services"], (
        "its own default wins"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("With V(false\\) x) it is O(dcos_url), C(a b).", "With false) x it is dcos_url, a b."),
        ("O(dcos.security.dcos_sa_secret#module:size=1)", "size=1"),
        ("O(dcos.security.dcos_service#role:main:dcos_service_name)", "dcos_service_name"),
        ("P(dcos.security.dcos_service#role) and M(dcos.security.dcos_token), E(DCOS_URL)",
         "dcos.security.dcos_service and dcos.security.dcos_token, DCOS_URL"),
        ("RV(access.unknown), L(a page,https://x/y)", "access.unknown, a page"),
        ("DC/OS (Enterprise), RSA(x)", "DC/OS (Enterprise), RSA(x)"),
    ],
)  # fmt: skip
def test_plain_text(text: str, wanted: str) -> None:
    assert plain(text) == wanted


def test_no_text_keeps_markup() -> None:
    texts = [
        text for playbook in PLAYBOOKS.values() for each in playbook.variables.values() for text in each.description
    ]
    assert [text for text in map(plain, texts) if re.search(r"\b(?:RV|[A-Z])\(", text)] == []


def derived_variables() -> dict[str, Any]:
    return {name: value for path in (FOLDER / "vars").glob("*.yml") for name, value in content(path).items()}


def module_tasks(data: Any, inherited: Any = None) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """Each task of a module of ours: its name, its options, and the variables that its messages name."""
    if isinstance(data, list):
        for each in data:
            yield from module_tasks(each, inherited)
    if not isinstance(data, Mapping):
        return
    given = data.get("environment", inherited)
    named = derived_variables().get(given.strip("{} ")) if isinstance(given, str) else given
    pairs = named.get("DCOS_OPTION_VARIABLES", "").split() if isinstance(named, Mapping) else []
    terms = {option: variable for option, _sign, variable in (pair.partition("=") for pair in pairs)}
    for key, value in data.items():
        if key.startswith("dcos.security.dcos_"):
            yield data.get("name", ""), value or {}, terms
        elif key in ("tasks", "block", "rescue", "always"):
            yield from module_tasks(value, given)


def test_messages_of_modules_name_the_variables_that_options_are_filled_from() -> None:
    """An option whose value is made of one variable with another name."""
    derived, missing, unknown = derived_variables(), [], []
    public = {name for playbook in PLAYBOOKS.values() for name in playbook.variables}
    for path in sorted([*FOLDER.glob("*.yml"), *(FOLDER / "tasks").glob("*.yml")]):
        for task, options, terms in module_tasks(content(path)):
            for option, value in options.items():
                names = names_in(value)
                names |= {other for each in names for other in names_in(derived.get(each, ""))}
                given = {each for each in names if each in public}
                if len(given) == 1 and given != {option} and terms.get(option) not in given:
                    missing.append(f"{path.name}, {task}: {option}={given.pop()}")
            unknown += [f"{path.name}, {task}: {each}" for each in terms.values() if each not in public]
    assert (missing, unknown) == ([], [])
