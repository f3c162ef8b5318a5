"use strict";
// The what-if page: controls made from what /model says, and the newest answer of /predict and /explain.

(() => {
  const { element, percent, signed, shares, contributions } = Charts;
  const PAUSE = 60; // ms between a move and the question
  const SETTLED = 700; // ms without a move after which the answer is spoken
  const PATIENCE = 40_000; // ms
  const SHOWN = 8; // genres
  const TERMS = 10;

  const at = (id) => document.getElementById(id);
  const main = document.querySelector("main");
  let model = null;
  let key = sessionStorage.getItem("genreglm-key") || "";
  let start = null;
  let values = {};
  const controls = new Map(); // feature -> show(value)

  // Units that a musician reads -----------------------------------------------------------------------------------
  const minus = (text) => text.replace(/^-/, "\u2212");
  const clock = (ms) => `${Math.floor(Math.round(ms / 1000) / 60)}:${String(Math.round(ms / 1000) % 60).padStart(2, "0")}`;
  const spokenClock = (ms) => `${Math.floor(Math.round(ms / 1000) / 60)} minutes ${Math.round(ms / 1000) % 60} seconds`;

  // How far a slider runs, in what steps, and how its value is written.
  function scale(feature) {
    if (feature.name === "duration_ms" && feature.unit === "ms") {
      return { step: 1000, write: clock, speak: spokenClock };
    }
    if (feature.unit === "BPM") return { step: 1, write: (value) => `${Math.round(value)} BPM` };
    if (feature.unit === "dB") return { step: 0.1, write: (value) => `${minus(value.toFixed(1))} dB` };
    if (feature.low === 0 && feature.high === 1) return { step: 0.01, write: (value) => value.toFixed(2) };
    return { step: null, write: (value) => minus(String(Number(value.toPrecision(4)))) };
  }

  function reach(feature, step) {
    if (feature.low === 0 && feature.high === 1) return [0, 1];
    const known = feature.quantiles;
    if (!known.length) return Math.abs(feature.high) < 1e8 ? [feature.low, feature.high] : null;
    const [low, high] = [known[0], known[known.length - 1]];
    if (!(high > low)) return null;
    const unit = step ?? (high - low) / 200;
    return [Math.max(feature.low, Math.floor(low / unit) * unit), Math.min(feature.high, Math.ceil(high / unit) * unit)];
  }

  const named = (feature, value) => feature.level_names[feature.levels.findIndex((level) => level === value)] ?? String(value);
  const worded = (feature, value) => (feature.unit ? `${named(feature, value)} ${feature.unit}` : named(feature, value));

  // Controls ------------------------------------------------------------------------------------------------------
  function slider(feature, write, speak, place, value, range) {
    const shown = element("output", { for: `feature-${feature.name}` });
    const input = element("input", { type: "range", id: `feature-${feature.name}`, name: feature.name, ...range });
    const head = element("div", { class: "line" }, element("label", { for: input.id }, feature.label), shown);
    input.addEventListener("input", () => set(feature, value(Number(input.value))));
    controls.set(feature.name, (now) => {
      input.value = String(place(now));
      shown.value = write(now);
      input.setAttribute("aria-valuetext", speak(now));
    });
    return element("div", { class: "feature" }, head, input);
  }

  function number(feature) {
    const { step, write, speak } = scale(feature);
    const ends = reach(feature, step);
    if (ends) {
      const range = { min: ends[0], max: ends[1], step: step ?? (ends[1] - ends[0]) / 200 };
      return slider(feature, write, speak ?? write, (value) => value, (value) => Number(value.toPrecision(12)), range);
    }
    const input = element("input", { type: "number", id: `feature-${feature.name}`, name: feature.name, step: "any" });
    input.addEventListener("input", () => {
      const value = input.valueAsNumber;
      if (value >= feature.low && value <= feature.high) set(feature, value);
    });
    controls.set(feature.name, (now) => {
      if (input.valueAsNumber !== now) input.value = String(now);
    });
    return element("div", { class: "feature plain" }, element("label", { for: input.id }, feature.label), input);
  }

  function whole(feature) {
    const levels = feature.levels;
    const nearest = (value) => d3.leastIndex(levels, (level) => Math.abs(level - value));
    const write = (value) => worded(feature, value);
    return slider(feature, write, write, nearest, (place) => levels[place], { min: 0, max: levels.length - 1, step: 1 });
  }

  function radios(feature) {
    const inputs = feature.levels.map((level, j) => {
      const input = element("input", { type: "radio", name: feature.name, value: String(j) });
      input.addEventListener("change", () => set(feature, level));
      return input;
    });
    controls.set(feature.name, (now) => inputs.forEach((input, j) => { input.checked = feature.levels[j] === now; }));
    const labels = inputs.map((input, j) => element("label", {}, input, feature.level_names[j]));
    return element("fieldset", { class: "feature" }, element("legend", {}, feature.label), element("div", { class: "choices" }, ...labels));
  }

  function list(feature) {
    const options = feature.level_names.map((name, j) => element("option", { value: String(j) }, name));
    const select = element("select", { id: `feature-${feature.name}`, name: feature.name }, ...options);
    select.addEventListener("change", () => set(feature, feature.levels[Number(select.value)]));
    controls.set(feature.name, (now) => { select.value = String(feature.levels.indexOf(now)); });
    return element("div", { class: "feature plain" }, element("label", { for: select.id }, feature.label), select);
  }

  function control(feature) {
    if (feature.kind === "number") return number(feature);
    if (feature.kind === "whole" && feature.levels.length > 1) return whole(feature);
    return feature.levels.length <= 3 ? radios(feature) : list(feature);
  }

  // State: a start, what was moved since, and the two genres that are compared; all of it in the address -------------
  function show() {
    for (const [name, put] of controls) put(values[name]);
  }

  function set(feature, value) {
    values[feature.name] = value;
    controls.get(feature.name)(value);
    moved();
  }

  function begin(name) {
    start = model.starts.find((one) => one.name === name) ?? model.starts[0];
    at("start").value = start.name;
    values = { ...start.track };
  }

  function address() {
    const asked = new URLSearchParams({ start: start.name });
    for (const { name } of model.features) {
      if (values[name] !== start.track[name]) asked.set(`f.${name}`, String(values[name]));
    }
    if (at("genre").value) asked.set("why", at("genre").value);
    if (at("other").value) asked.set("not", at("other").value);
    return `#${asked}`;
  }

  function read(feature, text) {
    if (feature.kind === "number") {
      const value = Number(text);
      return text.trim() !== "" && value >= feature.low && value <= feature.high ? value : undefined;
    }
    return feature.levels.find((level) => String(level) === text);
  }

  function fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    begin(asked.get("start"));
    for (const feature of model.features) {
      const found = asked.has(`f.${feature.name}`) ? read(feature, asked.get(`f.${feature.name}`)) : undefined;
      if (found !== undefined) values[feature.name] = found;
    }
    const known = new Set(model.genres.map(({ genre }) => String(genre)));
    at("genre").value = known.has(asked.get("why")) ? asked.get("why") : "";
    at("other").value = known.has(asked.get("not")) && asked.get("not") !== at("genre").value ? asked.get("not") : "";
    show();
    moved();
  }

  // Questions: one at a time, so that no answer comes after a newer one -----------------------------------------------
  let waiting = null;
  let asking = false;
  let stale = false;
  let settled = null;

  function moved() {
    stale = true;
    at("headline").ariaBusy = "true"; // what is shown is of another track
    clearTimeout(settled);
    waiting ??= setTimeout(ask, PAUSE);
  }

  async function ask() {
    waiting = null;
    if (asking) return;
    asking = true;
    while (stale) {
      stale = false;
      remember();
      await answer();
    }
    asking = false;
    at("headline").ariaBusy = "false";
  }

  function remember() {
    const now = address();
    if (location.hash !== now) history.replaceState(null, "", now);
    at("second").href = now;
  }

  async function post(path, body) {
    return call(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  }

  async function call(path, options = {}) {
    const headers = { ...options.headers, ...(key ? { "X-API-Key": key } : {}) };
    const answered = await fetch(path, { ...options, headers, signal: AbortSignal.timeout(PATIENCE) });
    const said = await answered.json();
    if (answered.ok) return said;
    if (answered.status === 401) at("key").hidden = false;
    throw new Error(said.error);
  }

  function trouble(words) {
    at("trouble").hidden = !words;
    at("trouble").textContent = words;
  }

  async function answer() {
    const track = { ...values };
    const label = (id) => model.genres.find(({ genre }) => String(genre) === at(id).value)?.genre ?? null;
    const compared = { track, genre: label("genre"), other: label("other") };
    try {
      const query = `predict?top=${SHOWN}&intervals=${model.intervals !== null}`;
      // Without an explanation, as of a model that has none, the rest is drawn all the same.
      const [said, why] = await Promise.all([post(query, track), post("explain", compared).catch((error) => error)]);
      trouble("");
      drawAnswer(said.tracks[0]);
      drawWhy(why);
      if (said.model !== model.model) location.reload(); // another model has been put in its place
    } catch (error) {
      trouble(error instanceof TypeError || error.name === "TimeoutError" ? "The service does not answer." : error.message);
    }
  }

  // The answer ------------------------------------------------------------------------------------------------------
  function drawAnswer(said) {
    const [top] = said.genres;
    const family = said.family ? `; family: ${said.family.family}, ${percent(said.family.probability)}` : "";
    const within = top.low === null ? "" : ` (${percent(top.low)} to ${percent(top.high)})`;
    at("headline").querySelector("b").textContent = String(top.genre);
    at("headline").querySelector("span").textContent =
      `${percent(top.probability)}${within}${family}${said.unlike === true ? "; unlike anything seen" : ""}`;
    at("unlike").hidden = said.unlike !== true;
    at("problem").hidden = said.problem === "";
    at("problem").textContent = said.problem;
    const held = said.set && new Set(said.set.map(String));
    shares(at("genres"), `Probabilities of the ${said.genres.length} most probable genres`, said.genres.map((one) => ({
      name: String(one.genre), value: one.probability, low: one.low, high: one.high,
      pale: held !== null && !held.has(String(one.genre)),
    })));
    drawSet(said.set);
    at("near").hidden = said.nearest.length === 0;
    at("nearest").replaceChildren(...said.nearest.map(({ genre, distance }) => {
      const button = element("button", { type: "button", title: `distance ${distance.toFixed(2)}` }, String(genre));
      button.addEventListener("click", () => { begin(String(genre)); show(); moved(); });
      return element("li", {}, button);
    }));
    settled = setTimeout(() => {
      const warning = said.unlike === true ? " Unlike anything seen." : "";
      at("spoken").textContent = `${top.genre}, ${percent(top.probability)}.${warning}`;
    }, SETTLED);
  }

  function drawSet(set) {
    if (set === null) return;
    const promise = `Holds the genre of ${percent(model.sets.level).replace(".0 %", " %")} of tracks of new artists.`;
    const names = set.length ? element("ul", { class: "names" }, ...set.map((genre) => element("li", {}, String(genre))))
      : element("p", {}, "None: no genre is probable enough.");
    at("set").replaceChildren(element("h3", {}, `Set of ${set.length} genre${set.length === 1 ? "" : "s"}`),
      element("p", { class: "source" }, promise), names);
  }

  function drawWhy(why) {
    const known = !(why instanceof Error);
    at("why").hidden = !known;
    at("why-note").hidden = !known;
    if (!known) {
      at("odds").textContent = why.message;
      return;
    }
    const [p, q] = why.probabilities;
    at("odds").textContent = `${why.genre} (${percent(p)}) rather than ${why.other} (${percent(q)}): log-odds ${signed(why.log_odds)}`;
    const rows = why.contributions.map((one) => ({ name: one.term, value: one.contribution, low: one.low, high: one.high }));
    const [first, rest] = [rows.slice(0, TERMS + 1), rows.slice(TERMS + 1)];
    if (rest.length) first.push({ name: `${rest.length} others together`, value: d3.sum(rest, (row) => row.value), low: null, high: null });
    contributions(at("why"), `What speaks for ${why.genre} and for ${why.other}`, first);
  }

  // The beginning ---------------------------------------------------------------------------------------------------
  function grouped(select, starts) {
    const titles = { typical: "All tracks", genre: "Typical track of a genre", example: "Examples" };
    for (const [kind, of] of d3.group(starts, (one) => one.kind)) {
      const options = of.map((one) => element("option", { value: one.name }, one.name));
      select.append(element("optgroup", { label: titles[kind] ?? kind }, ...options));
    }
  }

  function genreList(select, nothing) {
    select.replaceChildren(element("option", { value: "" }, nothing),
      ...model.genres.map(({ genre }) => element("option", { value: String(genre) }, String(genre))));
    select.addEventListener("change", () => {
      const twin = at(select.id === "genre" ? "other" : "genre");
      if (twin.value === select.value) twin.value = ""; // no genre is compared with itself
      moved();
    });
  }

  function build() {
    const { card, genres, training_rows: rows, intervals } = model;
    if (card.title) at("about").textContent = String(card.title);
    at("model").textContent = `Model ${model.model}: ${genres.length} genres` +
      (rows === null ? "." : `, fitted to ${rows.toLocaleString("en")} tracks.`);
    at("genres-note").textContent = (intervals === null ? "" :
      `Lines: where ${100 * intervals} % of such probabilities would lie with other artists among the training tracks. `) +
      (model.sets === null ? "" : "Pale: outside the set of genres below.");
    at("why-note").textContent = "What each feature adds to the log-odds of the one genre against the other: blue speaks for " +
      "the first, orange for the second. All together with the typical track's they make the log-odds.";
    grouped(at("start"), model.starts);
    genreList(at("genre"), "the most probable");
    genreList(at("other"), "the next");
    at("features").replaceChildren(...model.features.map(control));
    at("start").addEventListener("change", () => { begin(at("start").value); show(); moved(); });
    at("back").addEventListener("click", () => { begin(start.name); show(); moved(); });
    window.addEventListener("hashchange", () => {
      if (location.hash.startsWith("#start=") && location.hash !== address()) fromAddress();
    });
    window.addEventListener("resize", moved);
    main.hidden = false;
    fromAddress();
  }

  async function open() {
    try {
      model = await call("model");
    } catch (error) {
      trouble(error instanceof TypeError ? "The service does not answer." : error.message);
      return;
    }
    trouble("");
    at("key").hidden = true;
    build();
  }

  // A jump within the page must not take the place of the track in the address.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    at("answer-title").focus();
  });
  at("track").addEventListener("submit", (event) => event.preventDefault());
  at("key").addEventListener("submit", (event) => {
    event.preventDefault();
    key = at("key").elements.key.value.trim();
    sessionStorage.setItem("genreglm-key", key);
    if (model === null) open();
    else moved();
  });
  // Light, dark, or as the reader's system has it.
  at("theme").querySelector("select").addEventListener("change", (event) => {
    if (event.target.value) document.documentElement.dataset.theme = event.target.value;
    else delete document.documentElement.dataset.theme;
  });
  open();
})();
