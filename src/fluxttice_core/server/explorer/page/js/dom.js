/** Making elements: everything is built with these few lines, never from markup in strings. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element from its tag and classes, as in `h("p.hint", { id: "help" }, "text")`; attributes may be
 * left out. Those that are null or false are none; `on` holds listeners, `style` custom properties and styles
 * set one by one, which the content security policy allows.
 */
export const h = (name, ...rest) => fill((tag) => document.createElement(tag), name, rest);

export const svg = (name, ...rest) => fill((tag) => document.createElementNS(SVG, tag), name, rest);

function fill(create, name, [first, ...others]) {
  const [tag, ...classes] = name.split(".");
  const element = create(tag);
  if (classes.length > 0) element.setAttribute("class", classes.join(" "));
  const given = first?.constructor === Object;
  for (const [key, value] of Object.entries(given ? first : {})) {
    if ((value ?? false) === false) continue;
    if (key === "on")
      for (const [kind, listener] of Object.entries(value)) element.addEventListener(kind, listener);
    else if (key === "style")
      for (const [style, entry] of Object.entries(value)) element.style.setProperty(style, entry);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  show(element, given ? others : [first, ...others]);
  return element;
}

/** A button that does something; a quiet one, unless `attributes` say otherwise. */
export function button(text, click, attributes = {}) {
  return h("button", { type: "button", class: "quiet", on: { click }, ...attributes }, text);
}

/** A control below its label. */
export const field = (label, control) => h("div.field", h("label", { for: control.id }, label), control);

/** A form with classes, which does something when it is sent. */
export function form(classes, act, ...content) {
  const submit = (event) => {
    event.preventDefault();
    act();
  };
  return h(`form.${classes}`, { on: { submit } }, ...content);
}

export const hint = (...children) => h("p.hint", ...children);

/** A table with classes: its caption, the heads of its columns, and its rows of cells. */
export function table(classes, caption, heads, rows) {
  const body = rows.map((cells) => h("tr", cells));
  return h(`table.${classes}`, caption, h("thead", h("tr", heads)), h("tbody", body));
}

export function list(name, items) {
  const rows = items.map((item) => h("li", item));
  return h(name, rows);
}

export const section = (title, ...content) => h("section", h("h3", title), ...content);

/** Let an element hold these and nothing else; what is null or false is left out. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => (child ?? false) !== false));
}

/** A whole number with thin groups, as in 19,683. */
export const grouped = (number) => Math.round(number).toLocaleString("en-US");

/** A number with so many decimals and a true minus sign. */
export const decimal = (number, places = 2) => number.toFixed(places).replace("-", "\u2212");

export const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
