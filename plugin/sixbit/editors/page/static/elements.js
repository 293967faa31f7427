// Elements of the page, made of words: these go in as text, never as HTML.

import { say } from "./say.js";
import { speak } from "./speak.js";

export const $ = (id) => document.getElementById(id);

export function make(name, words = "", classes = "") {
  const element = document.createElement(name);
  element.textContent = words;
  if (classes) element.className = classes;
  return element;
}

export function button(words, pressed, label = "") {
  const element = make("button", words, "quiet");
  element.type = "button";
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", pressed);
  return element;
}

export function link(words, address) {
  const element = make("a", words, "small");
  element.href = address;
  element.download = "";
  return element;
}

export function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}

// True if a button that asks back was pressed a second time, within five seconds.
export function asked(pressed, question) {
  if (pressed.dataset.asked) return true;
  const words = pressed.textContent;
  pressed.dataset.asked = "yes";
  pressed.textContent = question;
  speak([say("{question} Press once more.", { question })]);
  setTimeout(() => { delete pressed.dataset.asked; pressed.textContent = words; }, 5000);
  return false;
}
