# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of the code that ships: no C(Any) in what other files use, options as their spec says, names for many."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in (
        "plugins/module_utils",
        "plugins/modules",
        "plugins/filter",
        "plugins/lookup",
        "plugins/plugin_utils",
        "roles/dcos_emulator/files/src",
    )
    for path in (ROOT / folder).rglob("*.py")
)

MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("dcos_*.py"))
TYPES = {"str": "str", "path": "str", "raw": "object", "bool": "bool", "int": "int"}
TYPES |= {"list": "list", "dict": "dict[str, object]"}


def is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def annotations(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.expr]]:
    """Each annotation in the public signatures and public fields of classes, with the place where it stands."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            yield from annotations(node, outer)
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            yield from annotations(node, f"{outer}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and is_public(node.name):
            of = node.args
            for argument in (*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg):
                if argument is not None and argument.annotation is not None:
                    yield f"{outer}{node.name}({argument.arg})", argument.annotation
            if node.returns is not None:
                yield f"{outer}{node.name}() ->", node.returns
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_public(node.target.id):
            yield f"{outer}{node.target.id}", node.annotation


def names_any(annotation: ast.expr) -> bool:
    """Whether it mentions C(Any), also inside a text that stands for a type."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if names_any(ast.parse(node.value, mode="eval").body):
                return True
        elif (isinstance(node, ast.Name) and node.id == "Any") or (
            isinstance(node, ast.Attribute) and node.attr == "Any"
        ):
            return True
    return False


def vague(source: str) -> list[str]:
    return [f"{place} (line {found.lineno})" for place, found in annotations(ast.parse(source)) if names_any(found)]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_public_signature_says_any(path: Path) -> None:
    assert vague((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("def f(a: Any) -> int: ...", ["f(a)"]),
        ("def f(*a: int, **b: typing.Any) -> int: ...", ["f(b)"]),
        ("async def f(a: int) -> dict[str, 'list[Any]']: ...", ["f() ->"]),
        ("class C:\n    a: Any | None\n    _b: Any\n    def f(self, *, b: Any): ...", ["C.a", "C.f(b)"]),
        ("if x:\n    def __call__(a: Any): ...", ["__call__(a)"]),
        ("def _f(a: Any): ...\nclass _C:\n    a: Any\ndef f(a: object) -> 'Many': ...", []),
    ],
)
def test_the_search_finds_any(source: str, places: list[str]) -> None:
    assert [place.rpartition(" (")[0] for place in vague(source)] == places


@pytest.mark.parametrize("name", MODULES)
def test_params_say_what_the_argument_spec_says(name: str) -> None:
    """A module's options have two descriptions, one for Ansible and one for the type checker."""
    module = import_module(f"ansible_collections.dcos.security.plugins.modules.{name}")
    spec = getattr(module, "ARGUMENT_SPEC", {})
    params = module.Params.__annotations__ if hasattr(module, "Params") else {}
    written = {option: getattr(hint, "__forward_arg__", hint) for option, hint in params.items()}
    expected = {}
    for option, entry in spec.items():
        kind = TYPES[entry["type"]]
        if kind == "list":
            kind += "[dict[str, object]]" if entry["elements"] == "dict" else f"[{TYPES[entry['elements']]}]"
        always_there = entry.get("required") or entry.get("default") is not None
        expected[option] = kind if always_there else f"{kind} | None"
    assert written == expected


AT_MOST = 4
"""So many arguments can still be told apart by their places."""


def long_constructions(source: str) -> Iterator[str]:
    """Where an object is made of more arguments than that without their names, or can be."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            if len(node.args.posonlyargs + node.args.args) > AT_MOST + 1:  # and self
                yield f"__init__ (line {node.lineno})"
        elif isinstance(node, ast.Call) and len(node.args) > AT_MOST:
            name = ast.unparse(node.func).rpartition(".")[2]
            if name.lstrip("_")[:1].isupper():
                yield f"{name} (line {node.lineno})"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[0] == "plugins"], ids=str)
def test_what_takes_many_arguments_takes_them_by_name(path: Path) -> None:
    assert list(long_constructions((ROOT / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("class C:\n    def __init__(self, a, b, c, d, e): ...", ["__init__ (line 2)"]),
        ("class C:\n    def __init__(self, a, b, c, d, *, e): ...", []),
        ("x.State(1, 2, 3, 4, 5)", ["State (line 1)"]),
        ("_State(1, 2, 3, 4, 5)", ["_State (line 1)"]),
        ("State(1, 2, 3, 4, e=5), datetime(1, 2, 3, 4, 5)", []),
    ],
)
def test_the_search_finds_long_constructions(source: str, places: list[str]) -> None:
    assert list(long_constructions(source)) == places
