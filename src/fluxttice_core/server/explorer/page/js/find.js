/** The panel that finds operations: a text, properties with live counts, an order, and what is found. */

import { download, writeCsv } from "./csv.js";
import { button, decimal, grouped, h, show } from "./dom.js";
import { loading } from "./loading.js";
import { anchor } from "./query.js";
import { hamming } from "./space.js";

const ROWS = 60;
const ORDERS = Object.entries({
  index: "by index", cells: "fewest cells unlike", code: "nearest code to", mass: "most probable first",
});
const ANCHORED = ["cells", "code"];

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.rows = ROWS;
    this.input = h("input", {
      type: "search",
      id: "query",
      placeholder: "min, 15633 or ?0?-0--0-",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "query-help",
      on: { input: () => page.store.set({ q: this.input.value }), keydown: (event) => this.#enter(event) },
    });
    this.count = h("p.count", { role: "status" });
    this.order = h("select", { id: "order", on: { change: () => this.#sort(this.order.value) } },
      ORDERS.map(([value, label]) => h("option", { value }, label)),
    );
    this.reanchor = button("", () => this.#sort(this.order.value));
    this.clear = button("Clear", () => this.#clear());
    this.csv = button("Download CSV", () => this.#download(), { id: "csv" });
    this.filters = h("ul.chips", { "aria-label": "Filters" });
    this.list = h("ol.results");
    this.more = button("Show more", () => {
      this.rows += 4 * ROWS;
      this.#list();
    });
    root.append(
      h("label.panel-title", { for: "query" }, "Find operations"),
      this.input,
      h("p.hint", { id: "query-help" },
        "A name, an index, a table of \u2212 0 + (or 0 1 2, F U T) with ? for any value, 7PB (base 27), -min(a, -b), or properties.",
      ),
      this.#properties(),
      h("div.found", this.count,
        this.filters,
        h("div.actions", this.clear, this.csv),
      ),
      h("label.hint", { for: "order" }, "Order"),
      this.order,
      this.reanchor,
      this.list,
      this.more,
    );
    page.store.watch(
      ["q", "has", "lacks", "box", "order", "near", "op", "half", "algebra", "mass", "codes", "places", "letters"],
      (state, changed) => this.#update(state, changed),
    );
  }

  #properties() {
    this.properties = this.page.manifest.properties.map(({ name, statement }) => {
      const change = () => this.#toggle("has", name, box.checked);
      const box = h("input", { type: "checkbox", on: { change } });
      const toggle = () => this.#toggle("lacks", name, not.getAttribute("aria-pressed") !== "true");
      const not = button("not", toggle, { class: "not", "aria-label": `not ${name}` });
      const counted = h("span.property-count");
      const row = h("li", h("label", { title: statement }, box, h("span", name)), counted, not);
      return { name, box, not, counted, row };
    });
    const open = matchMedia("(min-width: 1100px)").matches;
    const rows = h("ul", this.properties.map(({ row }) => row));
    return h("details.properties", { open }, h("summary", "Properties"), rows);
  }

  #toggle(list, name, wanted) {
    const { state } = this.page.store;
    const other = list === "has" ? "lacks" : "has";
    const without = (names) => names.filter((one) => one !== name);
    this.page.store.set({
      [list]: wanted ? [...without(state[list]), name] : without(state[list]),
      [other]: without(state[other]),
    });
  }

  /** Sort, counting from the operation that is chosen now. */
  #sort(order) {
    this.page.store.set({ order, near: ANCHORED.includes(order) ? this.page.store.state.op : null });
  }

  #showOrder(state) {
    this.order.value = state.order;
    const from = anchor(state);
    ORDERS.forEach(([value, label], at) => {
      this.order.options[at].textContent = ANCHORED.includes(value)
        ? `${label} ${this.page.nameOf(value === state.order ? from : state.op)}`
        : label;
    });
    this.reanchor.hidden = !ANCHORED.includes(state.order) || from === state.op;
    this.reanchor.textContent = `Count from ${this.page.nameOf(state.op)} instead`;
  }

  #clear() {
    this.page.store.set({ q: "", has: [], lacks: [], box: null });
    this.input.focus();
  }

  #enter(event) {
    const { found } = this.page;
    if (event.key === "Enter" && !found.problem && found.indices.length > 0)
      this.page.choose(this.page.inOrder()[0]);
  }

  #update(state, changed) {
    if (changed.has("q") && this.input.value !== state.q) this.input.value = state.q;
    this.#showOrder(state);
    if (["q", "has", "lacks", "box", "algebra", "letters"].some((key) => changed.has(key))) {
      this.rows = ROWS;
      this.#counts(state);
    }
    this.#list();
  }

  /** A chip for everything that is asked for, which takes it back. */
  #showFilters({ q, has, lacks, box }) {
    const { store } = this.page;
    const filters = [
      q.trim() && [`\u201c${q.trim()}\u201d`, () => store.set({ q: "" })],
      ...has.map((name) => [name, () => this.#toggle("has", name, false)]),
      ...lacks.map((name) => [`not ${name}`, () => this.#toggle("lacks", name, false)]),
      box && ["in the box", () => store.set({ box: null })],
    ].filter(Boolean);
    const chip = ([label, remove]) => {
      const click = () => {
        this.clear.focus(); // the chip goes, and in the text a phone would open its keyboard
        remove();
      };
      const cross = h("span", { "aria-hidden": "true" }, " \u00d7");
      return button([label, cross], click, { class: false, "aria-label": `Remove ${label}` });
    };
    show(this.filters, filters.map((filter) => h("li", chip(filter))));
  }

  #counts(state) {
    this.#showFilters(state);
    const { found, algebra } = this.page;
    const total = found.indices.length;
    this.count.textContent = found.waiting
      ? "Loading the properties \u2026"
      : found.problem || `${grouped(total)} of 19,683 operations`;
    const counts = algebra === null ? null : algebra.counts(found.indices);
    this.properties.forEach(({ name, box, not, counted, row }, at) => {
      box.checked = state.has.includes(name);
      not.setAttribute("aria-pressed", String(state.lacks.includes(name)));
      row.className = state.has.includes(name) ? "wanted" : state.lacks.includes(name) ? "unwanted" : "";
      if (counts !== null) counted.textContent = grouped(counts[at]);
    });
  }

  #list() {
    const { page } = this;
    const { state } = page.store;
    this.csv.disabled = page.algebra === null;
    const missing = { code: !page.codes.means[state.half], mass: !page.mass }[state.order] ?? false;
    if (page.found.waiting || missing) {
      this.more.hidden = true;
      return show(this.list, h("li", loading()));
    }
    const indices = page.inOrder();
    const shown = indices.slice(0, this.rows);
    show(this.list, shown.map((index) => h("li", page.button(index, { note: this.#note(index, state) }))));
    this.more.hidden = indices.length <= this.rows;
    this.more.textContent = `Show more (${grouped(indices.length - this.rows)} left)`;
  }

  #note(index, state) {
    if (state.order === "cells") return `${hamming(index, anchor(state))} cells`;
    if (state.order === "mass" && this.page.mass)
      return `${decimal(this.page.mass[`mass_${state.half}`][index])} / K`;
    return "";
  }

  #download() {
    download("operations.csv", writeCsv(this.page), "text/csv");
  }
}
