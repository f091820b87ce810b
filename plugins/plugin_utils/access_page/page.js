// Copyright: (c) 2026, dcos.security contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Hides the rows that do not hold all words, or whose gravest finding is not asked for. Without it all rows show.
(() => {
  "use strict";
  const words = document.getElementById("words");
  const severity = document.getElementById("severity");
  const shown = document.getElementById("shown");
  const rows = Array.from(document.querySelectorAll("tbody tr"), (row) => [row, row.textContent.toLowerCase()]);
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const grave = severity.value ? severity.value.split(" ") : null;
    let count = 0;
    for (const [row, text] of rows) {
      row.hidden = !wanted.every((word) => text.includes(word)) || (grave !== null && !grave.includes(row.dataset.severity));
      count += row.hidden ? 0 : 1;
    }
    for (const section of document.querySelectorAll("section:has(tbody)")) {
      section.classList.toggle("empty", section.querySelector("tbody tr:not([hidden])") === null);
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  words.addEventListener("input", apply);
  severity.addEventListener("change", apply);
  document.getElementById("filter").hidden = false;
  apply();
})();
