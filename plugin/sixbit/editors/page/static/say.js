// Words in the language of the page: a text is looked up by what it is in English, and stays that if nobody has
// translated it; its values go where their names stand in braces.

import { WORDS } from "./words.js";

export function say(text, values = {}) {
  return (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
