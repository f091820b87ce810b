# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries that modules need, and how a missing or old one is reported."""

from __future__ import annotations

import importlib
import types
from typing import Any

import pytest

from ansible_collections.dcos.security.plugins.module_utils._module import libraries as _deps


class Failed(Exception):
    """The module ended."""


class Module:
    def fail_json(self, **result: Any) -> None:
        raise Failed(result)


ALL = (_deps.HTTP, _deps.JWT, _deps.KEYS)


def required(*libraries: _deps.Library) -> None:
    _deps.require(Module(), *libraries)  # type: ignore[arg-type]


def version_of(monkeypatch: pytest.MonkeyPatch, module: str, version: str | None) -> None:
    """Pretend that a library is there in this version, or not at all."""
    original = importlib.import_module

    def pretend(name: str) -> Any:
        if name != module:
            return original(name)
        if version is None:
            raise ImportError(name)
        return types.SimpleNamespace(__version__=version)

    monkeypatch.setattr(importlib, "import_module", pretend)


def test_installed_libraries_suffice() -> None:
    required(*ALL)


@pytest.mark.parametrize("library", ALL)
def test_a_missing_library_is_named_with_its_version(library: _deps.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    version_of(monkeypatch, library.module, None)
    with pytest.raises(Failed) as caught:
        required(*ALL)
    (result,) = caught.value.args
    assert library.requirement in result["msg"]
    assert set(result["failure"]) == {"status", "code", "title"}
    assert library.name in result["failure"]["title"]


@pytest.mark.parametrize("library", ALL)
def test_an_old_library_is_reported_with_its_version(library: _deps.Library, monkeypatch: pytest.MonkeyPatch) -> None:
    version_of(monkeypatch, library.module, "1.99.3")
    with pytest.raises(Failed) as caught:
        required(*ALL)
    (result,) = caught.value.args
    assert library.requirement in result["msg"]
    assert "1.99.3" in result["msg"]
    monkeypatch.undo()
    version_of(monkeypatch, library.module, ".".join(map(str, library.minimum)))
    required(*ALL)


@pytest.mark.parametrize(
    ("text", "parts"), [("2.10", (2, 10)), ("2.10.1.post1", (2, 10, 1)), ("43.0.0b1", (43, 0, 0)), ("dev", ())]
)
def test_versions_are_compared_as_numbers(text: str, parts: tuple[int, ...]) -> None:
    assert _deps.release(text) == parts
