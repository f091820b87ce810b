# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the guide to the shipped presets from the data.

"make presets-table" runs this; a unit test fails where the page is out of date.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from ansible_collections.dcos.security.plugins.module_utils._presets import reading as presets
from ansible_collections.dcos.security.plugins.module_utils._rules.security_modes import MODES

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "docsite" / "rst" / "presets.rst"
SUPPORT = {
    presets.OPTIONAL: "optional",
    presets.REQUIRED: "required",
    presets.NOT_POSSIBLE: "not possible",
    presets.NOT_AVAILABLE: "no service",
    presets.UNDOCUMENTED: "not documented",
}
LABEL = "ansible_collections.dcos.security.docsite.presets"

INTRODUCTION = f"""\
..
  Copyright: (c) 2026, dcos.security contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. Made by scripts/presets_table.py from plugins/module_utils/_presets/shipped.py; to change it, edit that file
   and run "make presets-table".

.. _{LABEL}:

Shipped presets
===============

What each service needs according to the DC/OS documents, and what the role ``dcos_service`` and the module
``dcos_services`` grant. Names of variables are given without the role's prefix ``dcos_service_``.

.. contents::
   :local:
   :depth: 2

.. _{LABEL}.modes:

Presets and security modes
--------------------------

Whether a service can or must have an account:

* *optional*: it works without one, in permissive mode with superuser power.
* *required*: it does not work without one.
* *not possible*: it cannot use one; the role stops unless ``optional_account`` is ``skip``.
* *no service*: it cannot be deployed there at all; the role stops.
* *not documented*: no document names this mode, so the rules for any service decide.

Where later documents differ, a further row names the DC/OS version from which it applies. The cluster's version
decides; if it cannot be read, the oldest row applies. Services outside the cluster need an account in every mode.
"""

GRANTS = f"""\
.. _{LABEL}.grants:

Grants
------

Each preset lists what strict mode needs. The role makes those grants that the cluster's mode enforces: Admin Router and
secrets always, ``dcos:service`` in permissive and strict mode, ``dcos:mesos`` in strict mode. Grants from the page of a
package are made, since the package was tested with it; if another document contradicts, the table says so. *Uncertain*
grants are left out with a warning; ``uncertain_grants`` makes them too.

Names in braces stand for the account's uid, the name of the service without leading slash, the same without what the
package appends to it (``folder``), its Mesos role, its Linux user, its first folder (``group``), and values from
``preset_values``.

A service with the documented name gets the documented account and secret; any other gets names derived from its own.
Unless a role is given, it is derived from the name. A package that can take the role of its group does so with
``group_role``. Sources are pages of the DC/OS documentation, or files of public repositories (owner/name, path).
"""


def table(widths: Sequence[int], rows: Iterable[Sequence[str]]) -> list[str]:
    """A list table, the first row its header."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in rows:
        for number, cell in enumerate(row):
            lines.append(f"   {'* -' if number == 0 else '  -'} {cell}".rstrip())
    return [*lines, ""]


def literal(text: str) -> str:
    return f"``{text}``"


def escaped(text: str) -> str:
    """A star is no emphasis here."""
    return text.replace("*", "\\*")


def support_rows(preset: presets.Preset, name: str) -> Iterable[list[str]]:
    """One row, and one more for each version from which later documents apply."""
    yield [name, *(SUPPORT[preset.support[mode]] for mode in MODES)]
    for version, support in preset.support_from.items():
        yield [f"{name}, from DC/OS {version} on", *(SUPPORT[support[mode]] for mode in MODES)]


def grant_rows(grants: Iterable[presets.PresetGrant]) -> Iterable[list[str]]:
    yield ["Resource id", "Actions", "What for"]
    for grant in grants:
        marks = [] if grant.modes == MODES else [f"{' and '.join(grant.modes)} mode only"]
        marks += ["uncertain"] if grant.uncertain else []
        marks += [] if grant.doubt is None else [grant.doubt]
        reason = f"{grant.reason} *({', '.join(marks)})*" if marks else str(grant.reason)
        yield [literal(grant.rid), ", ".join(grant.actions), reason]


def paragraphs(texts: Iterable[str]) -> list[str]:
    """A list with one item for each text."""
    lines = []
    for text in texts:
        lines += textwrap.wrap(escaped(text), 118, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)
    return [*lines, ""] if lines else []


def facts(preset: presets.Preset) -> list[str]:
    """What else the documents say, one sentence each."""
    documented = (("account", preset.account), ("secret", preset.secret_path))
    names = " and ".join(f"{what} {literal(name)}" for what, name in documented if name is not None)
    found = [f"Documented for a service named {literal(f'/{preset.service_name}')}: {names}."] if names else []
    if preset.mesos_role is not None:
        found.append(f"Mesos role {preset.mesos_role} unless another is given.")
    if preset.linux_user is not None:
        found.append(f"Tasks run as {preset.linux_user}.")
    if preset.scheduler_user is not None:
        found.append(f"Marathon starts its scheduler as {preset.scheduler_user}.")
    if preset.quota_aware:
        found.append("Can take the role of its group.")
    if preset.transport_encryption:
        found.append("Can provision TLS: transport_encryption.")
    if preset.extra_placeholders:
        found.append(f"Needs {', '.join(f'preset_values.{name}' for name in preset.extra_placeholders)}.")
    if preset.pem_secret is not None:
        secret = literal(f"{preset.service_name}/{preset.pem_secret}")
        found.append(f"Reads its private key alone, as PEM, from a second secret: {secret} (pem_secret_path).")
    if preset.superuser is not None:
        found.append(f"Superuser: {preset.superuser}; no preset grants that.")
    found += preset.notes
    if preset.sources:
        found.append(f"Sources: {'; '.join(preset.sources)}.")
    return found


def section(title: str, *, sign: str = "~") -> list[str]:
    return [title, sign * len(title), ""]


def guide() -> str:
    """The page."""
    shipped = sorted(presets.SHIPPED.values(), key=lambda preset: preset.name)
    lines = [INTRODUCTION]
    rows = [row for preset in shipped for row in support_rows(preset, literal(preset.name))]
    lines += table((40, 20, 20, 20), [["Preset", *MODES], *rows])
    lines.append(GRANTS)
    for preset in shipped:
        lines += section(preset.name)
        lines += [preset.description, ""]
        lines += paragraphs(facts(preset))
        lines += table((50, 15, 35), grant_rows(preset.grants))
    lines += section("transport_encryption")
    since = presets.TRANSPORT_ENCRYPTION_FROM
    lines += [f"In addition, where a package provisions TLS itself. Before DC/OS {since}, documents ask for"]
    lines += ["``dcos:superuser`` instead, and the role stops.", ""]
    lines += table((50, 15, 35), grant_rows(presets.TRANSPORT_ENCRYPTION))
    lines += section("public_agents")
    lines += ["In addition, for pods on public agents.", ""]
    lines += table((50, 15, 35), grant_rows(presets.PUBLIC_AGENT_PODS))
    lines += [f".. _{LABEL}.missing:", ""]
    lines += section("Packages without a preset", sign="-")
    lines += [
        "These take a service account too, but their grants are not documented. Give them presets of your own.",
        "",
    ]
    packages = sorted([name, escaped(why)] for name, why in presets.UNDOCUMENTED_GRANTS.items())
    lines += table((30, 70), [["Package", "What is known"], *packages])
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    GUIDE.write_text(guide(), encoding="utf-8")


if __name__ == "__main__":
    main()
