// The page: shows the state that the server sends, and asks for what is pressed. All words go in as text, never as HTML.

import { $, asked, button, capital, make } from "./elements.js";
import { enlargeable, pictureFigure, plotFigures } from "./figures.js";
import { focusOn, replaceRows, settleFocus } from "./focus.js";
import { showOwn } from "./own.js";
import { showElsewhere, showResults } from "./results.js";
import { say } from "./say.js";
import { speakOfFrames } from "./speak.js";

const STATUS = {
  arriving: say("arriving …"), reading: say("being read …"), ready: say("ready"), used: say("used"), refused: say("not used"),
};
let state = null;
let changingLens = false;
const thumbnails = new Map(); // of the photos, by their numbers
let drawn = {}; // what of the state is on the page already, by part

history.replaceState(null, "", location.pathname); // the token is in the cookie now

// Asking --------------------------------------------------------------------------------------------------------------

// Errors are told where one looks when it is asked for.
async function ask(what, said = {}, place = "error") {
  showError("");
  showError("", place);
  try {
    const answer = await fetch(`do/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said),
    });
    if (!answer.ok) showError((await answer.json().catch(() => ({}))).error || say("This could not be done."), place);
    return answer.ok;
  } catch {
    showGone();
    return false;
  }
}

let sending = 0;

// A reason that stands beside the photo is not told twice; any other ends it, as all that follow would be refused, too.
async function send(files) {
  const step = state.step;
  sending += 1;
  for (const [number, file] of files.entries()) {
    const headers = { "X-Name": encoded(file.name), "X-Step": step };
    const answer = await fetch("frames", { method: "PUT", headers, body: file }).catch(() => null);
    // A folder cannot be read at all.
    if (!answer && !file.size) showError(say("“{file}” could not be read.", { file: file.name }));
    if (!answer || answer.ok || [413, 422].includes(answer.status)) continue;
    const reason = (await answer.json().catch(() => ({}))).error || say("This could not be done.");
    const said = { left: files.length - number, count: files.length, file: file.name, reason };
    showError(said.left > 1
      ? say("{left} of these {count} photos, from “{file}” on, were not taken. {reason}", said)
      : say("“{file}” was not taken. {reason}", said));
    break;
  }
  sending -= 1;
}

// A calibration that another owner of a lens has exported.
async function takeOver(file) {
  showError("", "own-error");
  const answer = await fetch("bundle", { method: "PUT", headers: { "X-Name": encoded(file.name) }, body: file }).catch(() => null);
  if (answer?.status === 413) showError(say("“{file}” is too large for a calibration.", { file: file.name }), "own-error");
  else if (!answer?.ok) {
    const reason = (await answer?.json().catch(() => null))?.error;
    showError(reason || say("“{file}” could not be read.", { file: file.name }), "own-error");
  }
}

function encoded(name) {
  return encodeURIComponent(name.toWellFormed ? name.toWellFormed() : name.replace(/[\ud800-\udfff]/g, "?"));
}

// Showing -------------------------------------------------------------------------------------------------------------

// True if a part of the state is other than it was when it was last drawn.
function isNew(part, value) {
  const text = JSON.stringify(value);
  const changed = drawn[part] !== text;
  drawn[part] = text;
  return changed;
}

function show() {
  const { lens, step, frames, job, measurement } = state;
  if (isNew("lens", lens)) showLens(lens);
  if (isNew("coverage", state.coverage)) $("lens-coverage").replaceChildren(...state.coverage.map((words) => make("li", words)));
  $("lens-chosen").hidden = !lens || changingLens;
  $("lens-form").hidden = Boolean(lens) && !changingLens;
  $("lens-back").hidden = !lens;
  $("step-part").hidden = !lens;
  $("frames-part").hidden = !lens || !step;
  for (const radio of document.querySelectorAll("#steps input")) {
    radio.parentElement.hidden = !state.steps.includes(radio.value);
    radio.checked = radio.value === step;
    radio.disabled = Boolean(job);
  }
  for (const how of document.querySelectorAll(".how")) how.hidden = how.dataset.step !== step;
  if (isNew("frames", frames)) showFrames(frames);
  $("drop-all").hidden = frames.length < 2;
  $("drop-all").disabled = Boolean(job);
  showFields();
  const usable = frames.filter((frame) => frame.status === "ready" || frame.status === "used");
  const waiting = frames.some((frame) => frame.status === "arriving" || frame.status === "reading");
  $("measure").disabled = Boolean(job) || waiting || !usable.length;
  $("lens-change").disabled = Boolean(job);
  $("stop").hidden = $("job").hidden = !job;
  if (job) {
    $("job-step").textContent = `${capital(job.step)} …`;
    $("progress").value = job.share;
  }
  if (isNew("error", state.error)) showError(state.error);
  if (isNew("measurement", measurement)) showMeasurement(measurement);
  if (isNew("results", [state.results, measurement?.number, Boolean(job)])) showResults(state, ask);
  if (isNew("elsewhere", state.elsewhere)) showElsewhere(state.elsewhere, ask);
  if (isNew("comparable", usable.map((frame) => [frame.number, frame.name]))) showComparable(usable);
  $("compare-part").hidden = !usable.length || !(measurement?.kept || hasOwn(lens));
  $("compare").disabled = Boolean(job);
  if (isNew("comparison", state.comparison)) showComparison(state.comparison);
  if (isNew("own", [state.own, state.odd])) showOwn(state, ask);
  $("installed").hidden = !state.installed;
  $("install-part").hidden = state.installed;
  $("install").disabled = Boolean(job);
  if (isNew("notice", state.notice)) $("notice").textContent = state.notice;
  settleFocus();
}

function showLens(lens) {
  if (!lens) return;
  $("lens-name").textContent = `${lens.name} (${lens.maker})`;
  $("lens-about").textContent = lens.about;
  $("lens-calibrations").replaceChildren(...said(lens.calibrations).map((words) => make("li", words)));
}

function said(calibrations) {
  if (!calibrations.length) return [say("No calibration of it is known yet: yours would be the first.")];
  return calibrations.map((known) => `${capital(known.kind)}: ${known.grade} (${known.source})`);
}

function hasOwn(lens) {
  return Boolean(lens?.calibrations.some((known) => known.own));
}

function showFrames(frames) {
  speakOfFrames(frames);
  replaceRows($("frames"), frames.map((frame) => {
    const row = make("li"), words = make("div"), refused = frame.status === "refused";
    const picture = frame.picture ? thumbnail(frame) : make("div", "", "blank");
    words.append(make("p", frame.name, "name"), make("p", frame.about, "small"));
    words.append(make("p", capital(STATUS[frame.status]) + (frame.reason ? `: ${frame.reason}` : ""),
      refused ? "bad reason" : frame.status === "used" ? "good" : "small"));
    if (frame.brought) words.append(make("p", frame.brought, "small brought"));
    if (frame.note) words.append(make("p", frame.note, "bad"));
    const take = button(say("Take away"), () => ask("drop", { number: frame.number }), say("Take away {photo}", { photo: frame.name }));
    take.dataset.row = `drop-${frame.number}`;
    row.append(picture, words, take);
    row.dataset.status = frame.status;
    return row;
  }), $("files"));
}

// What was found in a photo can be enlarged; the photo itself says nothing by that.
function thumbnail(frame) {
  const address = `pictures/${frame.picture}`;
  const words = frame.picture.startsWith("drawn-") && `${frame.name}: ${frame.brought}`;
  const known = thumbnails.get(frame.number);
  if (known?.address === address && known.words === words) return known.element; // it need not be loaded anew
  const element = words ? enlargeable(address, words) : Object.assign(make("img"), { src: address, alt: "" });
  thumbnails.set(frame.number, { address, words, element });
  return element;
}

function showFields() {
  for (const field of document.querySelectorAll("#fields .field")) {
    const name = field.dataset.field, input = $(name);
    field.hidden = !state.fields.includes(name);
    if (document.activeElement !== input && !input.matches("[aria-invalid]")) input.value = state.settings[name] ?? "";
  }
  $("fields").hidden = !state.fields.length;
}

function showError(words, place = "error") {
  $(place).textContent = words;
  $(place).hidden = !words;
}

function showMeasurement(found) {
  $("found-part").hidden = !found;
  if (!found) return;
  $("found-words").textContent = found.refused ? say("What the photos show") : say("What was found");
  $("verdict").replaceChildren(...found.verdict.map((words) => make("li", words)));
  $("plots").replaceChildren(...plotFigures(found.plots));
  $("pictures").replaceChildren(...found.pictures.map((caption, number) =>
    pictureFigure(`pictures/measurement-${found.number}-${number}`, caption)));
}

function showComparable(frames) {
  const chosen = $("compare-frame").value;
  $("compare-frame").replaceChildren(...frames.map((frame) => new Option(frame.name, frame.number)));
  if (frames.some((frame) => String(frame.number) === chosen)) $("compare-frame").value = chosen;
}

function showComparison(shown) {
  $("comparison").hidden = !shown;
  if (!shown) return;
  $("summary").textContent = shown.summary;
  for (const name of ["whole-before", "whole-after", "corner-before", "corner-after"]) {
    $(name).src = `pictures/comparison-${shown.number}-${name}`;
  }
}

function showGone(words = say("The calibration program does not answer any more; start “sixbit calibrate” again.")) {
  $("gone").textContent = words;
  $("gone").hidden = false;
}

// It was closed as it should be: nothing on the page does anything from now on.
function showClosed() {
  $("gone").classList.add("calm");
  $("end").hidden = document.querySelector("main").inert = true;
  showGone(say("Closed. You can close this tab; what you accepted is kept."));
}

// Lenses --------------------------------------------------------------------------------------------------------------

let searches = 0;

// True once the lenses of what stands in the box are those on the page.
async function search() {
  const mine = ++searches;
  const answer = await fetch(`lenses?q=${encodeURIComponent($("lens-search").value)}`).catch(() => null);
  if (!answer?.ok || mine !== searches) return false;
  const lenses = await answer.json();
  if (mine !== searches) return false;
  $("lens-none").hidden = lenses.length > 0;
  $("lens-found").replaceChildren(...lenses.map((lens) => {
    const row = make("li"), choose = button("", () => chooseLens(lens.id));
    choose.className = "";
    const kinds = new Set(lens.calibrations.map((one) => `${one.kind} ${one.grade}`));
    const known = [...kinds].join(", ") || say("no calibration yet");
    choose.append(make("strong", lens.name), make("span", ` ${lens.maker}`), make("span", "", "small"));
    choose.lastChild.textContent = ` · ${[lens.about, known].filter(Boolean).join(" · ")}`;
    row.append(choose);
    return row;
  }));
  return true;
}

async function chooseLens(lens_id) {
  if (!(await ask("lens", { lens_id }))) return;
  changingLens = false;
  if (state) show();
  focusOn(() => document.querySelector("#steps input:checked") ?? document.querySelector("#steps input"));
}

// Events --------------------------------------------------------------------------------------------------------------

$("lens-search").addEventListener("input", search);
$("lens-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!$("lens-search").value.trim() || !(await search())) return;
  const [first, ...others] = document.querySelectorAll("#lens-found button");
  if (others.length) first.focus(); // Enter once more chooses it
  else first?.click();
});
$("lens-change").addEventListener("click", () => {
  changingLens = true;
  show();
  $("lens-search").focus();
});
$("steps").addEventListener("change", (event) => ask("step", { step: event.target.value }));
$("files").addEventListener("change", async (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  await send(files);
});
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault(); // else the browser would leave the page and open the photo
    const open = state?.lens && state.step && event.dataTransfer?.types.includes("Files");
    event.dataTransfer.dropEffect = open ? "copy" : "none";
    $("drop").classList.toggle("over", Boolean(open) && name === "dragover");
    if (open && name === "drop") send([...event.dataTransfer.files]);
  });
}
window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault(); // the photos that have not arrived yet would be lost
});
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
for (const input of document.querySelectorAll("#fields input")) {
  input.addEventListener("change", async () => {
    const fits = await ask("set", { name: input.id, text: input.value });
    if (fits) input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
  });
}
$("lens-back").addEventListener("click", () => {
  changingLens = false;
  show();
  $("lens-change").focus();
});
$("stop").addEventListener("click", () => ask("stop"));
$("drop-all").addEventListener("click", async () => {
  if (await ask("drop-all")) focusOn(() => (state.frames.length ? null : $("files")));
});
$("measure").addEventListener("click", async () => {
  const before = JSON.stringify(state.measurement);
  if (!(await ask("measure"))) return;
  let begun = false;
  focusOn(() => {
    begun ||= Boolean(state.job);
    if (!begun) return null;
    if (state.job) return document.activeElement === $("stop") ? null : ($("stop").focus({ preventScroll: true }), null);
    return state.measurement && JSON.stringify(state.measurement) !== before ? $("found-title") : $("measure");
  });
});
for (const what of ["keep", "reject"]) {
  $(what).addEventListener("click", async () => {
    const before = JSON.stringify(state.results);
    if (!(await ask(what, {}, "decide-error"))) return;
    focusOn(() => {
      if (JSON.stringify(state.results) === before) return null; // not done yet
      if ($(what).checkVisibility()) return $(what);
      return $("found-part").hidden ? $("measure") : $("found-title");
    });
  });
}
$("compare").addEventListener("click", () => ask("compare", { number: Number($("compare-frame").value) }));
$("split").addEventListener("input", (event) => {
  for (const pair of document.querySelectorAll(".beside")) pair.style.setProperty("--split", `${event.target.value}%`);
});
$("end").addEventListener("click", () => {
  const isWaiting = state?.elsewhere.length || state?.results.some((result) => !result.kept);
  if (!isWaiting || asked($("end"), say("Close without accepting?"))) ask("end");
});
$("install").addEventListener("click", () => ask("install", {}, "own-error"));
$("bundle").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) await takeOver(file);
  event.target.value = "";
});

const events = new EventSource("events");
events.addEventListener("message", (event) => {
  const news = JSON.parse(event.data);
  if (news.fatal) return showGone(news.fatal);
  $("gone").hidden = true;
  state = news;
  show();
});
events.addEventListener("end", () => {
  events.close();
  showClosed();
});
events.addEventListener("error", () => showGone());
search();
