# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides as they are printed: their commands one after the other in one shell, and the output that they show."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GUIDES = Path(__file__).parents[2] / "docs" / "docsite" / "rst"
_END = "@@ end of block"


@dataclass(frozen=True)
class Block:
    """What is indented below C(.. code-block::)."""

    language: str
    text: str


def blocks_of(guide: str, after: str = "") -> list[Block]:
    """The code blocks of a guide, from a title on."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    if after:
        text = text[text.index(f"\n{after}\n--") :]
    found = re.findall(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1 +\S.*\n|\n)+)", text, re.MULTILINE)
    return [Block(language, textwrap.dedent(body).strip("\n") + "\n") for _indent, language, body in found]


def run_as_printed(
    blocks: Sequence[Block],
    folder: Path,
    environment: Mapping[str, str],
    *,
    at_the_end: str = ":",
    changed: Callable[[str], str] = str,
) -> list[str]:
    """Run the blocks of bash in one shell; each shows what the block of text after it prints. Their outputs.

    at_the_end: a command that also runs if another one fails.
    changed: what is really run in place of a block.
    """
    steps = [block.text for block in blocks if block.language == "bash"]
    script = [f"trap '{at_the_end}' EXIT", "set -eu"]
    for step in steps:
        script += [changed(step), f"echo; echo '{_END}'"]
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "[WARNING]" not in ran.stderr, ran.stderr
    outputs = ran.stdout.split(f"\n{_END}\n")[:-1]
    assert len(outputs) == len(steps)
    number = -1
    for block in blocks:
        if block.language == "bash":
            number += 1
        elif block.language == "text":
            printed = _squeezed(outputs[number])
            assert re.search(_pattern(block.text), printed), f"{block.text}\nis not in\n{outputs[number]}"
    return outputs


def _squeezed(text: str) -> str:
    return "".join(f"{line.strip()}\n" for line in text.splitlines())


def _pattern(shown: str) -> str:
    """Three dots stand for anything within a line, or for any number of lines where they are one."""
    lines = _squeezed(shown).splitlines()
    parts = [".*?" if line == "..." else re.escape(line).replace(r"\.\.\.", "[^\n]*") + "\n" for line in lines]
    return "(?s)(?:^|(?<=\n))" + "".join(parts)
