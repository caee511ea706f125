/** The panel of two operations side by side, and of the way from one code to the other. */

import { button, decimal, h, hint, prefersStillness, section, show } from "./dom.js";
import { fact } from "./facts.js";
import { loading } from "./loading.js";
import { K, digitsOf, hamming } from "./space.js";
import { OperationTable, operationButton } from "./tables.js";

const STEPS = 13;
const SMOOTH_STEPS = 150;
const WALK_MS = 5000;
const SUGGESTED = 5;

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
    this.play = button("Play", () => (this.playing ? this.#stop() : this.#walk()), { id: "play" });
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
        h("div.actions", this.play),
        this.strip,
        h("div.decoded", this.between.element, this.said),
      ),
    );
    this.suggested = h("ol.results");
    this.empty = h("div",
      hint(
        "Pin an operation with \u201cCompare\u201d in its panel, then choose another: on the map, in the list or by changing a cell. Or compare the chosen one with a named one whose code is near:",
      ),
      this.suggested,
    );
    root.append(h("h2.panel-title", "Compare two operations"), this.empty, this.content);
    page.store.watch(["pin", "op", "half", "algebra", "codes", "t", "tab", "letters"], (state, changed) =>
      this.#update(state, changed),
    );
  }

  #swap() {
    const { pin, op, t } = this.page.store.state;
    this.page.store.set({ pin: op, op: pin, t: 1 - t });
  }

  #update(state, changed) {
    if (state.tab !== "compare") return this.#stop();
    this.empty.hidden = state.pin !== null;
    this.content.hidden = state.pin === null;
    if (state.pin === null) return this.#suggest(state);
    if (["pin", "op", "half"].some((key) => changed.has(key))) this.#stop();
    if (!(changed.size === 1 && changed.has("t"))) this.#showBoth(state);
    this.slider.value = state.t;
    this.#showBetween(state);
  }

  /** The named operations whose codes lie nearest to the chosen one's. */
  #suggest({ op, half }) {
    const { page } = this;
    if (page.codes.means[half] === null) return show(this.suggested, loading());
    const near = page.codes.nearest(half, page.codes.encode(half, op).mean, K, op);
    const named = near.map(([, index]) => index).filter((index) => page.namesOf(index).length > 0);
    const pin = (index) => page.store.set({ pin: index, t: 0 });
    show(this.suggested, named.slice(0, SUGGESTED).map((index) =>
      h("li", operationButton(index, pin, { name: page.namesOf(index).join(", "), against: op }))));
  }

  /** Walk from the pinned code to the chosen one: smoothly, or step by step for who asked for less motion. */
  #walk() {
    const steps = prefersStillness() ? STEPS - 1 : SMOOTH_STEPS;
    let at = 0;
    const step = () => {
      this.page.store.set({ t: at / steps });
      if (at === steps) this.#stop();
      at += 1;
    };
    this.playing = setInterval(step, WALK_MS / steps);
    this.play.textContent = "Stop";
    step();
  }

  #stop() {
    clearInterval(this.playing);
    this.playing = null;
    this.play.textContent = "Play";
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
