/** Making elements: everything is built with these few lines, never from markup in strings. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. Attributes that are null or false are left out; `on` holds listeners, `style` custom
 * properties and styles set one by one, which the content security policy allows.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on")
      for (const [kind, listener] of Object.entries(value)) element.addEventListener(kind, listener);
    else if (name === "style")
      for (const [key, entry] of Object.entries(value)) element.style.setProperty(key, entry);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A button that does something; a quiet one, unless `attributes` say otherwise. */
export function button(text, click, attributes = {}) {
  return h("button", { type: "button", class: "quiet", on: { click }, ...attributes }, text);
}

/** A line that helps. */
export function hint(...children) {
  return h("p", { class: "hint" }, ...children);
}

/** A table of elements: the heads of its columns, and its rows of cells. */
export function table(attributes, caption, heads, rows) {
  const body = rows.map((cells) => h("tr", {}, cells));
  return h("table", attributes, caption, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body));
}

/** A list of elements, an item each. */
export function list(tag, attributes, items) {
  return h(
    tag,
    attributes,
    items.map((item) => h("li", {}, item)),
  );
}

/** Replace what an element holds. */
export function show(element, ...children) {
  element.replaceChildren(
    ...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false),
  );
}

/** A whole number with thin groups, as in 19,683. */
export function grouped(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** A number with so many decimals and a true minus sign. */
export function decimal(number, places = 2) {
  return number.toFixed(places).replace("-", "\u2212");
}

/** Whether the reader asked for less motion. */
export function prefersStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
