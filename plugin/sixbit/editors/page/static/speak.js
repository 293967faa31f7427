// Words for those who do not see the page, as things change that they have not asked for.

import { say } from "./say.js";

let told = {}; // the status of each photo, by its number

export function speak(words) {
  document.getElementById("spoken").replaceChildren(...words.map((sentence) => {
    const line = document.createElement("p");
    line.textContent = sentence;
    return line;
  }));
}

// Tell which photos have come to be ready or refused.
export function speakOfFrames(frames) {
  const known = told;
  told = Object.fromEntries(frames.map((frame) => [frame.number, frame.status]));
  const news = frames.filter((frame) => frame.status !== known[frame.number]);
  const ready = news.filter((frame) => frame.status === "ready" && known[frame.number]);
  const words = news.filter((frame) => frame.status === "refused").map(
    (frame) => say("{photo} is not used: {reason}", { photo: frame.name, reason: frame.reason }));
  if (ready.length === 1) words.push(say("{photo} is ready.", { photo: ready[0].name }));
  if (ready.length > 1) words.push(say("{count} photos are ready.", { count: ready.length }));
  if (words.length) speak(words);
}
