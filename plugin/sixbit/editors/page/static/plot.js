// Points and lines over a pair of axes, as SVG: sizes are those of the viewBox, colours those of the page's theme.

const WIDTH = 520, HEIGHT = 330;
const LEFT = 58, RIGHT = 14, TOP = 30, BOTTOM = 74;
const NAMESPACE = "http://www.w3.org/2000/svg";

export function drawPlot(plot) {
  const points = plot.series.flatMap((series) => series.points);
  const x = axis(points.map((point) => point[0]), LEFT, WIDTH - RIGHT);
  const y = axis(points.map((point) => point[1]), HEIGHT - BOTTOM, TOP);
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img", "aria-label": spoken(plot) });
  text(svg, plot.title, { x: LEFT, y: 18, class: "title" });
  for (const tick of x.ticks) {
    svg.append(make("line", { class: "grid", x1: x.at(tick), x2: x.at(tick), y1: TOP, y2: HEIGHT - BOTTOM }));
    text(svg, x.said(tick), { x: x.at(tick), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" });
  }
  for (const tick of y.ticks) {
    svg.append(make("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y.at(tick), y2: y.at(tick) }));
    text(svg, y.said(tick), { x: LEFT - 6, y: y.at(tick) + 4, "text-anchor": "end" });
  }
  svg.append(make("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }));
  text(svg, plot.x, { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - BOTTOM + 34, "text-anchor": "middle" });
  const middle = (TOP + HEIGHT - BOTTOM) / 2;
  text(svg, plot.y, { x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` });
  for (const series of plot.series) draw(svg, series, x, y);
  legend(svg, plot.series);
  return svg;
}

function draw(svg, series, x, y) {
  const places = series.points.map((point) => [x.at(point[0]).toFixed(1), y.at(point[1]).toFixed(1)]);
  if (series.line) {
    svg.append(make("polyline", { class: series.colour, points: places.map((place) => place.join()).join(" ") }));
  } else {
    for (const [cx, cy] of places) svg.append(make("circle", { class: series.colour, cx, cy, r: 3 }));
  }
}

function legend(svg, all) {
  const wide = (WIDTH - LEFT - RIGHT) / Math.min(all.length, 2);
  all.forEach((series, number) => {
    const left = LEFT + (number % 2) * wide, top = HEIGHT - 22 + 16 * Math.floor(number / 2);
    const mark = series.line
      ? make("polyline", { class: series.colour, points: `${left},${top} ${left + 18},${top}` })
      : make("circle", { class: series.colour, cx: left + 9, cy: top, r: 3 });
    svg.append(mark);
    text(svg, series.name, { x: left + 24, y: top + 4 });
  });
}

// Ticks at 1, 2 or 5 times a power of ten, and the place of a value between two ends.
function axis(values, from, to) {
  let least = Math.min(...values), most = Math.max(...values);
  if (!(most - least > 1e-9)) [least, most] = [least - 0.5, most + 0.5];
  const rough = (most - least) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.floor(least / step), last = Math.ceil(most / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, number) => (first + number) * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    ticks,
    at: (value) => from + ((value - first * step) / ((last - first) * step)) * (to - from),
    said: (value) => value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−"),
  };
}

function spoken(plot) {
  const ends = plot.series.filter((series) => series.line && series.points.length).map((series) => {
    const [x, y] = series.points.at(-1);
    return `${series.name}: ${y.toFixed(2)} at ${x.toFixed(0)}`;
  });
  return `${plot.title}: ${plot.y}, over ${plot.x}. ${ends.join("; ")}.`;
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
