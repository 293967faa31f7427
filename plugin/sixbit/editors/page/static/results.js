// What was measured here, one row a result: shown, its aperture said, accepted all at once.

import { $, button, make } from "./elements.js";
import { say } from "./say.js";

export function showResults({ results, measurement, job }, ask) {
  const waiting = results.filter((result) => !result.kept);
  const shown = results.find((result) => result.number === measurement?.number);
  const focus = document.activeElement?.dataset.row;
  $("results").hidden = results.length < 2 && !shown?.is_of_aperture;
  $("results-rows").replaceChildren(...results.map((result) => row(result, result === shown, results.length > 1, ask)));
  if (focus) document.querySelector(`[data-row="${focus}"]`)?.focus({ preventScroll: true });
  const doubts = new Set(waiting.flatMap((result) => result.doubts));
  $("doubts").replaceChildren(...[...doubts].map((words) => make("li", words)));
  $("decide").hidden = !waiting.length;
  $("keep").textContent = waiting.length > 1 ? say("Accept all {count}", { count: waiting.length }) : say("Accept");
  $("keep").disabled = Boolean(job);
  $("reject").textContent = waiting.length > 1 ? say("Reject the one shown") : say("Reject");
  $("reject").hidden = !shown || Boolean(shown.kept);
  $("kept").hidden = !shown?.kept;
  $("kept-again").hidden = !shown?.replaced;
}

function row(result, isShown, isOneOfSeveral, ask) {
  const status = result.kept ? say("accepted") : say("not accepted yet");
  const cells = [aperture(result, ask), result.brief, photos(result.photos), status];
  const line = make("tr");
  for (const cell of cells) {
    const box = make("td");
    box.append(cell);
    line.append(box);
  }
  line.lastChild.className = result.kept ? "good" : "small";
  if (isOneOfSeveral) {
    const show = button(isShown ? say("Shown") : say("Show"), () => ask("show", { number: result.number }, "decide-error"));
    show.setAttribute("aria-pressed", String(isShown));
    show.dataset.row = `show-${result.number}`;
    line.append(make("td"));
    line.lastChild.append(show);
  }
  return line;
}

function aperture(result, ask) {
  if (!result.is_of_aperture) return "";
  if (result.kept) return `f/${result.f_number}`;
  const input = make("input");
  const said = result.f_number === null ? "" : `f/${result.f_number}`;
  const named = say("Aperture of {photos}", { photos: result.photos.join(", ") });
  Object.assign(input, { value: said, placeholder: "f/ …", inputMode: "decimal", ariaLabel: named });
  input.dataset.row = `aperture-${result.number}`;
  if (!said) input.setAttribute("aria-invalid", "true");
  input.addEventListener("change", async () => {
    const fits = await ask("aperture", { number: result.number, text: input.value }, "decide-error");
    input.toggleAttribute("aria-invalid", !fits);
  });
  return input;
}

function photos(names) {
  const said = make("span", names.length > 1 ? say("{count} photos", { count: names.length }) : names[0]);
  said.title = names.join("\n");
  return said;
}

const NAMES = {
  flat: say("fall-off and colour"), lines: say("distortion"), tca: say("lateral colour"),
  overlap: say("photos of anything"), heap: say("photos you already have"),
};

// What waits with another lens, or on another card: one click leads there.
export function showElsewhere(places, ask) {
  $("elsewhere").hidden = !places.length;
  $("elsewhere-rows").replaceChildren(...places.map(({ lens_id, lens, step }) => {
    const row = make("li");
    row.append(button(`${lens}: ${NAMES[step] ?? step}`, async () => {
      if (await ask("lens", { lens_id })) ask("step", { step });
    }));
    return row;
  }));
}
