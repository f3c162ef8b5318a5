"use strict";
// Whole tables as squares: who is taken for whom, which features go together, what a feature does to each genre.

(() => {
  const { data, names, COLOURS, byError, inWords, drawn } = Charts;
  const LETTER = 7; // pixels, of a name in a margin

  const room = (labels) => 10 + Math.min(150, LETTER * Math.max(...labels.map((name) => name.length)));
  const alike = data.order || names.map((_, k) => k);
  const familyOf = (k) => data.genres[k].family || "";
  const families = [...new Set(names.map((_, k) => familyOf(k)))].sort();
  const byFamily = [...alike].sort((a, b) => families.indexOf(familyOf(a)) - families.indexOf(familyOf(b)));
  // A family is named once, at the first of its genres.
  const named = byFamily.filter((k, i) => i === 0 || familyOf(byFamily[i - 1]) !== familyOf(k))
    .map((k) => ({ row: names[k], text: familyOf(k) }));

  // Squares in one of two colours, the stronger the larger the number; the numbers show where one points.
  function matrix(label, { rows, columns, cells, told, strongest, across, down, behind = [], beside = [] }) {
    const left = room(rows);
    const top = room(columns);
    const right = beside.length ? room(beside.map((one) => one.text)) + 10 : 20;
    return drawn(label, {
      width: left + across * columns.length + right, height: top + down * rows.length + 20,
      marginLeft: left, marginTop: top, marginRight: right, marginBottom: 10, padding: 0.08,
      style: { background: "none", fontSize: `${Math.min(12, down)}px`, overflow: "visible" },
      x: { domain: columns, axis: "top", tickRotate: -90, label: null, tickSize: 0 },
      y: { domain: rows, label: null, tickSize: 0 },
      opacity: { type: "sqrt", domain: [0, strongest], range: [0.08, 1], clamp: true },
      color: { type: "identity" },
      marks: [
        Plot.cell(behind, { x: "column", y: "row", fill: "currentColor", fillOpacity: 0.07, inset: -1 }),
        Plot.cell(cells, { x: "column", y: "row", fill: "colour", fillOpacity: "size", title: told, tip: true }),
        Plot.text(beside, { y: "row", text: "text", frameAnchor: "right", textAnchor: "start", dx: 8, fontWeight: 600 }),
      ],
    });
  }

  function confusions(kind) {
    const rows = kind === "families" ? families : (kind === "family" ? byFamily : alike).map((k) => names[k]);
    const label = (k) => (kind === "families" ? familyOf(k) : names[k]);
    const counts = new Map();
    const totals = new Map();
    for (const [truth, predicted, count] of data.mistakes) {
      const key = JSON.stringify([label(truth), label(predicted)]);
      counts.set(key, (counts.get(key) || 0) + count);
      totals.set(label(truth), (totals.get(label(truth)) || 0) + count);
    }
    const cells = [...counts].map(([key, count]) => {
      const [row, column] = JSON.parse(key);
      return { row, column, count, size: (100 * count) / totals.get(row), colour: COLOURS[row === column ? 1 : 0] };
    });
    const side = kind === "families" ? 34 : Math.max(8, Math.min(24, 900 / rows.length));
    const behind = kind !== "family" ? [] : byFamily.flatMap((one) => byFamily
      .filter((other) => familyOf(one) === familyOf(other)).map((other) => ({ row: names[one], column: names[other] })));
    return matrix("Which genre is taken for which", { rows, columns: rows, cells, behind, strongest: 60, across: side,
      down: side, beside: kind === "family" ? named : [],
      told: (cell) => `${cell.row} taken for ${cell.column}: ${cell.size.toFixed(1)} % (${cell.count} tracks)` });
  }

  function correlations() {
    const { terms, values } = data.correlations;
    const cells = terms.flatMap((row, i) => terms.map((column, j) => ({ row, column, value: values[i][j] })))
      .filter((cell) => cell.row !== cell.column && cell.value !== null)
      .map((cell) => ({ ...cell, size: Math.abs(cell.value), colour: COLOURS[cell.value > 0 ? 1 : 0] }));
    return matrix("Rank correlations of the features", { rows: terms, columns: terms, cells, strongest: 1, across: 36,
      down: 30, told: (cell) => `${cell.row} and ${cell.column}: ${cell.value.toFixed(2)}` });
  }

  function effects(kind) {
    const { terms, values } = data.effects;
    const by = terms.indexOf(kind);
    const last = (k) => values[k][by][0] ?? -Infinity;
    const order = by >= 0 ? names.map((_, k) => k).sort((a, b) => last(b) - last(a)) : kind === "family" ? byFamily : alike;
    const cells = order.flatMap((k) => terms.map((column, j) => ({ row: names[k], column, range: values[k][j] })))
      .filter((cell) => cell.range[0] !== null)
      .map((cell) => ({ ...cell, size: Math.abs(cell.range[0]), colour: COLOURS[cell.range[0] > 0 ? 1 : 0] }));
    const strongest = d3.quantile(cells, 0.98, (cell) => cell.size);
    return matrix("What each feature does to each genre", { rows: order.map((k) => names[k]), columns: terms, cells,
      strongest, across: 34, down: 13, beside: kind === "family" ? named : [],
      told: ({ row, column, range }) => `${column} on ${row}: ${inWords(byError(range))} points` });
  }

  function place(name, known, draw) {
    const view = document.getElementById(`${name}-view`);
    if (!view || !known) return;
    const choice = document.getElementById(`${name}-choice`);
    const select = choice.querySelector("select");
    choice.hidden = false;
    for (const option of select ? [...select.options] : []) {
      if (option.value.startsWith("famil") && families.length < 2) option.remove();
    }
    const show = () => view.replaceChildren(draw(select ? select.value : null));
    if (select) select.addEventListener("change", show);
    // Thousands of squares are drawn when they come near, so that the page is there at once; all of them on paper.
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) first();
    }, { rootMargin: "800px" });
    function first() {
      observer.disconnect();
      window.removeEventListener("beforeprint", first);
      show();
    }
    observer.observe(view);
    window.addEventListener("beforeprint", first);
  }

  for (const name of data.effects ? data.effects.terms : []) {
    const option = new Option(`by ${name}`, name);
    document.querySelector("#effects-choice select")?.append(option);
  }
  place("correlations", data.correlations, correlations);
  place("effects", data.effects, effects);
  place("confusion", data.mistakes, confusions);
})();
