"use strict";
// The genre explorer: what `explorer.py` put into the page, drawn for the genres and the feature that were picked.

(() => {
  const { data, names, COLOURS, element, percent, figures, byError, inWords, withUnit, numbers, said, drawn } = Charts;
  const MOST = 8;

  const form = document.getElementById("explorer-choice");
  const view = document.getElementById("explorer-view");
  document.getElementById("explorer").querySelector("[data-needs-script]").hidden = true;
  form.hidden = false;
  const width = () => Math.max(320, Math.min(640, view.clientWidth));

  function part(title, ...children) {
    const found = children.filter((child) => child !== null);
    return found.length ? element("div", { class: "part" }, element("h4", {}, title), ...found) : null;
  }

  // What is drawn of one genre, or of two beside each other -----------------------------------------------------
  const shift = (chosen, place) => (chosen.length > 1 ? (place ? 5 : -5) : 0);

  function profile(chosen) {
    const known = data.features.map((feature, j) => ({ ...feature, j })).filter((feature) => feature.all);
    // Features have units of their own: all are drawn in tenths to nine tenths of all tracks.
    // What lies further out than that is drawn at the edge.
    const scaled = (value, all) => value === null ? NaN : Math.max(-3, Math.min(3, (2 * (value - all[2])) / (all[4] - all[0] || 1)));
    const bands = (quantiles, feature, more) => {
      const [low, first, middle, third, high] = quantiles.map((value) => scaled(value, feature.all));
      return { name: feature.name, low, first, middle, third, high, value: quantiles[2], ...more };
    };
    const every = known.map((feature) => bands(feature.all, feature, {}));
    const each = chosen.map((genre) => known.map((feature) => bands(data.profiles[genre][feature.j], feature, {})));
    const y = { domain: known.map((feature) => feature.name), label: null };
    const marks = [
      Plot.ruleY(every, { y: "name", x1: "low", x2: "high", stroke: "currentColor", strokeOpacity: 0.12, strokeWidth: 16 }),
      Plot.ruleY(every, { y: "name", x1: "first", x2: "third", stroke: "currentColor", strokeOpacity: 0.15, strokeWidth: 16 }),
      Plot.ruleX([0], { strokeOpacity: 0.4 }),
    ];
    each.forEach((rows, place) => {
      const dy = shift(chosen, place);
      marks.push(
        Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: COLOURS[place], strokeWidth: 1.5, dy }),
        Plot.ruleY(rows, { y: "name", x1: "first", x2: "third", stroke: COLOURS[place], strokeWidth: 5, dy }),
        Plot.dot(rows, { y: "name", x: "middle", fill: "var(--paper)", stroke: COLOURS[place], strokeWidth: 2, r: 4, dy,
          title: (row) => `${names[chosen[place]]}: median ${row.name} ${figures(row.value)}` }),
      );
    });
    const chart = drawn(`Profile of ${chosen.map((genre) => names[genre]).join(" and ")} beside all tracks`, {
      width: width(), height: 34 * known.length + 50, marginLeft: 125, y, marks,
      x: { domain: [-3, 3], label: null, ticks: [-2, 0, 2],
        tickFormat: (tick) => ({ "-2": "lower", 0: "median of all", 2: "higher" })[tick] },
    });
    const note = said("Dots are medians; half the tracks lie on the thick line, eight in ten on the thin one. Grey: all tracks.");
    const rows = known.map((feature) => [withUnit(feature.name), figures(feature.all[2]),
      ...chosen.map((genre) => figures(data.profiles[genre][feature.j][2]))]);
    return part("Its tracks beside all", note, chart,
      numbers(["Median", "All tracks", ...chosen.map((genre) => names[genre])], rows));
  }

  function intervals(label, rows, order, height) {
    const marks = [Plot.ruleX([0], { strokeOpacity: 0.5 })];
    rows.forEach((series, place) => {
      const dy = shift(rows, place);
      marks.push(
        Plot.ruleY(series, { y: "name", x1: "low", x2: "high", stroke: COLOURS[place], strokeWidth: 2, dy }),
        Plot.dot(series, { y: "name", x: "estimate", fill: COLOURS[place], r: 4, dy,
          title: ({ name, estimate, low, high }) => `${name}: ${inWords(byError([estimate, low, high]))}` }),
      );
    });
    return drawn(label, { width: width(), height, marginLeft: 155, x: { label: null }, y: { domain: order, label: null }, marks });
  }

  const effect = (genre, j) => {
    const [estimate, low, high] = data.effects.values[genre][j];
    return { estimate, low, high };
  };
  const POINTS = "In percentage points for one standard deviation more of the feature, averaged over all tracks; lines hold 95 %.";

  function effects(chosen) {
    if (!data.effects) return null;
    const rows = chosen.map((genre) => data.effects.terms.map((name, j) => ({ name, ...effect(genre, j) })));
    const size = (j) => Math.max(...rows.map((series) => Math.abs(series[j].estimate)));
    const order = data.effects.terms.map((name, j) => [name, size(j)]).sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const label = `What moves the probability of ${chosen.map((genre) => names[genre]).join(" and ")}`;
    const listed = order.flatMap((name) => rows.map((series, place) => {
      const row = series.find((one) => one.name === name);
      return [chosen.length > 1 ? `${name}, ${names[chosen[place]]}` : name, ...byError([row.estimate, row.low, row.high])];
    }));
    return part("What moves its probability", said(POINTS), intervals(label, rows, order, 26 * order.length + 55),
      numbers(["Effect in points", "Estimate", "From", "To"], listed));
  }

  function curves(chosen) {
    if (!data.curves) return null;
    const charts = data.curves.map((curve) => {
      const marks = chosen.map((genre, place) => Plot.lineY(
        curve.x.map((x, i) => ({ x, y: curve.y[genre][i] })), { x: "x", y: "y", stroke: COLOURS[place], strokeWidth: 2 }));
      return drawn(`Probability along ${curve.name}`, { width: 300, height: 165, marginLeft: 54, insetTop: 6,
        x: { label: withUnit(curve.name), labelAnchor: "center", labelArrow: "none", ticks: 4 },
        y: { label: null, ticks: 4, zero: true, tickFormat: (tick) => `${tick} %` },
        marks: [Plot.ruleY([0], { strokeOpacity: 0.4 }), ...marks] });
    });
    return part("Its curves", said(
      "Probability of the genre as one feature changes, all others those of a typical track (higher-order model)."),
    element("div", { class: "charts" }, ...charts));
  }

  function apart(one, other) {
    if (!data.slopes) return "";
    const told = data.slopes.terms.map((name, j) => [name, data.slopes.values[one][j] - data.slopes.values[other][j]]);
    return told.filter(([, gap]) => Number.isFinite(gap)).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 3)
      .map(([name, gap]) => `${gap > 0 ? "more" : "less"} ${name}`).join(", ");
  }

  function nearest(chosen) {
    if (!data.nearest) return null;
    const [genre] = chosen;
    const items = data.nearest[genre].map(([other, distance]) => element("li", {},
      element("button", { type: "button", onclick: () => pick({ genre: names[genre], with: names[other] }) }, names[other]),
      ` at ${figures(distance)}; told from it by ${apart(genre, other)}`));
    return part(`Nearest to ${names[genre]}`, element("ul", {}, ...items));
  }

  function told(chosen) {
    if (chosen.length < 2) return null;
    const [one, other] = chosen;
    const gap = apart(one, other);
    return gap ? part("What tells them apart", element("p", {}, `Other things equal, the odds of ${names[one]} against ` +
      `${names[other]} rise most with ${gap}.`)) : null;
  }

  function mistakes(chosen) {
    if (!data.mistakes) return null;
    const [genre] = chosen;
    const chart = (title, own, other) => {
      const cells = data.mistakes.filter((cell) => cell[own] === genre);
      const total = cells.reduce((sum, cell) => sum + cell[2], 0);
      const rows = cells.map((cell) => ({ name: names[cell[other]], share: (100 * cell[2]) / total, count: cell[2],
        right: cell[other] === genre })).sort((a, b) => b.count - a.count).slice(0, MOST);
      if (!rows.length) return element("p", {}, `${title}: no test track.`);
      return drawn(`${title}: ${names[genre]}`, { width: 420, height: 24 * rows.length + 62, marginLeft: 125, marginRight: 45,
        x: { label: `${title} (% of ${total.toLocaleString("en")})`, labelAnchor: "center", labelArrow: "none", ticks: 4 },
        y: { domain: rows.map((row) => row.name), label: null },
        marks: [
          Plot.barX(rows, { y: "name", x: "share", fill: "var(--first)", fillOpacity: (row) => (row.right ? 1 : 0.5) }),
          Plot.text(rows, { y: "name", x: "share", text: "count", textAnchor: "start", dx: 4 }),
        ] });
    };
    return part(`Mistakes about ${names[genre]}`, element("div", { class: "charts" },
      chart("Its test tracks are taken for", 0, 1), chart("Test tracks taken for it are", 1, 0)));
  }

  function calibration(chosen) {
    if (!data.calibration) return null;
    const rows = chosen.map((genre) => data.calibration[genre].map(([x, y, low, high]) => ({ x, y, low, high })));
    const most = Math.max(1, ...rows.flat().map((row) => row.x));
    const marks = [Plot.line([[0, 0], [most, most]], { strokeOpacity: 0.4, strokeDasharray: "3,3" })];
    rows.forEach((series, place) => marks.push(
      Plot.ruleX(series, { x: "x", y1: "low", y2: "high", stroke: COLOURS[place] }),
      Plot.dot(series, { x: "x", y: "y", fill: COLOURS[place], r: 3.5 })));
    return part("Stated probability and share right", drawn("Calibration", { width: 420, height: 300, marginLeft: 50,
      x: { label: "Stated probability (%)", labelAnchor: "center", labelArrow: "none" },
      y: { label: "Share of such test tracks that are of the genre (%)", labelArrow: "none" }, marks }));
  }

  function tracks(chosen) {
    if (!data.tracks) return null;
    const lists = chosen.flatMap((genre) => ["typical", "surprising"].map((kind) => {
      const items = data.tracks[genre].filter((track) => track[0] === kind).map(([, title, artist, share, expected]) =>
        element("li", {}, `${title}${artist ? ` by ${artist}` : ""} (${percent(share)}` +
          `${kind === "surprising" ? `; expected: ${expected}` : ""})`));
      return items.length ? element("div", {}, element("h5", {}, `Most ${kind} of ${names[genre]}`), element("ul", {}, ...items)) : null;
    }));
    return part("Tracks", element("div", { class: "charts" }, ...lists.filter((list) => list !== null)));
  }

  function card(genre, place) {
    const { name, family, kind, recall, precision, tracks: asked } = data.genres[genre];
    const about = [family ? `family: ${family}` : null, kind && kind !== "sound" ? `a label that is no sound: ${kind}` : null,
      recall === null ? null : `${percent(recall)} of its ${asked} test tracks are recognised`,
      precision === null ? null : `${percent(precision)} of what is put into it belongs there`].filter((said) => said);
    return element("p", { class: "card" }, element("b", { class: place ? "second" : "first" }, name), ` ${about.join("; ")}.`);
  }

  // What is drawn of a feature ----------------------------------------------------------------------------------
  function byFeature(name, chosen) {
    const shown = [];
    const j = data.effects ? data.effects.terms.indexOf(name) : -1;
    if (j >= 0) {
      const rows = names.map((genre, k) => ({ name: genre, ...effect(k, j) })).filter((row) => row.estimate !== null)
        .sort((a, b) => b.estimate - a.estimate);
      const ends = rows.length > 24 ? [...rows.slice(0, 12), ...rows.slice(-12)] : rows;
      shown.push(part(`Genres that ${name} lifts and lowers most`, said(POINTS),
        intervals(`Effects of ${name} on genres`, [ends], ends.map((row) => row.name), 20 * ends.length + 55),
        numbers(["Effect in points", "Estimate", "From", "To"],
          rows.map((row) => [row.name, ...byError([row.estimate, row.low, row.high])]))));
    }
    const curve = data.curves ? data.curves.find((one) => one.name === name) : undefined;
    if (curve) {
      const swing = (k) => Math.max(...curve.y[k]) - Math.min(...curve.y[k]);
      const moved = names.map((_, k) => k).sort((a, b) => swing(b) - swing(a)).slice(0, 6);
      const lines = [...new Set([...chosen, ...moved])];
      const rows = lines.flatMap((k) => curve.x.map((x, i) => ({ x, y: curve.y[k][i], genre: names[k] })));
      const picked = new Set(chosen.map((k) => names[k]));
      shown.push(part(`Genres along ${name}`, drawn(`Probability of genres along ${name}`, { width: width(), height: 340,
        marginLeft: 54, marginRight: 80, insetTop: 10,
        x: { label: withUnit(name), labelAnchor: "center", labelArrow: "none" },
        y: { label: null, zero: true, tickFormat: (tick) => `${tick} %` },
        marks: [Plot.ruleY([0], { strokeOpacity: 0.4 }),
          Plot.lineY(rows, { x: "x", y: "y", z: "genre", stroke: (row) => (picked.has(row.genre) ? "picked" : "other"), strokeWidth: 1.8 }),
          Plot.text(rows, Plot.selectMaxY({ x: "x", y: "y", z: "genre", text: "genre", dy: -8, stroke: "var(--paper)",
            fill: "currentColor", strokeWidth: 4 }))],
        color: { domain: ["picked", "other"], range: [COLOURS[1], COLOURS[0]] } })));
    }
    return shown;
  }

  // Choice and address ------------------------------------------------------------------------------------------
  const place = (name) => names.findIndex((one) => one.toLocaleLowerCase() === (name || "").trim().toLocaleLowerCase());

  function draw(choice) {
    const chosen = [place(choice.genre), place(choice.with)].filter((k, i, all) => k >= 0 && all.indexOf(k) === i);
    const parts = choice.feature ? byFeature(choice.feature, chosen) : chosen.length
      ? [...chosen.map(card), profile(chosen), told(chosen), effects(chosen), curves(chosen), nearest(chosen), mistakes(chosen),
        calibration(chosen), tracks(chosen)] : [];
    view.replaceChildren(...parts.filter((one) => one !== null));
  }

  function pick(choice) {
    form.elements.genre.value = choice.genre || "";
    form.elements.with.value = choice.with || "";
    form.elements.feature.value = choice.feature || "";
    const asked = new URLSearchParams(Object.entries(choice).filter(([, value]) => value));
    history.replaceState(null, "", `#${asked}`);
    draw(choice);
  }

  function fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has("genre") && !asked.has("feature")) return false;
    pick({ genre: asked.get("genre"), with: asked.get("with"), feature: asked.get("feature") });
    document.getElementById("explorer").scrollIntoView();
    return true;
  }

  function changed(event) {
    const field = event.target;
    const name = field.value;
    // Half a name is no choice yet; a name that there is not says so.
    const unknown = field.type === "search" && name !== "" && place(name) < 0;
    field.setCustomValidity(unknown ? "No genre of this study has this name." : "");
    if (unknown) {
      if (event.type === "change") field.reportValidity();
      return;
    }
    // Who picks a genre wants to see it, and not the feature that was picked before.
    const feature = field.name === "feature" ? name : "";
    pick({ genre: form.elements.genre.value, with: form.elements.with.value, feature });
  }

  const listed = [...new Set([...(data.effects ? data.effects.terms : []), ...(data.curves || []).map((curve) => curve.name)])];
  document.getElementById("explorer-genres").append(...names.map((name) => element("option", { value: name })));
  form.elements.feature.append(...listed.map((name) => element("option", { value: name }, name)));
  form.addEventListener("change", changed);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const field of form.querySelectorAll("input")) field.addEventListener("focus", () => field.select());
  window.addEventListener("hashchange", fromAddress);
  if (!fromAddress()) {
    const best = data.genres.reduce((top, genre, k) => (genre.recall > data.genres[top].recall ? k : top), 0);
    form.elements.genre.value = names[best];
    draw({ genre: names[best] });
  }
})();
