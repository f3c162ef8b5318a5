"use strict";
// Bars with intervals, drawn by D3 so that a bar stays the same bar while its value moves.

const Charts = (() => {
  const BAR = 16;
  const LONGEST = 24; // characters of a name beside its bar

  const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);
  const signed = (value) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(2)}`;
  const cut = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

  function element(tag, given = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  // The same container is drawn into again and again; what a reader has opened stays open.
  function frame(container) {
    if (!container.firstChild) {
      const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Numbers" }, element("table"));
      container.append(element("div", { class: "chart" }), element("details", {}, element("summary", {}, "Numbers"), scroll));
      d3.select(container).select(".chart").append("svg").attr("role", "img");
    }
    return { svg: d3.select(container).select("svg"), table: container.querySelector("table") };
  }

  function fill(table, heads, rows) {
    const cells = (row, tag) => row.map((cell, j) => {
      const given = { ...(j ? { class: "number" } : {}), ...(tag === "th" ? { scope: "col" } : {}) };
      return element(tag, given, cell);
    });
    table.replaceChildren(element("thead", {}, element("tr", {}, ...cells(heads, "th"))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row, "td")))));
  }

  function sized(svg, container, height, label) {
    const width = Math.max(280, Math.min(640, container.clientWidth || 280));
    svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height).attr("aria-label", label);
    return width;
  }

  const lined = (rows, svg) => svg.selectAll("g.row").data(rows, (row) => row.name).join((enter) => {
    const made = enter.append("g").attr("class", "row");
    made.append("rect").attr("class", "bar").attr("height", BAR);
    made.append("line").attr("class", "interval");
    made.append("text").attr("class", "name");
    made.append("text").attr("class", "value");
    made.append("title");
    return made;
  });

  // rows: {name, value, low, high, pale}, shares between 0 and 1; low and high null without an interval.
  function shares(container, label, rows) {
    const { svg, table } = frame(container);
    const step = BAR + 12;
    const width = sized(svg, container, step * rows.length + 4, label);
    const longest = Math.max(...rows.map((row) => cut(row.name).length));
    const left = Math.min(0.45 * width, 7.3 * longest + 14);
    const most = Math.max(0.05, ...rows.map((row) => Math.max(row.value, row.high ?? 0)));
    const x = d3.scaleLinear([0, most], [left, width - 58]);
    const lines = lined(rows, svg).attr("transform", (_, j) => `translate(0,${step * j + 4})`);
    lines.select(".bar").attr("x", left).attr("width", (row) => x(row.value) - left).classed("pale", (row) => row.pale);
    lines.select(".interval").attr("x1", (row) => x(row.low ?? row.value)).attr("x2", (row) => x(row.high ?? row.value))
      .attr("y1", BAR / 2).attr("y2", BAR / 2);
    lines.select(".name").attr("x", left - 8).attr("y", BAR - 3).attr("text-anchor", "end").text((row) => cut(row.name));
    lines.select(".value").attr("x", (row) => x(Math.max(row.value, row.high ?? 0)) + 6).attr("y", BAR - 3)
      .text((row) => percent(row.value));
    const within = (row) => (row.low === null ? "" : `, ${percent(row.low)} to ${percent(row.high)}`);
    lines.select("title").text((row) => `${row.name}: ${percent(row.value)}${within(row)}`);
    const known = rows.some((row) => row.low !== null);
    fill(table, ["Genre", "Probability", ...(known ? ["from", "to"] : [])],
      rows.map((row) => [row.name, percent(row.value), ...(known ? [percent(row.low), percent(row.high)] : [])]));
  }

  // rows: {name, value, low, high} in units of log-odds, to the right for the first genre and to the left for the other.
  function contributions(container, label, rows) {
    const { svg, table } = frame(container);
    const step = BAR + 26;
    const width = sized(svg, container, step * rows.length + 6, label);
    const most = Math.max(0.1, ...rows.map((row) => Math.max(Math.abs(row.value), Math.abs(row.low ?? 0), Math.abs(row.high ?? 0))));
    const x = d3.scaleLinear([-most, most], [4, width - 52]);
    svg.selectAll("line.zero").data([0]).join("line").attr("class", "zero")
      .attr("x1", x(0)).attr("x2", x(0)).attr("y1", 0).attr("y2", step * rows.length);
    const lines = lined(rows, svg).attr("transform", (_, j) => `translate(0,${step * j})`);
    lines.select(".bar").attr("x", (row) => x(Math.min(0, row.value))).attr("y", 19)
      .attr("width", (row) => Math.abs(x(row.value) - x(0))).classed("less", (row) => row.value < 0);
    lines.select(".interval").attr("x1", (row) => x(row.low ?? row.value)).attr("x2", (row) => x(row.high ?? row.value))
      .attr("y1", 19 + BAR / 2).attr("y2", 19 + BAR / 2);
    lines.select(".name").attr("x", 2).attr("y", 14).text((row) => row.name);
    lines.select(".value").attr("x", width - 2).attr("y", 19 + BAR - 3).attr("text-anchor", "end").text((row) => signed(row.value));
    const within = (row) => (row.low === null ? "" : `, ${signed(row.low)} to ${signed(row.high)}`);
    lines.select("title").text((row) => `${row.name}: ${signed(row.value)}${within(row)}`);
    const known = rows.some((row) => row.low !== null);
    const ends = (row) => (row.low === null ? ["", ""] : [signed(row.low), signed(row.high)]);
    fill(table, ["Term", "Log-odds", ...(known ? ["from", "to"] : [])],
      rows.map((row) => [row.name, signed(row.value), ...(known ? ends(row) : [])]));
  }

  return { element, percent, signed, shares, contributions };
})();
