// Plots as wide as there is room, and pictures that can be enlarged.

import { $, make } from "./elements.js";
import { drawPlot } from "./plot.js";
import { say } from "./say.js";

const plots = new WeakMap();
const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.round(contentRect.width);
    if (width && plots.get(target).width !== width) draw(target, width);
  }
});

function draw(figure, width) {
  const known = plots.get(figure);
  known.width = width;
  figure.replaceChildren(drawPlot(known.plot, width));
}

export function plotFigures(all) {
  return all.map((plot) => {
    const figure = make("figure");
    plots.set(figure, { plot, width: 0 });
    draw(figure, 440);
    resized.observe(figure);
    return figure;
  });
}

export function pictureFigure(address, caption) {
  const figure = make("figure");
  figure.append(enlargeable(address, caption), make("figcaption", caption));
  return figure;
}

// A picture in a button that shows it as large as it is.
export function enlargeable(address, words) {
  const open = make("button", "", "picture"), picture = make("img");
  open.type = "button";
  Object.assign(picture, { src: address, alt: say("{caption} (enlarge)", { caption: words }) });
  open.append(picture);
  open.addEventListener("click", () => {
    Object.assign($("large-picture"), { src: address, alt: words });
    $("large-words").textContent = words;
    $("large").showModal();
  });
  return open;
}

$("large-back").addEventListener("click", () => $("large").close());
$("large").addEventListener("click", (event) => {
  if (event.target === $("large")) $("large").close(); // beside the picture
});
