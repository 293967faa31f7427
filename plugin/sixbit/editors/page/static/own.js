// The user's own calibrations, lens by lens: exported, and taken back.

import { $, asked, button, link, make } from "./elements.js";
import { plotFigures } from "./figures.js";
import { replaceRows } from "./focus.js";
import { say } from "./say.js";

export function showOwn({ own, odd }, ask) {
  $("own-none").hidden = own.length > 0;
  $("own-export").hidden = !own.some((record) => record.lensfun);
  const lenses = Map.groupBy ? Map.groupBy(own, (record) => record.lens_id) : grouped(own);
  replaceRows($("own"), [...lenses].map(([lens_id, records]) => {
    const row = make("li"), list = make("ul", "", "plain");
    row.append(make("p", records[0].lens, "lens-name"));
    list.append(...records.map((record) => shown(record, ask)));
    row.append(list);
    if (odd[lens_id]) row.append(make("p", odd[lens_id], "bad"));
    row.append(exports_of(lens_id, records));
    return row;
  }), $("own-title"));
}

function grouped(own) {
  const lenses = new Map();
  for (const record of own) lenses.set(record.lens_id, [...(lenses.get(record.lens_id) ?? []), record]);
  return lenses;
}

function shown(record, ask) {
  const row = make("li", "", "row"), words = make("p");
  words.append(make("span", record.kinds), make("span", ` · ${record.said}`, "small said"));
  const remove = button(say("Remove"), () => {
    if (asked(remove, say("Remove it for good?"))) ask("remove", { name: record.name }, "own-error");
  });
  remove.dataset.row = `remove-${record.name}`;
  remove.title = say("Remove {kinds} of {lens}: {said}", record);
  row.append(words);
  if (record.f_number) row.append(aperture(record, ask));
  row.append(remove, curves(record));
  return row;
}

// The camera may have guessed it wrongly.
function aperture(record, ask) {
  const input = make("input"), named = say("Aperture of {kinds} of {lens}", record);
  Object.assign(input, { value: `f/${record.f_number}`, inputMode: "decimal", ariaLabel: named });
  input.dataset.row = `aperture-of-${record.name}`;
  input.addEventListener("change", async () => {
    const fits = await ask("correct", { name: record.name, text: input.value }, "own-error");
    input.toggleAttribute("aria-invalid", !fits);
  });
  return input;
}

const opened = new Set(); // whose curves are shown

// The curves of a calibration, fetched when one wants to see them.
function curves(record) {
  const box = make("details"), summary = make("summary", say("Curves")), plots = make("div", "", "plots");
  summary.dataset.row = `curves-${record.name}`;
  box.append(summary, plots);
  box.open = opened.has(record.name);
  box.addEventListener("toggle", async () => {
    opened[box.open ? "add" : "delete"](record.name);
    if (!box.open || plots.firstChild) return;
    const answer = await fetch(`curves?name=${encodeURIComponent(record.name)}`).catch(() => null);
    if (answer?.ok) plots.replaceChildren(...plotFigures(await answer.json()));
    else plots.textContent = (await answer?.json().catch(() => ({})))?.error || say("They cannot be shown.");
  });
  return box;
}

function exports_of(lens_id, records) {
  const links = make("p", "", "row"), query = `lens=${encodeURIComponent(lens_id)}`;
  const measured = records.filter((record) => !record.imported);
  if (measured.some((record) => record.lensfun)) links.append(link(say("For lensfun"), `export?${query}`));
  if (records.some((record) => record.lensfun)) links.append(link(say("For darktable"), `export?${query}&complete=yes`));
  if (measured.length) links.append(link(say("For another owner"), `bundle?${query}`));
  return links;
}
