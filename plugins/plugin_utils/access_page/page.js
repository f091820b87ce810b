// Copyright: (c) 2026, dcos.security contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Hides the rows that do not hold all words, or whose gravest finding is not asked for, and likewise the entries of
// folded findings. Without it all rows show.
(() => {
  "use strict";
  const words = document.getElementById("words");
  const severity = document.getElementById("severity");
  const shown = document.getElementById("shown");
  const text = (element) => element.textContent.toLowerCase();
  const indexed = (row) => {
    const list = row.querySelector(".entries");
    const entries = Array.from(list?.children ?? [], (entry) => ({ element: entry, text: text(entry) }));
    const fold = list?.closest("details");
    const common = list === null ? text(row) : text(row).replace(text(list), " ");
    return { row, common, entries, fold, open: fold?.open };
  };
  let index = null;
  const read = () => Array.from(document.querySelectorAll("tbody"), (body) => ({
    section: body.closest("section"),
    rows: Array.from(body.rows, indexed),
  }));
  const set = (element, property, value) => {
    if (element[property] !== value) element[property] = value;
  };
  const apply = () => {
    index ??= read(); // once, and only for who searches: a large page opens sooner
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const grave = severity.value ? severity.value.split(" ") : null;
    let all = 0;
    let count = 0;
    for (const { section, rows } of index) {
      let empty = true;
      for (const { row, common, entries, fold, open } of rows) {
        const missing = wanted.filter((word) => !common.includes(word));
        const asked = grave === null || grave.includes(row.dataset.severity);
        let fitting = entries.length === 0 && missing.length === 0 ? 1 : 0;
        for (const entry of entries) {
          const fits = missing.every((word) => entry.text.includes(word));
          set(entry.element, "hidden", !fits);
          fitting += fits ? 1 : 0;
        }
        if (fold) set(fold, "open", missing.length > 0 || open);
        const shows = asked && fitting > 0;
        set(row, "hidden", !shows);
        empty &&= !shows;
        all += Math.max(entries.length, 1);
        count += shows ? fitting : 0;
      }
      section.classList.toggle("empty", empty);
    }
    shown.textContent = wanted.length > 0 || grave ? `${count} of ${all} entries` : "";
  };
  // Rows that come into sight get their true height, which moves what comes after them.
  const settle = (heading, frames) => {
    heading.scrollIntoView();
    if (frames > 0) requestAnimationFrame(() => settle(heading, frames - 1));
  };
  for (const link of document.querySelectorAll("nav a")) {
    link.addEventListener("click", () => requestAnimationFrame(() => settle(document.querySelector(link.hash), 10)));
  }
  words.addEventListener("input", apply);
  severity.addEventListener("change", apply);
  document.getElementById("filter").hidden = false;
  if (words.value || severity.value) apply(); // kept by the browser when the page is loaded again
})();
