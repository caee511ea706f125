/** The panel of the chosen operation: its table to read and to change, and all that is known of it. */

import { fetchOperation, useKey } from "./api.js";
import { decimal, grouped, h, show } from "./dom.js";
import { LATENTS } from "./network.js";
import { CELLS, SYMBOLS, digitsOf, glyphs, hamming, indexOf, withCell } from "./space.js";
import { OperationTable, miniature, operationButton } from "./tables.js";

const NEAREST = 8;

export class OperationPanel {
  constructor(root, page) {
    this.page = page;
    this.root = root;
    this.past = [];
    this.table = new OperationTable({ label: "Table of f(a, b); rows are a, columns are b", edit: (cell, digit) => this.#edit(cell, digit) });
    this.undo = h("button", { type: "button", class: "quiet", id: "undo", on: { click: () => this.#undo() } }, "Undo");
    this.title = h("h2", { class: "panel-title", id: "operation-title" });
    this.facts = h("dl", { class: "facts" });
    this.copied = h("span", { class: "hint", role: "status" });
    this.properties = h("div", {});
    this.codes = h("div", {});
    this.classes = h("div", {});
    this.near = h("div", {});
    this.algebra = h("div", { class: "algebra" });
    root.append(
      this.title,
      h("div", { class: "portrait" },
        h("div", {}, this.table.element, h("p", { class: "hint" }, "Click a cell to change it.")),
        this.facts,
      ),
      h("div", { class: "actions" },
        this.undo,
        h("button", { type: "button", class: "quiet", on: { click: () => page.store.set({ pin: page.store.state.op, tab: "compare" }) } }, "Compare"),
        h("button", { type: "button", class: "quiet", on: { click: () => this.#toSliders() } }, "Open in sliders"),
        h("details", { class: "copy" }, h("summary", {}, "Copy"), h("div", { class: "menu" }, this.#copies())),
        this.copied,
      ),
      section("Properties", this.properties),
      section("Codes", this.codes),
      section("Nearest operations", this.near),
      section("Classes", this.classes),
      section("Algebra", this.algebra),
    );
    page.store.watch(["op"], (state) => this.#show(state));
    page.store.watch(["algebra", "mass", "codes", "half"], (state) => this.#showData(state));
  }

  /** Choose an operation by changing a cell of the chosen one. */
  #edit(cell, digit) {
    const { op } = this.page.store.state;
    const next = withCell(op, cell, digit);
    if (next === op) return;
    this.past.push(op);
    this.page.moveTo(next);
  }

  #undo() {
    const before = this.past.pop();
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
    this.title.textContent = names.length > 0 ? names.map(({ name }) => name).join(" = ") : "Unnamed operation";
    this.table.update(digitsOf(op));
    show(this.facts,
      fact("string", h("code", { id: "chosen-string" }, glyphs(op))),
      fact("index", h("code", {}, String(op))),
      names.map((one) => [fact("formula", one.formula), one.aliases.length > 0 && fact("also", one.aliases.join(", ")), fact("source", one.source)]),
      this.page.places.split !== undefined && fact("split", this.page.manifest.parts[this.page.places.split[op]].replace("_", " ")),
    );
    this.#showData(this.page.store.state);
    this.#showAlgebra(op);
  }

  #showData(state) {
    const { page } = this;
    this.#showProperties(state);
    this.#showClasses(state);
    if (page.codes === null) return;
    show(this.codes, ["a", "b"].map((half) => this.#code(half, state.op)));
    const near = page.codes.nearest(state.half, page.codes.encode(state.half, state.op).mean, NEAREST, state.op);
    show(this.near, h("p", { class: "hint" }, `By distance of codes in half ${state.half.toUpperCase()}; all 18 operations one cell away are ringed on the map.`),
      h("ol", { class: "results" }, near.map(([squared, index]) => h("li", {}, operationButton(index, page.choose, {
        against: state.op, name: page.namesOf(index).join(", "), note: `${decimal(Math.sqrt(squared))} \u00b7 ${hamming(index, state.op)} cell${hamming(index, state.op) === 1 ? "" : "s"}`,
      })))));
  }

  #showProperties({ op }) {
    const { algebra, manifest } = this.page;
    if (algebra === null) return;
    const held = manifest.properties.filter(({ name }) => algebra.has(op, name));
    show(this.properties, held.length === 0 ? h("p", { class: "hint" }, "None of those that are known here.") :
      h("ul", { class: "chips" }, held.map(({ name, statement }) => h("li", {}, h("button", {
        type: "button", title: `${statement}: ${grouped(algebra.total(name))} operations`, on: { click: () => this.page.store.set({ colour: `property:${name}` }) },
      }, name)))));
  }

  #showClasses({ op }) {
    const { algebra, manifest } = this.page;
    if (algebra === null) return;
    show(this.classes, h("table", { class: "listing" },
      h("thead", {}, h("tr", {}, ["symmetry", "size", "least member", ""].map((head) => h("th", { scope: "col" }, head === "" ? h("span", { class: "visually-hidden" }, "show") : head)))),
      h("tbody", {}, manifest.symmetries.map(({ name, statement }) => {
        const { representatives, sizes } = algebra.classesUnder(name);
        return h("tr", {},
          h("th", { scope: "row", title: statement }, name),
          h("td", { class: "number" }, grouped(sizes[op])),
          h("td", {}, h("button", { type: "button", class: "link glyphs", on: { click: () => this.page.choose(representatives[op]) } }, glyphs(representatives[op]).replaceAll("-", "\u2212"))),
          h("td", {}, h("button", { type: "button", class: "link", "aria-label": `Show the class under ${name} on the map`, on: { click: () => this.page.store.set({ colour: `orbit:${name}` }) } }, "show")),
        );
      })),
    ));
  }

  #code(half, op) {
    const { codes, mass } = this.page;
    const { mean, logVariance } = codes.encode(half, op);
    const decoded = codes.decode(half, mean);
    const back = indexOf(decoded.digits);
    const wrong = hamming(op, back);
    return h("div", { class: "code" },
      h("h4", {}, `Half ${half.toUpperCase()}`),
      bars(mean, logVariance, this.page.manifest.halves[half]),
      h("p", { class: "verdict" }, miniature(back, op),
        h("span", {}, wrong === 0 ? "decoded exactly" : `decoded with ${wrong} wrong cell${wrong === 1 ? "" : "s"}`, `, p(table | code) = ${decimal(decoded.joint, 3)}`),
        mass && h("span", {}, `p(x) = (${decimal(mass[`mass_${half}`][op])} \u00b1 ${decimal(mass[`noise_${half}`][0])}) / K`)),
    );
  }

  async #showAlgebra(op) {
    const known = await fetchOperation(op);
    if (this.page.store.state.op !== op) return;
    if (known.algebra === undefined) {
      show(this.algebra, h("p", { class: "hint" }, known.refusal), known.needsKey && this.#keyForm());
      return;
    }
    const { algebra } = known;
    show(this.algebra, h("dl", { class: "facts wide" },
      fact("identity", signed(algebra.identity)),
      fact("zero", signed(algebra.zero)),
      fact("depends on", algebra.essential_inputs.join(", ") || "nothing"),
      fact("outputs", Object.entries(algebra.value_counts).map(([value, count]) => `${signed(Number(value))} \u00d7 ${count}`).join(", ")),
      fact("subalgebras", algebra.subalgebras.map((set) => `{${set.map(signed).join(", ")}}`).join(" ") || "none"),
      fact("congruences", algebra.congruences.map((blocks) => blocks.map((block) => block.map(signed).join("")).join(" | ")).join("; ") || "only the trivial ones"),
      fact("automorphisms", grouped(algebra.automorphisms.length)),
      fact("maximal clones", algebra.maximal_clones.join("; ") || "none: it is Sheffer"),
    ));
  }

  #keyForm() {
    const key = h("input", { type: "password", "aria-label": "API key", autocomplete: "off" });
    const use = (event) => {
      event.preventDefault();
      useKey(key.value);
      this.#showAlgebra(this.page.store.state.op);
    };
    return h("form", { class: "actions", on: { submit: use } }, key, h("button", { class: "quiet" }, "Use the key"));
  }

  #copies() {
    const rows = (op) => [0, 3, 6].map((start) => Array.from(digitsOf(op).slice(start, start + 3), (digit) => digit - 1));
    const forms = {
      "String": glyphs,
      "Table as lists": (op) => JSON.stringify(rows(op)),
      "Python": (op) => `import fluxttice_core as fx\nz = fx.encode("${glyphs(op)}")  # posterior mean, (1, 16)\n`,
      "curl": (op) => `curl ${location.origin}/v1/embeddings -H 'Content-Type: application/json' -d '{"model": "fluxttice-b", "input": "${glyphs(op)}"}'`,
      "Link to this view": () => location.href,
    };
    return Object.entries(forms).map(([label, form]) => h("button", { type: "button", class: "quiet", on: { click: () => this.#copy(form(this.page.store.state.op), label) } }, label));
  }

  async #copy(text, label) {
    const done = await copyText(text);
    this.copied.textContent = done ? `${label} copied` : text;
  }
}

/** Put a text on the clipboard; where the browser does not allow it, say so. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function section(title, ...content) {
  return h("section", {}, h("h3", {}, title), ...content);
}

function fact(term, value) {
  return [h("dt", {}, term), h("dd", {}, value)];
}

function signed(value) {
  return value === null ? "none" : SYMBOLS[value + 1];
}

/** The 16 latents of a code as bars around 0, with the spread of the posterior. */
function bars(mean, logVariance, half) {
  return h("ol", { class: "bars" }, Array.from({ length: LATENTS }, (_, d) => {
    const value = mean[d], sd = Math.exp(logVariance[d] / 2);
    const [cell, share] = half.cells[d];
    const carries = share > 0.5 ? `, carries cell ${cell + 1} of ${CELLS}` : "";
    const words = `z${d} = ${decimal(value)} \u00b1 ${decimal(sd)}${carries}`;
    const at = (x) => `${50 + 50 * Math.max(-1, Math.min(1, x / 2.5))}%`;
    return h("li", { title: words },
      h("span", { class: "visually-hidden" }, words),
      h("span", { class: "bar-track", "aria-hidden": "true" },
        h("span", { class: "bar-spread", style: { left: at(value - sd), right: `calc(100% - ${at(value + sd)})` } }),
        h("span", { class: "bar-value", style: { left: at(value) } })));
  }));
}
