/** Operations as tables: small ones to recognise, and a large one whose cells can be changed. */

import { h, svg, table } from "./dom.js";
import { SPOKEN, SYMBOLS, cellName, digitsOf, inputsOf, signs } from "./space.js";

/** A table as nine small squares, for the eye only: its name stands beside it. */
export function miniature(index, against = null) {
  const digits = digitsOf(index);
  const other = against === null ? null : digitsOf(against);
  const squares = Array.from(digits, (digit, cell) => {
    const [x, y] = [(cell % 3) * 10 + 0.5, Math.trunc(cell / 3) * 10 + 0.5];
    const differs = other && other[cell] !== digit ? ".differs" : "";
    return svg(`rect.trit-${SPOKEN[digit]}${differs}`, { x, y, width: 9, height: 9, rx: 1 });
  });
  return svg("svg.miniature", { viewBox: "-1 -1 32 32", "aria-hidden": "true" }, squares);
}

/** A button that chooses an operation: its table, glyphs, and what else is said of it. */
export function operationButton(index, choose, { note = "", name = "", against = null } = {}) {
  return h("button.operation", { type: "button", "data-index": index, on: { click: () => choose(index) } },
    miniature(index, against),
    h("span.glyphs", signs(index)),
    name && h("span.name", name),
    note && h("span.note", note),
  );
}

/**
 * A table of f(a, b) with a as rows and b as columns, or of one or three inputs, the last as columns. With `edit`, cells are buttons: a click or Enter moves on
 * to the next value, the keys - 0 + set it, and arrows move among the cells.
 */
export class OperationTable {
  constructor({ label, edit = null, inputs = 2 }) {
    Object.assign(this, { edit, inputs });
    this.cells = Array.from({ length: 3 ** inputs }, (_, cell) => (edit ? this.#button(cell) : h("span.cell")));
    this.heads = [["col", 3], ["row", 3 ** (inputs - 1)]].map(([scope, count]) =>
      Array.from({ length: count }, () => h("th", { scope })));
    const names = ["a", "b", "c"].slice(0, inputs);
    const axes = [h("span.axis-b", names.pop()), h("span.axis-a", names.join(" "))];
    this.element = table("truth-table",
      h("caption.visually-hidden", label),
      [h("th.corner", { scope: "col" }, axes), this.heads[0]],
      this.heads[1].map((head, row) => [
        head,
        this.cells.slice(3 * row, 3 * row + 3).map((cell) => h("td", cell)),
      ]),
    );
  }

  /** Show digits, what they are compared with, and the probabilities of the three values of each cell. */
  update(digits, { against = null, probabilities = null } = {}) {
    this.digits = digits;
    this.heads[0].forEach((head, digit) => head.replaceChildren(SYMBOLS[digit]));
    this.heads[1].forEach((head, row) => head.replaceChildren(inputsOf(row, this.inputs - 1).join(" ") || "f"));
    for (let cell = 0; cell < this.cells.length; cell += 1) {
      const element = this.cells[cell];
      const digit = digits[cell];
      const differs = against !== null && against[cell] !== digit;
      element.className = `cell trit-${SPOKEN[digit]}${differs ? " differs" : ""}`;
      element.replaceChildren(h("span.value", SYMBOLS[digit]));
      if (probabilities) element.append(bar(probabilities.subarray(3 * cell, 3 * cell + 3)));
      const said = `${cellName(cell, this.inputs)} is ${SYMBOLS[digit]} (${SPOKEN[digit]}): change it`;
      if (this.edit) element.setAttribute("aria-label", said);
    }
  }

  #button(cell) {
    const click = () => this.edit(cell, (this.digits[cell] + 1) % 3);
    const keydown = (event) => this.#key(event, cell);
    return h("button.cell", { type: "button", "data-cell": cell, on: { click, keydown } });
  }

  #key(event, cell) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = Object.fromEntries(SYMBOLS.map((symbol, digit) => [symbol.toLowerCase(), digit]));
    const values = { "-": 0, 0: 1, "+": 2, "=": 2, ...shown };
    const sideways = { ArrowLeft: cell % 3 > 0 ? -1 : 0, ArrowRight: cell % 3 < 2 ? 1 : 0 };
    const steps = { ...sideways, ArrowUp: -3, ArrowDown: 3 };
    const key = event.key.toLowerCase();
    if (key in values) this.edit(cell, values[key]);
    else if (event.key in steps) this.cells[cell + steps[event.key]]?.focus();
    else return;
    event.preventDefault();
  }
}

/** Three probabilities as one bar, and in words for those who do not see it. */
function bar(probabilities) {
  const shares = Array.from(probabilities, (p, digit) => [SPOKEN[digit], p]);
  const words = shares.map(([name, p]) => `${name} ${(100 * p).toFixed(0)} %`).join(", ");
  const parts = shares.map(([name, p]) => h(`span.trit-${name}`, { style: { "flex-grow": p } }));
  return h("span.bar", { role: "img", "aria-label": words, title: words }, parts);
}
