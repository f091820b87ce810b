# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give the documentation site its entrance: a first page and one for each section, with short names in the sidebar.

What antsibull-docs writes instead lists every page side by side under its full title. It runs first, in the folder that
is named; the sections of the guides are those of docs/docsite/extra-docs.yml.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from playbooks import write_pages

ROOT = Path(__file__).resolve().parents[2]
FIRST_SECTIONS = ("Getting started", "Guides")
"""They stand before the reference, others after it."""

_REFERENCE = {
    "Playbooks": "playbook",
    "Roles": "role",
    "Modules": "module",
    "Lookups": "lookup",
    "Filters": "filter",
}
_TITLE = re.compile(r"^(?P<title>.+)\n(?:=+|\++)\n", re.M)


@dataclass(frozen=True)
class Page:
    """A page and how it is listed.

    name: below the folder of the site, without suffix.
    short: its name in the sidebar.
    about: what it is about, as reStructuredText.
    """

    name: str
    short: str
    about: str


def guide(folder: Path, name: str) -> Page:
    """A guide, with the paragraph after its title."""
    text = (folder / f"{name}.rst").read_text(encoding="utf-8")
    title = _TITLE.search(text)
    if title is None:
        raise ValueError(f"{name}.rst has no title")
    paragraphs = [part for part in text[title.end() :].split("\n\n") if part.strip() and not part.startswith("..")]
    return Page(name, title["title"], " ".join(paragraphs[0].split()))


def plugins(folder: Path, kind: str) -> Iterator[Page]:
    """The pages of one kind of plugin or of the roles."""
    for path in sorted(folder.glob(f"*_{kind}.rst"), key=lambda path: path.stem.removesuffix(f"_{kind}")):
        short = path.stem.removesuffix(f"_{kind}")
        title = _TITLE.search(path.read_text(encoding="utf-8"))
        if title is None:
            raise ValueError(f"{path.name} has no title")
        yield Page(path.stem, short, re.split(" -- | \N{EN DASH} ", title["title"])[-1] + ".")


def section_page(title: str, pages: Iterable[Page]) -> str:
    """A page that lists others, and puts them into the sidebar."""
    pages = list(pages)
    lines = [title, "=" * len(title), ""]
    lines += [f":doc:`{page.short} </{page.name}>`\n   {page.about}\n" for page in pages]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {page.short} </{page.name}>" for page in pages]
    return "\n".join(lines) + "\n"


def first_page(about: str, sections: Iterable[str]) -> str:
    """The page that everybody sees first."""
    title = "Ansible collection dcos.security"
    lines = [".. _plugins_in_dcos.security:", "", title, "=" * len(title), "", about, ""]
    lines += ["Needs ansible-core 2.16 or later. ``ansible-galaxy collection install dcos.security`` installs it.", ""]
    lines += [".. toctree::", "   :maxdepth: 2", "   :includehidden:", "   :titlesonly:", ""]
    lines += [*(f"   {section}" for section in sections), "   Release notes <changelog>", ""]
    lines += [".. _communication_for_dcos.security:", "", "Questions and bugs", "------------------", ""]
    lines += [
        "Ask in the `issues of the project <https://github.com/dcos/dcos.security/issues>`__, and about Ansible itself",
        "in the `Ansible forum <https://forum.ansible.com/>`__. Never post keys, tokens or secrets.",
        "",
    ]
    return "\n".join(lines)


def main(folder: Path) -> None:
    """Write the pages."""
    write_pages(folder)
    extra = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))
    guides = {
        section["title"]: [guide(folder, f"docsite/{name}") for name in section["toctree"]]
        for section in extra["sections"]
    }
    reference = {title: list(plugins(folder, kind)) for title, kind in _REFERENCE.items()}
    first = {title: pages for title, pages in guides.items() if title in FIRST_SECTIONS}
    rest = {title: pages for title, pages in guides.items() if title not in FIRST_SECTIONS}
    names = []
    for title, pages in {**first, **reference, **rest}.items():
        name = "section_" + title.lower().replace(" ", "_")
        (folder / f"{name}.rst").write_text(section_page(title, pages), encoding="utf-8")
        names.append(name)
    about = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["description"]
    (folder / "index.rst").write_text(first_page(about, names), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
