# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page for every playbook with its variables, from meta/variables.yml, which the surveys of AWX are made from too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst_plain

from ansible_collections.dcos.security.plugins.plugin_utils._playbooks import Playbook, Variable, read_playbooks


def write_pages(folder: Path) -> None:
    """Write them."""

    for playbook in read_playbooks():
        (folder / f"{playbook.name}_playbook.rst").write_text("\n".join(_page(playbook)) + "\n", encoding="utf-8")


def _page(playbook: Playbook) -> Iterator[str]:
    title = f"dcos.security.{playbook.name} playbook -- {playbook.short_description}"
    yield from (title, "+" * len(title), "")
    yield from (f"{text}\n" for text in _texts(playbook.description))
    yield from (
        ".. code-block:: console",
        "",
        f"   $ ansible-playbook dcos.security.{playbook.name} -e @variables.yml",
        "",
    )
    for group in playbook.groups:
        yield from (group.title, "-" * len(group.title), "")
        yield from (f"{text}\n" for text in _texts(group.description))
        for variable in group.variables:
            yield f"``{variable.name}`` (*{_kind(variable)}*)"
            yield from (f"   {text}\n" for text in [*_texts(variable.description), *_facts(variable)])


def _texts(texts: Sequence[str]) -> list[str]:
    # Environment variables have no page of their own to lead to.
    shown = [to_rst_plain(parse(text, Context())).strip() for text in texts]
    return [re.sub(r":envvar:`([^`]+)`", _as_code, text) for text in shown]


def _kind(variable: Variable) -> str:
    kind = f"list of {variable.elements}" if variable.elements else variable.type
    return f"{kind}, required" if variable.required else kind


def _facts(variable: Variable) -> Iterator[str]:
    if variable.choices:
        yield "Choices: " + ", ".join(f"``{choice}``" for choice in variable.choices)
    default = variable.default
    if default not in (None, "", [], {}):
        # In quotes where blanks would be lost.
        is_plain = isinstance(default, str) and default == default.strip()
        yield f"Default: ``{default if is_plain else json.dumps(default)}``"


def _as_code(variable: re.Match[str]) -> str:
    return "``" + variable[1].replace("\\", "") + "``"
