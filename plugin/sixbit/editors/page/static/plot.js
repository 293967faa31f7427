// Points, lines and their errors over a pair of axes, as SVG in px of the page: colours are those of its theme.

import { say } from "./say.js";

const LEFT = 68, TOP = 34, TEXT = 14, ROW = 22;
const NAMESPACE = "http://www.w3.org/2000/svg";

export function drawPlot(plot, width) {
  const right = width - (plot.stops ? 62 : 18);
  const keys = keysOf(plot.series), columns = Math.max(1, Math.min(keys.length, Math.floor((right - LEFT) / 190)));
  const bottom = TOP + Math.round(Math.min(0.6 * width, 300));
  const height = bottom + 62 + ROW * Math.ceil(keys.length / columns);
  const points = plot.series.flatMap((series) => series.points);
  const edges = plot.series.flatMap((series) => (series.band ?? []).flatMap(([, least, most]) => [least, most]));
  const x = axis(points.map((point) => point[0]), LEFT, right, 5);
  const y = axis([...points.map((point) => point[1]), ...edges, ...(plot.least ?? [])], bottom, TOP, 6);
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "plot", role: "img", "aria-label": spoken(plot) });
  text(svg, plot.title, { x: 0, y: 18, class: "title" });
  for (const tick of x.ticks) {
    svg.append(make("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: TOP, y2: bottom }));
    text(svg, x.said(tick), { x: x.at(tick), y: bottom + 20, "text-anchor": "middle" });
  }
  for (const tick of y.ticks) {
    svg.append(make("line", { class: "grid", x1: LEFT, x2: right, y1: y.at(tick), y2: y.at(tick) }));
    text(svg, y.said(tick), { x: LEFT - 8, y: y.at(tick) + 5, "text-anchor": "end" });
  }
  svg.append(make("path", { class: "axis", d: `M${LEFT} ${TOP}V${bottom}H${right}` }));
  if (plot.stops) drawStops(svg, y, right, bottom);
  text(svg, width < 420 ? plot.narrow : plot.x, { x: (LEFT + right) / 2, y: bottom + 44, "text-anchor": "middle" });
  title(svg, plot.y, 14, (TOP + bottom) / 2);
  for (const series of plot.series) drawBand(svg, series, x, y);
  for (const series of plot.series) draw(svg, series, x, y);
  drawKeys(svg, keys, columns, bottom + 62, right);
  return svg;
}

function drawBand(svg, series, x, y) {
  if (!series.band?.length) return;
  const upper = series.band.map(([at, , most]) => `${x.at(at).toFixed(1)},${y.at(most).toFixed(1)}`);
  const lower = series.band.map(([at, least]) => `${x.at(at).toFixed(1)},${y.at(least).toFixed(1)}`);
  svg.append(make("polygon", { class: `band ${series.colour}`, points: [...upper, ...lower.reverse()].join(" ") }));
}

function draw(svg, series, x, y) {
  const place = ([at, value]) => `${x.at(at).toFixed(1)},${y.at(value).toFixed(1)}`;
  if (series.line) {
    const reach = series.reach ?? 100;
    const near = series.points.filter(([at]) => at <= reach), far = series.points.filter(([at]) => at > reach);
    svg.append(make("polyline", { class: series.colour, points: near.map(place).join(" ") }));
    if (far.length) {
      svg.append(make("polyline", { class: `${series.colour} continued`, points: [...near.slice(-1), ...far].map(place).join(" ") }));
    }
    return;
  }
  for (const point of series.points) {
    const [cx, cy] = place(point).split(",");
    svg.append(make("circle", { class: `${series.colour}${series.open ? " open" : ""}`, cx, cy, r: 3 }));
  }
}

// The same scale in stops: a light of 50 % is one stop.
function drawStops(svg, y, right, bottom) {
  const stops = (share) => Math.log2(share / 100);
  const least = Math.max(y.least, 1), most = Math.max(y.most, 2);
  const step = [0.1, 0.2, 0.5, 1, 2].find((size) => (stops(most) - stops(least)) / size <= 6) ?? 5;
  let last = Infinity;
  for (let stop = Math.floor(stops(most) / step) * step; stop >= stops(least) - 1e-9; stop -= step) {
    const at = y.at(100 * 2 ** stop);
    if (Math.abs(last - at) < TEXT + 2) continue;
    last = at;
    svg.append(make("line", { class: "axis", x1: right, x2: right + 4, y1: at, y2: at }));
    text(svg, number(stop, step < 1 ? 1 : 0), { x: right + 8, y: at + 5 });
  }
  title(svg, say("stops"), right + 56, (TOP + bottom) / 2);
}

function keysOf(all) {
  const keys = all.map((series) => ({ ...series, mark: series.line ? "line" : "dot" }));
  if (all.some((series) => series.band?.length)) {
    keys.push({ name: say("give or take (95 of 100)"), mark: "band", colour: all.find((series) => series.band?.length).colour });
  }
  if (all.some((series) => series.line && series.points.some(([at]) => at > (series.reach ?? 100)))) {
    keys.push({ name: say("not measured there"), mark: "continued", colour: all.find((series) => series.line).colour });
  }
  return keys;
}

function drawKeys(svg, keys, columns, top, right) {
  keys.forEach((key, index) => {
    const left = LEFT + (index % columns) * ((right - LEFT) / columns), y = top + ROW * Math.floor(index / columns);
    const across = `${left},${y} ${left + 18},${y}`;
    if (key.mark === "dot") svg.append(make("circle", { class: `${key.colour}${key.open ? " open" : ""}`, cx: left + 9, cy: y, r: 3 }));
    else if (key.mark === "band") svg.append(make("rect", { class: `band ${key.colour}`, x: left, y: y - 7, width: 18, height: 14 }));
    else svg.append(make("polyline", { class: `${key.colour}${key.mark === "continued" ? " continued" : ""}`, points: across }));
    text(svg, key.name, { x: left + 24, y: y + 5 });
  });
}

// Ticks at 1, 2 or 5 times a power of ten, and the place of a value between two ends.
function axis(values, from, to, most) {
  let least = Math.min(...values), greatest = Math.max(...values);
  if (!(greatest - least > 1e-9)) [least, greatest] = [least - 0.5, greatest + 0.5];
  const rough = (greatest - least) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.floor(least / step + 0.1), last = Math.ceil(greatest / step - 0.1); // a dot may lie on the edge
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    ticks,
    least: first * step,
    most: last * step,
    at: (value) => from + ((value - first * step) / ((last - first) * step)) * (to - from),
    said: (value) => number(value, digits),
  };
}

function number(value, digits) {
  return value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−");
}

// What a plot says: the ends of its lines, in the corner or where they end, and how its dots lie.
function spoken(plot) {
  const said = plot.series.filter((series) => series.points.length)
    .map((series) => series.line ? spokenLine(series, plot) : spokenDots(series, plot));
  return say("{title}: {y}, over the {x}. {said}.", { title: plot.title, y: plot.y, x: plot.x, said: said.join("; ") });
}

function inUnit(value, plot) {
  return `${value.toFixed(2)}${plot.unit ? ` ${plot.unit}` : ""}`;
}

function spokenDots(series, plot) {
  const values = series.points.map(([, value]) => value).sort((one, other) => one - other);
  const middle = inUnit(values[values.length >> 1], plot);
  return say("{name}: {count} points, the middle one {middle}", { name: series.name, count: values.length, middle });
}

function spokenLine(series, plot) {
  const [x, y] = series.points.at(-1), band = series.band?.at(-1);
  const said = [`${series.name}: ${inUnit(y, plot)}`];
  if (plot.stops && y > 0) said.push(say("({stops} stops less)", { stops: Math.abs(Math.log2(y / 100)).toFixed(2) }));
  said.push(x > 99.5 ? say("in the corner") : say("at {share} % of the half diagonal", { share: x.toFixed(0) }));
  if (!band) return said.join(" ");
  return say("{said}, give or take {error}", { said: said.join(" "), error: inUnit(Math.max((band[2] - band[1]) / 2, 0.01), plot) });
}

function title(svg, words, x, y) {
  text(svg, words, { x, y, "text-anchor": "middle", transform: `rotate(-90 ${x} ${y})` });
}

function text(svg, words, attributes) {
  const element = make("text", attributes);
  element.textContent = words;
  svg.append(element);
}

function make(name, attributes) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
