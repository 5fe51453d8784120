/** Building pages from plain data: elements, text and drawn icons, never markup from a string. */

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings become text, null and false are left out. `on` holds listeners. */
export function element(name, { on = {}, ...attributes } = {}, ...children) {
  return fill(document.createElement(name), on, attributes, children);
}

function fill(made, on, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return made;
}

/** A button with a label and perhaps an icon; an icon alone is named by its label. */
export function button(label, { icon: drawing = "", bare = false, click, ...attributes }) {
  const name = bare ? { "aria-label": label, title: label } : {};
  const on = click ? { click } : {};
  return element(
    "button",
    { type: "button", ...name, ...attributes, on },
    drawing && icon(drawing),
    bare ? null : element("span", {}, label),
  );
}

/** Change the text of an element only when it differs, so that screen readers hear each change once. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Show or hide. */
export function show(target, visible) {
  target.hidden = !visible;
}

const STROKES = {
  send: ["M4 12 20 4l-4.5 16-4-6.5z", "M11.5 13.5 20 4"],
  down: ["m6 9 6 6 6-6"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  leave: ["M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4", "M10 8l-4 4 4 4", "M6 12h9"],
  save: ["M12 4v11", "m7 11 5 5 5-5", "M5 20h14"],
  mail: ["M4 6h16v12H4z", "m4 7 8 6 8-6"],
  back: ["m14 6-6 6 6 6"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  checks: ["m2.5 12.5 4 4L15 8", "m11.5 15.5 1.5 1.5L21.5 8"],
  clock: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M12 7.5V12l3 2"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5"],
  chat: ["M4 5.5h16v11h-9l-4.5 3.5v-3.5H4z"],
  good: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8.5 14c.8 1.700 2 2.5 3.5 2.5s2.700-.8 3.5-2.5", "M9 9.5v.5", "M15 9.5v.5"],
  fair: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8.5 15h7", "M9 9.5v.5", "M15 9.5v.5"],
  bad: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M8.5 16.200c.8-1.5 2-2.200 3.5-2.200s2.700.7 3.5 2.200", "M9 9.5v.5", "M15 9.5v.5"],
};

/** A drawn icon that says nothing to screen readers; its label stands beside it. */
export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  fill(made, {}, { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, []);
  for (const d of STROKES[name]) made.append(fill(document.createElementNS(SVG, "path"), {}, { d }, []));
  return made;
}
