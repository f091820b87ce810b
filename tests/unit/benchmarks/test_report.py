# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of measurements: budgets, projections, tables and the plot; and the page shows a run as it was."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

from plot import draw  # noqa: E402
from report import BEGIN, END, targets_of, terminal, times_of, with_lines  # noqa: E402
from results import AGAIN, COLD, FLEET, FLOOR, ROLE, URI, Machine, Measurement, Results, budgets, project  # noqa: E402

TARGETS_PAGE = ROOT / "docs" / "docsite" / "rst" / "benchmarks.rst"
PAGE = ROOT / "docs" / "docsite" / "rst" / "performance.rst"
AWX_PAGE = ROOT / "docs" / "docsite" / "rst" / "awx.rst"
KEPT = ROOT / "tests" / "benchmarks" / "results.json"


def measured(contender: str, services: int, cold: float, again: float) -> list[Measurement]:
    return [
        Measurement(contender, services, COLD, cold, 25.0, 100_000_000),
        Measurement(contender, services, AGAIN, again, 2.0, 90_000_000),
    ]


def results(*more: Measurement) -> Results:
    measurements = (*measured(FLOOR, 100, 3.0, 0.2), *measured(FLEET, 100, 7.4, 1.4), *more)
    return Results(Machine(2, "a processor", "3.11.7", "2.19.0", 0.1), 0.6, tuple(measurements))


def verdicts(*more: Measurement) -> dict[str, str]:
    return {each.what: each.verdict for each in budgets(results(*more))}


def test_targets_are_met_missed_or_not_measured() -> None:
    said = verdicts(*measured(ROLE, 1, 3.51, 2.0), *measured(FLEET, 1000, 82.0, 9.0))
    assert said["dcos_services, 100: twice the floor and 1.5 s"] == "met"
    assert said["dcos_services, 100 again"] == "met"
    assert said["role dcos_service, 1 service"] == "not met"
    assert said["dcos_services, 1 service"] == "not measured"
    assert said["dcos_services, one of 1,000 services against one of 100"] == "not met"
    assert said["dcos_services, memory of the module for 1,000"] == "met"
    assert said["dcos_services, requests a service, 100 services"] == "met"


def test_a_slower_floor_relaxes_the_targets() -> None:
    slow = Results(results().machine, 0.6, (*measured(FLEET, 100, 7.6, 1.4), *measured(FLOOR, 100, 3.1, 0.2)))
    (budget,) = [each for each in budgets(slow) if "floor" in each.what]
    assert (budget.limit, budget.verdict) == (pytest.approx(7.7), "met")


def test_a_projection_lies_on_the_line() -> None:
    one, three = measured(URI, 1, 10.0, 9.0)[0], measured(URI, 3, 28.0, 25.0)[0]
    hundred = project([one, three], 100)
    assert (hundred.services, hundred.seconds, hundred.projected) == (100, pytest.approx(10 + 99 * 9), True)


def test_a_run_on_a_slow_network_is_compared_with_its_floor() -> None:
    floor = replace(measured(FLOOR, 100, 4.0, 1.0)[0], latency=0.02, concurrency=32)
    fleet = replace(measured(FLEET, 100, 6.0, 1.0)[0], latency=0.02, concurrency=8)
    assert results(floor, fleet).ratio(fleet) == pytest.approx(1.5)


def test_results_survive_saving(tmp_path: Path) -> None:
    mixed = results(project(measured(URI, 1, 10.0, 9.0)[:1] + measured(URI, 3, 28.0, 25.0)[:1], 100))
    mixed.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == mixed


def test_projected_values_are_marked() -> None:
    lines = [project([measured(URI, 1, 10.0, 9.0)[n], measured(URI, 3, 28.0, 25.0)[n]], 100) for n in (0, 1)]
    row = next(line for line in terminal(results(*lines)).splitlines() if URI in line)
    assert "~901" in row
    fleet = next(line for line in terminal(results(*lines)).splitlines() if FLEET in line)
    assert "~" not in fleet
    picture = ET.fromstring(draw(results(*measured(URI, 1, 10.0, 9.0), *lines)))
    dashed = [each for each in picture.iter() if "stroke-dasharray" in each.attrib]
    assert len(dashed) == 2


def test_counts_are_in_the_right_number() -> None:
    picture = ET.fromstring(draw(results(*measured(FLEET, 1, 1.0, 0.5))))
    shown = [each.text or "" for each in picture.iter() if each.tag.endswith("title")]
    assert f"{FLEET}, 1 service: 1.00 s" in shown
    assert f"{FLEET}, 100 services: 7.40 s" in shown


def test_the_page_needs_its_markers() -> None:
    with pytest.raises(ValueError, match="no lines"):
        with_lines("Performance\n", times_of(results()))


def test_the_page_shows_the_saved_results() -> None:
    """Written by C(make bench DOCS=1): table and plot cannot differ from a run, nor stand there without one."""
    page, picture = PAGE.read_text(encoding="utf-8"), PAGE.with_suffix(".svg")
    targets = TARGETS_PAGE.read_text(encoding="utf-8")
    if KEPT.exists():
        kept = Results.load(KEPT)
        assert with_lines(page, times_of(kept)) == page
        assert with_lines(targets, targets_of(kept)) == targets
        assert picture.read_text(encoding="utf-8").endswith(draw(kept, alone=True))
    else:
        assert f"{BEGIN}\n\n{END}" in page
        assert f"{BEGIN}\n\n{END}" in targets
        assert not picture.exists()


def test_the_guide_for_awx_has_the_figures_that_were_measured() -> None:
    kept, text = Results.load(KEPT), " ".join(AWX_PAGE.read_text(encoding="utf-8").split())
    cold, again = kept.find(FLEET, 1000, COLD), kept.find(FLEET, 1000, AGAIN)
    assert cold is not None
    assert again is not None
    many = f"{cold.seconds:.0f} seconds, and found them unchanged in {again.seconds:.0f}."
    assert f"1,000 new services in about {many}" in text
    took = {each.concurrency: f"{each.seconds:.0f} seconds" for each in kept.measurements if each.contender == FLEET}
    assert f"took {took[1]} with one at a time, {took[8]} with 8, and {took[32]} with 32." in text
