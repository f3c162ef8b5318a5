"use strict";
// Everything here only adds comfort; the page says the same without it.

for (const field of document.querySelectorAll(".filter")) {
  const box = field.closest(".table");
  const rows = [...box.querySelectorAll("tbody tr")];
  const status = box.querySelector(".status");
  field.hidden = false;
  field.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLocaleLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
    const shown = rows.filter((row) => !row.hidden).length;
    status.textContent = wanted ? `${shown} of ${rows.length} rows` : "";
  });
}

// Tables: a click on a column's name sorts by it, the other way round the second time; a button saves what is shown.
const words = new Intl.Collator("en", { numeric: true });

function value(cell) {
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compared(one, other) {
  if (one === "" || other === "") return (one === "") - (other === "");
  return typeof one === "number" && typeof other === "number" ? one - other : words.compare(one, other);
}

function sort(table, head, column) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, key: value(row.cells[column]) }));
  // What is missing stays at the end either way.
  rows.sort((a, b) => (down && a.key !== "" && b.key !== "" ? compared(b.key, a.key) : compared(a.key, b.key)));
  body.append(...rows.map(({ row }) => row));
}

function quoted(text) {
  // A spreadsheet must not take a name for a formula.
  const safe = /^[=+@\t]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function save(table, name) {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const lines = [heads, ...rows.map((row) => [...row.cells].map((cell) => String(value(cell))))];
  const text = lines.map((line) => line.map(quoted).join(",")).join("\r\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`\ufeff${text}\r\n`], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const box of document.querySelectorAll(".table")) {
  const table = box.querySelector("table");
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head, column));
    head.append(button);
  });
  const button = box.querySelector("button.save");
  button.hidden = false;
  button.addEventListener("click", () => save(table, button.dataset.file));
}

// Light, dark, or as the reader's system has it.
const theme = document.getElementById("theme");
theme.hidden = false;
theme.querySelector("select").addEventListener("change", (event) => {
  if (event.target.value) document.documentElement.dataset.theme = event.target.value;
  else delete document.documentElement.dataset.theme;
});

const large = document.getElementById("large");
for (const button of document.querySelectorAll("button.enlarge")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const picture = button.closest("figure").querySelector("img");
    const copy = large.querySelector("img");
    copy.src = picture.src;
    copy.alt = picture.alt;
    large.showModal();
  });
}
