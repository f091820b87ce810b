# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to presets says what the data says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from ansible_collections.dcos.security.plugins.module_utils._presets import reading as presets
from ansible_collections.dcos.security.plugins.module_utils._rules.security_modes import MODES

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "dcos_service"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("presets_table", ROOT / "scripts" / "presets_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


table = _script()
GUIDE = table.GUIDE.read_text(encoding="utf-8")
DUE = 'run "make presets-table"'


def test_the_guide_is_made_from_the_data() -> None:
    assert table.guide() == GUIDE, DUE
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text())["sections"]
    assert "presets" in [name for section in sections for name in section["toctree"]]


@pytest.mark.parametrize("preset", presets.SHIPPED.values(), ids=lambda preset: preset.name)
def test_every_preset_is_documented_completely(preset: presets.Preset) -> None:
    """Not by what the script makes of it, but by what a reader finds."""
    words = {
        "optional": "optional",
        "required": "required",
        "not_possible": "not possible",
        "not_available": "no service",
        "undocumented": "not documented",
    }
    cells = "".join(f"\n     - {words[preset.support[mode]]}" for mode in MODES)
    assert f"   * - ``{preset.name}``{cells}\n" in GUIDE
    for version, support in preset.support_from.items():
        cells = "".join(f"\n     - {words[support[mode]]}" for mode in MODES)
        assert f"   * - ``{preset.name}``, from DC/OS {version} on{cells}\n" in GUIDE
    body = GUIDE.split(f"\n{preset.name}\n{'~' * len(preset.name)}\n")[1].split("~~~~")[0]
    assert preset.description in body
    for grant in preset.grants:
        row = f"   * - ``{grant.rid}``\n     - {', '.join(grant.actions)}\n     - {grant.reason}"
        assert row in body
        assert ("uncertain" in body.split(row)[1].split("\n")[0]) is grant.uncertain
        assert ("strict mode only" in body.split(row)[1].split("\n")[0]) is (grant.modes == ("strict",))
    plain = " ".join(body.replace("\\*", "*").split())
    for text in (preset.superuser, *preset.notes):
        assert text is None or text in plain
    pem_path = None if preset.pem_secret is None else f"{preset.service_name}/{preset.pem_secret}"
    for name in (preset.account, preset.secret_path, pem_path):
        assert name is None or f"``{name}``" in body


@pytest.mark.parametrize("name", presets.UNDOCUMENTED_GRANTS)
def test_packages_without_a_preset_are_named(name: str) -> None:
    assert f"   * - {name}\n     - {presets.UNDOCUMENTED_GRANTS[name]}\n" in GUIDE.replace("\\*", "*")


def test_presets_named_in_the_argument_spec_exist() -> None:
    text = (ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    described = " ".join(options["dcos_service_preset"]["description"])
    named = [part.split(")")[0] for part in described.split("V(")[1:]]
    assert named
    assert set(named) <= set(presets.SHIPPED)
