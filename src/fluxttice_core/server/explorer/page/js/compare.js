/** The panel of two operations side by side, and of the way from one code to the other. */

import { button, decimal, h, hint, section, show } from "./dom.js";
import { fact } from "./facts.js";
import { loading } from "./loading.js";
import { digitsOf, hamming } from "./space.js";
import { OperationTable, operationButton } from "./tables.js";

const STEPS = 13;

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.left = new OperationTable({ label: "Table of the pinned operation" });
    this.right = new OperationTable({ label: "Table of the chosen operation" });
    this.between = new OperationTable({
      label: "Most likely table between the two codes, with probabilities",
    });
    this.leftName = h("h3");
    this.rightName = h("h3");
    this.facts = h("div");
    this.said = h("p.verdict", { role: "status" });
    this.strip = h("ol.strip");
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: 1,
      step: 0.01,
      id: "between",
      on: { input: () => page.store.set({ t: Number(this.slider.value) }) },
    });
    this.content = h("div",
      h("div.pair", h("div", this.leftName, this.left.element), h("div", this.rightName, this.right.element)),
      h("div.actions",
        button("Swap", () => this.#swap()),
        button("Pin the chosen instead", () => page.store.set({ pin: page.store.state.op, t: 0 })),
      ),
      this.facts,
      section("Between the two codes",
        h("label.hint", { for: "between" }, "(1 \u2212 t) of the pinned code and t of the chosen one"),
        this.slider,
        this.strip,
        h("div.decoded", this.between.element, this.said),
      ),
    );
    this.empty = hint(
      "Pin an operation with \u201cCompare\u201d in its panel, then choose another: on the map, in the list or by changing a cell.",
    );
    root.append(h("h2.panel-title", "Compare two operations"), this.empty, this.content);
    page.store.watch(["pin", "op", "half", "algebra", "codes", "t", "tab"], (state, changed) =>
      this.#update(state, changed),
    );
  }

  #swap() {
    const { pin, op, t } = this.page.store.state;
    this.page.store.set({ pin: op, op: pin, t: 1 - t });
  }

  #update(state, changed) {
    if (state.tab !== "compare") return;
    this.empty.hidden = state.pin !== null;
    this.content.hidden = state.pin === null;
    if (state.pin === null) return;
    if (!(changed.size === 1 && changed.has("t"))) this.#showBoth(state);
    this.slider.value = state.t;
    this.#showBetween(state);
  }

  #showBoth({ pin, op, half }) {
    const { page } = this;
    this.leftName.textContent = `Pinned: ${page.nameOf(pin)}`;
    this.rightName.textContent = `Chosen: ${page.nameOf(op)}`;
    this.left.update(digitsOf(pin), { against: digitsOf(op) });
    this.right.update(digitsOf(op), { against: digitsOf(pin) });
    const differing = hamming(pin, op);
    const lines = [`They differ in ${differing} of 9 cells.`];
    if (page.codes !== null) {
      const apart = (which) => {
        const [from, to] = [pin, op].map((one) => page.codes.encode(which, one).mean);
        return Math.hypot(...from.map((entry, d) => entry - to[d]));
      };
      lines.push(
        `Their codes are ${decimal(apart("a"))} apart in half A and ${decimal(apart("b"))} in half B.`,
      );
    }
    show(this.facts, h("p", lines.join(" ")), page.algebra ? this.#properties(pin, op) : loading());
    const shown = Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1));
    show(this.strip,
      page.codes &&
        shown.map((t) => {
          const { index } = page.codes.decode(half, page.latentBetween({ pin, op, half, t }));
          return h("li", [operationButton(index, () => page.store.set({ t }), { note: t.toFixed(2) })]);
        }),
    );
  }

  #properties(pin, op) {
    const { algebra } = this.page;
    const [left, right] = [algebra.propertiesOf(pin), algebra.propertiesOf(op)];
    const both = left.filter((name) => right.includes(name));
    const only = (names) => names.filter((name) => !both.includes(name)).join(", ") || "none";
    return h("dl.facts.wide",
      fact("both", both.join(", ") || "none"),
      fact("pinned only", only(left)),
      fact("chosen only", only(right)),
    );
  }

  #showBetween(state) {
    const { page } = this;
    if (page.codes === null) return;
    const decoded = page.codes.decode(state.half, page.latentBetween(state));
    const { digits, probabilities } = decoded;
    this.between.update(digits, { probabilities, against: digitsOf(state.pin) });
    this.said.textContent = `t = ${state.t.toFixed(2)}: ${page.decodedWords(decoded)}`;
  }
}
