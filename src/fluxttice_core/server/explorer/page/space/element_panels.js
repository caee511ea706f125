/** The panels of the page of any space: find, the chosen element, decoding of latents, draws from the prior. */

import { afterwards, ask } from "./ask.js";
import { button, decimal, field, grouped, h, hint, list, section, show } from "../js/dom.js";
import { fact } from "../js/facts.js";
import { loadInto } from "../js/loading.js";

const ROWS = 60;
const NEAREST = 12;
const WIDEST = 3;
const TYPED = 200;
const MOVED = 60;

export class FindPanel {
  constructor(root, page) {
    Object.assign(this, { page });
    const { space } = page, example = page.stringOf(page.manifest.first);
    // Where digits are symbols a string of them is no index.
    const indexed = new Set(space.alphabets.join("").match(/[0-9]/g)).size < 2;
    const search = afterwards(TYPED, () => this.#search());
    this.input = h("input", {
      type: "search", id: "query", placeholder: `${example} or ${example.slice(0, -1)}?`, autocomplete: "off",
      spellcheck: "false", "aria-describedby": "query-help", on: { input: search },
    });
    this.support = h("input", { type: "checkbox", id: "support", on: { change: () => this.#search() } });
    this.found = h("div.found", { role: "status" });
    root.append(
      h("label.panel-title", { for: "query" }, `Find ${space.many}`),
      this.input,
      h("p.hint", { id: "query-help" }, `A string, with ? for any ${space.part}${indexed ? ", or an index" : ""}; nothing: the nearest to the chosen one.`),
      ...(space.support < space.size
        ? [h("label.control", this.support, `only the ${grouped(space.support)} of the support`)]
        : []),
      this.found,
    );
    page.store.watch(["op"], () => this.input.value.trim() === "" && this.#search());
  }

  #search() {
    const typed = this.input.value.trim(), { page } = this;
    const query = new URLSearchParams({ page_size: ROWS });
    if (this.support.checked) query.set("support", "true");
    if (typed === "") query.set("near", page.stringOf(page.store.state.op));
    else query.set("matching", typed);
    // What is no pattern is one element: an index, a name, or another way of writing it.
    const one = () => ask(`elements/${encodeURIComponent(typed)}`).then((row) => ({ total: 1, data: [row] }));
    const asking = () => (typed === "" || typed.includes("?") ? ask(`elements?${query}`) : one());
    loadInto(this.found, page.space.many, asking, ({ total, data }) =>
      show(this.found,
        h("p.count", `${grouped(total)} ${total === 1 ? page.space.one : page.space.many}`),
        list("ol.results", data.map((row) => page.button(row, row.distance > 0 && apart(page, row.distance)))),
        total > data.length && hint(`The first ${data.length} are shown.`),
      ));
  }
}

export class ElementPanel {
  constructor(root, page) {
    this.page = page;
    this.title = h("h2.panel-title.glyphs");
    this.symbols = h("div.actions");
    this.about = h("div");
    this.near = h("div");
    root.append(this.title, this.symbols, this.about,
      section("Nearest by code", this.near));
    page.store.watch(["op"], () => this.#show());
    page.store.watch(["op", "half"], () => this.#showNear());
  }

  #show() {
    const { page } = this, { op } = page.store.state, digits = page.digitsOf(op);
    this.title.textContent = page.stringOf(op);
    show(this.symbols, digits.map((digit, at) => {
      const letters = [...page.space.alphabets[at]];
      const change = ({ target }) => page.choose(page.indexOf(digits.with(at, Number(target.value))));
      const select = h("select", { "aria-label": `${page.space.part} ${at + 1}`, on: { change } },
        letters.map((letter, value) => h("option", { value }, letter)));
      select.value = digit;
      return select;
    }));
    loadInto(this.about, `the ${page.space.one}`, () => ask(`elements/${encodeURIComponent(page.stringOf(op))}`), (row) => {
      page.shown = row;
      page.mark();
      const split = row.split?.replace("_", " ");
      show(this.about,
        h("dl.facts.wide",
          fact("index", grouped(row.index)),
          row.hexadecimal && fact("hexadecimal", row.hexadecimal),
          row.names?.length > 0 && fact("name", row.names.join(", ")),
          row.npn_class && fact("NPN class", `${row.npn_class}, ${grouped(row.npn_members)} functions; one of ${row.npn_classes}`),
          fact("support", row.in_support ? "in it" : "outside of it"),
          fact("target", row.target === 0 ? "0" : row.target.toPrecision(3)),
          split && fact("split", split === "outside" ? "outside of the support" : split),
        ),
        Object.entries(row.codes).map(([name, code]) => codeView(row, name, code)));
    });
  }

  #showNear() {
    const { page } = this, { op } = page.store.state;
    const asking = () => ask("neighbours", { element: page.stringOf(op), model: page.model, limit: NEAREST });
    loadInto(this.near, `what is near in half ${page.store.state.half.toUpperCase()}`, asking, ({ data }) =>
      show(this.near, list("ol.results", data.map((row) => page.button(row, decimal(row.distance))))));
  }
}

function codeView(row, name, { mean, string, reconstruction, probability }) {
  const exact = reconstruction === row.index;
  return h("div.code",
    h("h4", `Half ${name.at(-1).toUpperCase()}`),
    h("p.verdict",
      h("span", exact ? "decoded exactly" : ["decoded as ", h("span.glyphs", string)], `, probability ${decimal(probability, 3)}`)),
    h("p.hint.latents", mean.map((entry) => decimal(entry)).join("  ")),
  );
}

export class DecodePanel {
  constructor(root, page) {
    this.page = page;
    this.decoded = h("div", { id: "decoded" });
    this.sliders = h("ol.sliders");
    this.run = 0;
    this.decode = afterwards(MOVED, () => this.#decode());
    root.append(
      h("h2.panel-title", "Decode a latent"),
      hint(`The sliders begin at the code of the chosen ${page.space.one}; what they are moved to is decoded by the chosen half.`),
      h("div.actions", button("Begin there again", () => this.#begin())),
      this.decoded,
      this.sliders,
    );
    page.store.watch(["tab", "op", "half"], ({ tab }) => {
      if (tab === "decode") this.#begin();
      else page.store.set({ z: null });
    });
  }

  #begin() {
    const { page } = this;
    this.run += 1;
    const asking = () => ask("embeddings", { model: page.model, input: page.stringOf(page.store.state.op) });
    loadInto(this.decoded, "the code", asking, ({ data }) => {
      if (page.store.state.tab !== "decode") return;
      this.z = data[0].embedding;
      show(this.sliders, this.z.map((value, d) => this.#slider(value, d)));
      this.#decode();
    });
  }

  #slider(value, d) {
    const said = h("output", decimal(value));
    const moved = ({ target }) => {
      this.z = this.z.with(d, Number(target.value));
      said.textContent = decimal(this.z[d]);
      this.decode();
    };
    const input = h("input", {
      type: "range", min: -WIDEST, max: WIDEST, step: "any", "aria-label": `Latent ${d + 1}`, on: { input: moved },
    });
    input.value = value;
    return h("li", h("span.latent", `z${d}`), input, said);
  }

  #decode() {
    const { page } = this, latents = [...this.z], run = (this.run += 1);
    if (page.store.state.tab !== "decode") return;
    page.store.set({ z: latents });
    const said = (...parts) => run === this.run && show(this.decoded, ...parts);
    ask("decode", { model: page.model, latents }).then(
      ({ data }) => said(page.button(data[0], `probability ${decimal(data[0].probability, 3)}`)),
      (error) => said(h("p.failed", { role: "alert" }, error.message)));
  }
}

export class PriorPanel {
  constructor(root, page) {
    this.page = page;
    this.amount = h("select", { id: "draws" }, [100, 1000, 10000, 100000].map((n) => h("option", { value: n }, grouped(n))));
    this.amount.value = 10000;
    this.seed = h("input", { id: "seed", type: "number", min: 0, step: 1, value: 0 });
    this.said = h("div", { id: "coverage", role: "status" });
    root.append(
      h("h2.panel-title", "Draw from the prior"),
      hint("Latents are drawn from the standard normal prior, and decoded by the chosen half to the most likely one."),
      h("div.fields",
        field("Draws", this.amount),
        field("Seed", this.seed),
        button("Draw", () => this.#draw(), { class: "primary", id: "draw" }),
      ),
      this.said,
    );
    page.store.watch(["half"], () => this.#clear());
  }

  /** Show nothing, and let nothing that was asked for appear. */
  #clear() {
    const { page } = this;
    loadInto(this.said, "", async () => null, () => show(this.said));
    page.drawn.fill(0);
    page.store.set({ drawn: page.store.state.drawn + 1 });
  }

  #draw() {
    const { page } = this, { half } = page.store.state, n = Number(this.amount.value), seed = Math.max(Math.trunc(Number(this.seed.value)) || 0, 0);
    loadInto(this.said, "the draws", () => ask("sample", { model: page.model, n, seed }), (drawn) => {
      page.drawn.fill(0);
      for (const index of drawn.elements) {
        const point = page.pointOf.get(index);
        if (point !== undefined && page.drawn[point] < 255) page.drawn[point] += 1;
      }
      page.store.set({ colour: "drawn", drawn: page.store.state.drawn + 1 });
      const { space } = page;
      show(this.said,
        h("p.verdict", `Half ${half.toUpperCase()}, ${grouped(n)} draws: ${grouped(drawn.distinct_in_support)} distinct ${space.many} of ${grouped(space.support)}`),
        h("p.verdict", `draws from the target itself: ${decimal(drawn.ceiling, 1)}; efficiency ${decimal(drawn.distinct_in_support / drawn.ceiling, 4)}`),
        space.support < space.size &&
          h("p.verdict", `outside of the support: ${grouped(drawn.outside_support)} draws, ${decimal((100 * drawn.outside_support) / n, 2)} %`),
      );
    });
  }
}

const apart = ({ space }, distance) => `${distance} ${distance === 1 ? space.part : space.parts} apart`;
