/** The panel of the chosen operation: its table to read and to change, and all that is known of it. */

import { codeView } from "./code.js";
import { copyMenu } from "./copy.js";
import { button, decimal, grouped, h, hint, list, section, show, table } from "./dom.js";
import { exportMenu } from "./exports.js";
import { algebraFacts, fact, writtenFacts } from "./facts.js";
import { loading } from "./loading.js";
import { K, digitsOf, hamming, signs, withCell } from "./space.js";
import { OperationTable } from "./tables.js";

const NEAREST = 8;
const UNDO = "fluxttice-undo";

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.past = kept();
    this.table = new OperationTable({
      label: "Table of f(a, b); rows are a, columns are b",
      edit: (cell, digit) => this.#edit(cell, digit),
    });
    this.undo = button("Undo", () => this.#undo(), { id: "undo" });
    this.title = h("h2.panel-title", { id: "operation-title" });
    this.facts = h("dl.facts");
    this.copied = h("span.hint", { role: "status" });
    this.properties = h("div");
    this.codes = h("div");
    this.classes = h("div");
    this.near = h("div");
    this.algebra = h("div.algebra");
    root.append(
      this.title,
      h("div.portrait", h("div", this.table.element, hint("Click a cell to change it.")), this.facts),
      h("div.actions", this.undo,
        button("Compare", () => page.store.set({ pin: page.store.state.op, tab: "compare" })),
        button("Open in sliders", () => this.#toSliders()),
        copyMenu(() => page.store.state.op, this.copied),
        exportMenu(page, this.copied, () => digitsOf(page.store.state.op)),
        button("Print", () => print(), { title: "A hand-out of this operation" }),
        button("Write with\u2026", () => page.store.set({ table: "", tab: "inputs" })),
        this.copied,
      ),
      section("Properties", this.properties),
      section("Codes", this.codes),
      section("Nearest operations", this.near),
      section("Classes", this.classes),
      section("Algebra", this.algebra),
    );
    page.store.watch(["op", "letters"], (state) => this.#show(state));
    page.store.watch(["algebra", "mass", "codes", "half"], (state) => this.#showData(state));
  }

  /** Choose an operation by changing a cell of the chosen one. */
  #edit(cell, digit) {
    const { op } = this.page.store.state;
    const next = withCell(op, cell, digit);
    if (next === op) return;
    this.past.push(op);
    sessionStorage.setItem(UNDO, this.past);
    this.page.moveTo(next);
  }

  #undo() {
    const before = this.past.pop();
    sessionStorage.setItem(UNDO, this.past);
    if (before !== undefined) this.page.moveTo(before);
    this.undo.disabled = this.past.length === 0;
  }

  #toSliders() {
    const { op, half } = this.page.store.state;
    this.page.store.set({ z: Float32Array.from(this.page.codes.encode(half, op).mean), tab: "sliders" });
  }

  #show({ op }) {
    this.undo.disabled = this.past.length === 0;
    const names = this.page.manifest.named.filter(({ index }) => index === op);
    this.title.textContent =
      names.length > 0 ? names.map(({ name }) => name).join(" = ") : "Unnamed operation";
    this.table.update(digitsOf(op));
    show(this.facts,
      writtenFacts(digitsOf(op), names),
      this.page.places.split !== undefined &&
        fact("split", this.page.manifest.parts[this.page.places.split[op]].replace("_", " ")),
    );
    this.#showData(this.page.store.state);
  }

  #showData(state) {
    const { page } = this;
    this.#showProperties(state);
    this.#showClasses(state);
    show(this.algebra, page.algebra ? algebraFacts(page.algebra.factsOf(state.op), digitsOf(state.op)) : loading());
    show(this.codes, ["a", "b"].map((half) => codeView(page, half, state.op)));
    const { mean } = page.codes.encode(state.half, state.op);
    if (page.codes.means[state.half] === null) return show(this.near, loading());
    const near = page.codes.nearest(state.half, mean, NEAREST, state.op);
    show(this.near,
      hint(
        `By distance of codes in half ${state.half.toUpperCase()}; all 18 operations one cell away are ringed on the map.`,
      ),
      list("ol.results",
        near.map(([squared, index]) => {
          const cells = hamming(index, state.op);
          const note = `${decimal(Math.sqrt(squared))} \u00b7 ${cells} cell${cells === 1 ? "" : "s"}`;
          return page.button(index, { against: state.op, note });
        }),
      ),
    );
  }

  #showProperties({ op }) {
    const { algebra, manifest } = this.page;
    if (algebra === null) return show(this.properties, loading());
    const held = manifest.properties.filter(({ name }) => algebra.has(op, name));
    show(this.properties,
      held.length === 0
        ? hint("None of those that are known here.")
        : list("ul.chips",
            held.map(({ name, statement }) =>
              button(name, () => this.page.store.set({ colour: `property:${name}` }), {
                class: false,
                title: `${statement}: ${grouped(algebra.total(name))} operations`,
              }),
            ),
          ),
    );
  }

  #showClasses({ op }) {
    const { algebra, manifest } = this.page;
    if (algebra === null) return show(this.classes, loading());
    show(this.classes,
      table("listing", null,
        ["symmetry", "size", "least member", h("span.visually-hidden", "show")].map((head) =>
          h("th", { scope: "col" }, head),
        ),
        manifest.symmetries.map(({ name, statement }) => {
          const { representatives, sizes } = algebra.classesUnder(name);
          const least = representatives[op];
          const choose = button(signs(least), () => this.page.choose(least), { class: "link glyphs" });
          const colour = button("show", () => this.page.store.set({ colour: `orbit:${name}` }), {
            class: "link",
            "aria-label": `Show the class under ${name} on the map`,
          });
          return [
            h("th", { scope: "row", title: statement }, name),
            h("td.number", grouped(sizes[op])),
            h("td", choose),
            h("td", colour),
          ];
        }),
      ),
    );
  }
}

/** What was changed before the page was loaded again. */
const kept = () => (sessionStorage.getItem(UNDO) ?? "").split(",").filter(Boolean).map(Number).filter((op) => op < K);
