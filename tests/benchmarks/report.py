# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as text for a terminal, and as the generated part of a documentation page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from plot import draw
from results import AGAIN, COLD, CONTENDERS, Measurement, Results, budgets

BEGIN, END = ".. measured: written by make bench, not by hand", ".. end of what was measured"

_BUSY = 1.0
"""Above this load the times show the machine's other work rather than ours."""

_HEADINGS = ("services", "by", "seconds", "x floor", "requests", "again: seconds", "x floor", "requests", "memory, MB")
_SLOW_HEADINGS = ("by", "at a time", "seconds", "x floor")
_BUDGET_HEADINGS = ("target", "limit", "measured", "")


def terminal(results: Results) -> str:
    """Everything that was measured."""
    machine = results.machine
    parts = [
        f"{machine.cores} cores, {machine.processor}, Python {machine.python}, ansible-core {machine.ansible_core}; "
        f"before the first run the machine had a load of {machine.load:.1f}",
        f"A bare ansible-playbook run takes {results.bare:.2f} s. For playbooks, seconds exclude that time;",
        "requests are per service; ~ is projected.",
        "",
        *_aligned(_HEADINGS, _rows(results)),
    ]
    for latency, rows in _slow(results):
        parts += ["", f"{latency * 1000:.0f} ms before each answer, {_slow_services(results)} services:", ""]
        parts += _aligned(_SLOW_HEADINGS, rows)
    parts += ["", *_aligned(_BUDGET_HEADINGS, _budget_rows(results))]
    return "\n".join(parts) + "\n"


def write_pages(results: Results, times: Path, targets: Path, picture: Path) -> None:
    """Write tables and plot into the page for users, and targets into that for contributors."""
    picture.write_text(_LICENSE_IN_XML + draw(results, alone=True), encoding="utf-8")
    times.write_text(with_lines(times.read_text(encoding="utf-8"), times_of(results)), encoding="utf-8")
    targets.write_text(with_lines(targets.read_text(encoding="utf-8"), targets_of(results)), encoding="utf-8")


def with_lines(text: str, lines: Iterable[str]) -> str:
    """The page with what was measured replaced by these lines."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r}")
    return before + begin + "\n\n" + "\n".join(lines) + "\n" + end + after


_LICENSE_IN_XML = """\
<!--
Copyright: (c) 2026, dcos.security contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
"""


def times_of(results: Results) -> Iterable[str]:
    """The tables of times and the plot."""
    machine = results.machine
    yield f"Measured on {machine.cores} cores ({machine.processor}), which the emulator shares, with Python"
    yield f"{machine.python}, ansible-core {machine.ansible_core}. A play that does nothing took {results.bare:.2f} s."
    if machine.load >= _BUSY:
        yield f"**The machine was busy with other work** (a load of {machine.load:.1f} before the first run)."
    yield ""
    yield ".. raw:: html"
    yield ""
    yield '   <div style="overflow-x: auto; margin-bottom: 24px">'
    yield from (f"   {line}" for line in draw(results).splitlines())
    yield "   </div>"
    yield ""
    yield from _list_table(_HEADINGS, _rows(results))
    for latency, rows in _slow(results):
        yield f"The same for {_slow_services(results)} services, cold, with {latency * 1000:.0f} ms before each answer:"
        yield ""
        yield from _list_table(_SLOW_HEADINGS, rows)


def targets_of(results: Results) -> Iterable[str]:
    """What is promised, beside what was measured."""
    yield from _list_table(_BUDGET_HEADINGS, _budget_rows(results))


def _rows(results: Results) -> list[list[str]]:
    rows = []
    sizes = sorted({each.services for each in results.measurements})
    for services in sizes:
        for contender in CONTENDERS:
            cold, again = results.find(contender, services, COLD), results.find(contender, services, AGAIN)
            if cold is not None and again is not None:
                memory = "" if cold.projected else f"{max(cold.peak_memory, again.peak_memory) / 1e6:.0f}"
                row = [f"{services:,}", contender, *_cells(results, cold), *_cells(results, again), memory]
                rows.append(row)
    return rows


def _cells(results: Results, measurement: Measurement) -> list[str]:
    ratio = results.ratio(measurement)
    mark = "~" if measurement.projected else ""
    requests = "" if measurement.projected else f"{measurement.requests:.1f}"
    return [f"{mark}{_number(measurement.seconds)}", "" if ratio is None else f"{mark}{_number(ratio)}", requests]


def _slow(results: Results) -> list[tuple[float, list[list[str]]]]:
    """For each latency its rows."""
    found = []
    for latency in sorted({each.latency for each in results.measurements if each.latency}):
        rows = []
        for each in results.measurements:
            if each.latency == latency:
                ratio = results.ratio(each)
                rows.append([each.contender, str(each.concurrency), _number(each.seconds), f"{ratio or 1:.1f}"])
        found.append((latency, rows))
    return found


def _slow_services(results: Results) -> int:
    return next(each.services for each in results.measurements if each.latency)


def _budget_rows(results: Results) -> list[list[str]]:
    rows = []
    for each in budgets(results):
        value = "" if each.value is None else _number(each.value)
        rows.append([each.what, f"{_number(each.limit)} {each.unit}".strip(), value, each.verdict])
    return rows


def _number(value: float) -> str:
    """With as many decimals as are meaningful."""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Names to the left, numbers to the right."""
    table = [headings, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    names = [any(row[column][:1].isalpha() for row in rows) for column in range(len(headings))]
    lines = []
    for row in table:
        columns = zip(row, widths, names, strict=True)
        lines.append(
            "  ".join(cell.ljust(width) if name else cell.rjust(width) for cell, width, name in columns).rstrip()
        )
    return lines


def _list_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield ""
    for row in [headings, *rows]:
        for number, cell in enumerate(row):
            lead = "*" if number == 0 else " "
            yield f"   {lead} - {cell}".rstrip()
    yield ""
