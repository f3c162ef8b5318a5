"use strict";
// What the drawn parts of the page share: the data that `explorer.py` put there, and words, elements and charts.

const Charts = (() => {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const names = data.genres.map((genre) => genre.name);
  const UNITS = { tempo: "BPM", loudness: "dB", duration: "minutes" };
  const COLOURS = ["var(--first)", "var(--second)"];

  function element(tag, given = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(given)) {
      if (key === "onclick") made.addEventListener("click", value);
      else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
  const figures = (value) => (value === null ? "" : Number(value.toPrecision(3)).toLocaleString("en"));
  // An estimate and the ends of its interval, with two digits of its standard error.
  function byError([estimate, low, high]) {
    if (estimate === null || !(high > low)) return [estimate, low, high].map(figures);
    const digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10((high - low) / 3.92))));
    return [estimate, low, high].map((value) => value.toFixed(digits).replace(/^-/, "\u2212"));
  }
  const inWords = ([estimate, low, high]) => `${estimate} (${low} to ${high})`;
  const withUnit = (name) => (UNITS[name] ? `${name} (${UNITS[name]})` : name);

  function numbers(columns, rows) {
    const cells = (row, tag) => row.map((cell, j) => element(tag, j ? { class: "number" } : {}, String(cell)));
    const heads = columns.map((name, j) => element("th", j ? { class: "number", scope: "col" } : { scope: "col" }, name));
    const body = rows.map((row) => element("tr", {}, ...cells(row, "td")));
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...body));
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Numbers" }, table);
    return element("details", {}, element("summary", {}, "Numbers"), scroll);
  }

  const said = (words) => element("p", { class: "source" }, words);

  function drawn(label, options) {
    const svg = Plot.plot({ style: { background: "none", fontSize: "12px", overflow: "visible" }, marginBottom: 42, ...options });
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    // An image has one name; those of its parts would be read beside it.
    for (const inner of svg.querySelectorAll("[aria-label]")) inner.removeAttribute("aria-label");
    return element("div", { class: "chart", tabindex: "0", role: "group", "aria-label": `Chart: ${label}` }, svg);
  }

  return { data, names, COLOURS, element, percent, figures, byError, inWords, withUnit, numbers, said, drawn };
})();
