"use strict";
const rows = [...document.querySelectorAll("details.question")];
const [words, outcome, type, shown] = ["words", "outcome", "type", "shown"].map((id) => document.getElementById(id));
const folded = (text) => text.normalize("NFKC").toLowerCase();
const texts = rows.map((row) => folded(row.textContent));

function filter() {
  const wanted = folded(words.value).split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, i) => {
    const matches =
      wanted.every((word) => texts[i].includes(word)) &&
      ["", row.dataset.outcome, row.dataset.right].includes(outcome.value) &&
      ["", row.dataset.type].includes(type.value);
    row.hidden = !matches;
    count += matches;
  });
  shown.textContent = `${count} / ${rows.length} 問`;
}

function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row && row.matches("details.question")) {
    [words.value, outcome.value, type.value] = ["", "", ""];
    filter();
    row.open = true;
    row.scrollIntoView();
  }
}

for (const control of [words, outcome, type]) control.addEventListener("input", filter);
addEventListener("hashchange", reveal);
filter();
reveal();
