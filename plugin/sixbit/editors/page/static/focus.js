// Where the focus is to go once the page shows what was asked for: what was pressed may have gone, and the body says
// nothing. Only the tab in which something was pressed moves it.

let wanted = null;

// Put the focus on an element as soon as it can be seen; `find` gives it, or nothing yet.
export function focusOn(find) {
  wanted = find;
  settleFocus();
}

export function settleFocus() {
  const element = wanted?.();
  if (!element?.checkVisibility() || element.disabled) return;
  wanted = null;
  if (element.matches("h2")) element.closest("section").scrollIntoView({ block: "start" });
  element.focus({ preventScroll: element.matches("h2") });
}

// Put new rows in the place of those of a list; the focus stays on the button it was on, goes to that of the next row if
// its own has gone, and to `otherwise` if none is left.
export function replaceRows(list, rows, otherwise) {
  const before = [...list.querySelectorAll("[data-row]")];
  const at = before.indexOf(document.activeElement), name = document.activeElement?.dataset?.row;
  list.replaceChildren(...rows);
  if (at < 0) return;
  const after = [...list.querySelectorAll("[data-row]")];
  const kind = name.split("-")[0], alike = after.filter((one) => one.dataset.row.startsWith(`${kind}-`));
  const place = before.filter((one) => one.dataset.row.startsWith(`${kind}-`)).findIndex((one) => one.dataset.row === name);
  const same = after.find((one) => one.dataset.row === name);
  (same ?? alike[Math.min(place, alike.length - 1)] ?? otherwise).focus({ preventScroll: Boolean(same) });
}
