/** The panel of operations of one, two or three inputs: typed or edited, described, saved, and written with others. */

import { button, field, form, h, hint, list, section, show } from "./dom.js";
import { exportMenu } from "./exports.js";
import { alsoOfTwo, namesIn, readBasis, readOperation } from "./expression.js";
import { algebraFacts, writtenFacts } from "./facts.js";
import { loadInto, loading } from "./loading.js";
import { Described, preserves } from "./properties.js";
import { startWorker } from "./source.js";
import { arityOf, digitsOf, indexOf, unwritten, written } from "./space.js";
import { OperationTable } from "./tables.js";

const NAMES = { 1: "f(a)", 2: "f(a, b)", 3: "f(a, b, c)" };

export class Panel {
  constructor(root, page, known) {
    Object.assign(this, { page, known });
    this.typed = h("input", { type: "text", id: "typed", maxlength: 200, autocomplete: "off", spellcheck: "false" });
    this.inputs = h("select", { id: "typed-inputs" },
      h("option", { value: "" }, "as it has"), [1, 2, 3].map((count) => h("option", { value: count }, count)));
    this.problem = h("p.hint", { role: "status", id: "typed-problem" });
    this.title = h("h3", { id: "typed-title" });
    this.place = h("div");
    this.facts = h("dl.facts");
    this.copied = h("span.hint", { role: "status" });
    this.onMap = button("Choose on the map", () => page.choose(indexOf(this.digits)), { id: "typed-choose" });
    this.properties = h("div");
    this.algebra = h("div.algebra");
    this.basis = h("input", {
      type: "text", id: "basis", maxlength: 200, autocomplete: "off", spellcheck: "false", placeholder: "min, not, 1",
    });
    this.result = h("div", { id: "expression", role: "status" });
    root.append(
      h("h2.panel-title", "One, two or three inputs"),
      hint("Type a name, a table or an expression such as max(min(a, b), not c), or click the cells of the table."),
      form("fields.typed", () => this.#read(),
        field("Operation", this.typed),
        field("Inputs", this.inputs),
        h("button.quiet", "Show"),
      ),
      this.problem,
      this.title,
      h("div.portrait", this.place, this.facts),
      h("div.actions", this.onMap, exportMenu(page, this.copied, () => this.digits), this.copied),
      section("Write it with",
        form("fields.typed", () => this.#ask(),
          field("Operations of one or two inputs, with commas between", this.basis),
          h("button.quiet", { id: "write" }, "Write"),
        ),
        this.result,
      ),
      section("Properties", this.properties),
      section("Algebra", this.algebra),
    );
    page.store.watch(["table", "op", "letters", "tab", "algebra", "basis"], (state) => this.#update(state));
  }

  /** Show what was typed, or say why it is no operation. */
  #read() {
    const text = this.typed.value;
    try {
      if (!text.trim()) throw new Error("type an operation first, such as max(min(a, b), not c)");
      const wanted = Number(this.inputs.value) || null;
      const digits = readOperation(text, this.page.manifest, wanted);
      const also = wanted === null && digits.length === 3 ? alsoOfTwo(text) : "";
      this.page.store.set({ table: written(digits) });
      queueMicrotask(() => { // after the update, which empties it
        this.problem.textContent = also;
      });
    } catch (error) {
      this.problem.textContent = `${error.message}.`;
    }
  }

  #update({ tab, table, op, letters, basis }) {
    if (tab !== "inputs") return;
    const digits = table ? unwritten(table) : Uint8Array.from(digitsOf(op));
    const now = [written(digits), letters, basis, this.page.algebra !== null].join();
    if (now === this.shown) return;
    if (String(digits) !== String(this.digits)) this.problem.textContent = "";
    Object.assign(this, { shown: now, digits });
    const described = new Described(digits, this.known.clones);
    this.#showTable(described);
    this.#showFacts(described);
    this.#showProperties(described);
    show(this.algebra, algebraFacts(described.facts, digits));
    this.#follow(basis);
  }

  /** Of two inputs, what the page was told of all; of others, what it computes. */
  #showProperties(described) {
    const { algebra } = this.page, two = described.inputs === 2;
    const held = this.known.properties[described.inputs].filter((name) =>
      two ? algebra?.has(indexOf(described.digits), name) : described.has(name));
    show(this.properties, two && algebra === null ? loading() : held.length === 0
      ? hint("None of those that are known here.")
      : list("ul.chips.said", held.map((name) => h("span", { title: this.known.statements[name] }, name))));
  }

  #showTable({ inputs, digits }) {
    if (this.table?.inputs !== inputs) {
      const edit = (cell, digit) => {
        const next = this.digits.slice();
        next[cell] = digit;
        this.page.store.set({ table: written(next) });
      };
      this.table = new OperationTable({ label: `Table of ${NAMES[inputs]}; the last input is across`, edit, inputs });
      show(this.place, this.table.element, hint("Click a cell to change it."));
    }
    this.table.update(digits);
  }

  #showFacts({ inputs, digits }) {
    const names = namesIn(digits, this.page.manifest);
    this.onMap.hidden = inputs !== 2;
    this.title.textContent = `${NAMES[inputs]}: ${names.map(({ name }) => name).join(" = ") || "unnamed"}`;
    show(this.facts, writtenFacts(digits, names));
  }

  /** The basis is as the link says, unless another is being typed. */
  #follow(basis) {
    if (basis !== this.asked) {
      this.basis.value = this.asked = basis;
      this.entered = this.basis.value || null;
    }
    this.worker?.terminate();
    if (this.basis.value === this.entered) this.#write();
    else this.#say(); // an expression of the operation before would be read as one of this
  }

  #ask() {
    const { store } = this.page;
    this.entered = this.basis.value;
    this.asked = this.entered.trim();
    this.shown = null;
    store.set({ basis: this.asked });
    this.#update(store.state);
  }

  #say(...said) {
    loadInto(this.result, "nothing", () => null, () => show(this.result, said));
  }

  #write() {
    let basis;
    try {
      basis = readBasis(this.basis.value, this.page.manifest);
    } catch (error) {
      return this.#say(hint(`${error.message}.`));
    }
    const target = this.digits;
    loadInto(this.result, "the expression", () => this.#search(target, basis), (found) =>
      show(this.result, this.#said(target, basis, found)));
  }

  /** Search on a thread of its own, which ends with it. */
  #search(target, basis) {
    return new Promise((resume, refuse) => {
      const worker = startWorker();
      this.worker = worker;
      worker.addEventListener("message", ({ data }) => {
        worker.terminate();
        resume(data.found);
      });
      worker.addEventListener("error", ({ message }) => refuse(new Error(message || "the search did not start")));
      worker.postMessage({ kind: "write", target, basis });
    });
  }

  #said(target, basis, { found, size, reached, exhausted }) {
    const names = `{${basis.map(({ name }) => name).join(", ")}}`;
    const within = this.known.clones.filter(({ relation }) =>
      basis.every(({ digits }) => preserves(digits, relation)));
    const name = namesIn(target, this.page.manifest)[0]?.name ?? NAMES[arityOf(target.length)];
    const none = exhausted
      ? `${name} cannot be expressed: the basis generates ${reached.toLocaleString("en-US")} operations, and it is none of them.`
      : `No expression of ${name} applies ${size} operations or fewer; longer ones take more than a page computes, and the command fluxttice operation --with looks further.`;
    const steps = found?.size === 1 ? "1 operation" : `${found?.size} operations`;
    return [
      h("p", found ? [`${name} = `, h("code", found.text), ` (${steps})`] : none),
      hint(within.length === 0
        ? `${names} is functionally complete.`
        : `${names} is not functionally complete, as it lies in these maximal clones: ${within.map((one) => one.name).join("; ")}.`),
      basis.map(({ also }) => also && hint(also)),
    ];
  }
}
