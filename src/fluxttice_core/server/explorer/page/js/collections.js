/** The panel of collections: named sets of operations, kept in this browser and shared by the page's address. */

import { button, field, form, h, hint, list, section, show } from "./dom.js";
import { copyText } from "./copy.js";
import { fact } from "./facts.js";
import { collection, writeLink } from "./link.js";

const KEY = "fluxttice-collection:";

/** The collections that this browser keeps, by name. */
function kept() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY));
  const found = keys.map((key) => collection.read(`${localStorage.getItem(key)}:${key.slice(KEY.length)}`));
  return found.filter(Boolean).sort((one, other) => one.name.localeCompare(other.name));
}

const keptAs = (name) => kept().find((one) => one.name === name);
const equal = (one, other) => one?.name === other?.name && String(one?.ops) === String(other?.ops);

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.chooser = this.#chooser("set", "collection");
    this.other = this.#chooser("beside", "beside");
    this.name = h("input", { type: "text", id: "collection-name", maxlength: 60, autocomplete: "off" });
    this.said = h("p.hint", { role: "status" });
    this.content = h("div");
    this.comparison = h("div");
    root.append(
      h("h2.panel-title", "Collections"),
      hint("Name a set of operations, which begins with the chosen one. It stays in this browser, and in the page\u2019s address."),
      form("fields", () => this.#start(this.name.value.trim()), field("New collection", this.name), h("button.quiet", "Start")),
      h("label.hint", { for: "collection" }, "Collection"),
      this.chooser,
      this.said,
      this.content,
      section("Compare", h("label.hint", { for: "beside" }, "With"), this.other, this.comparison),
    );
    addEventListener("storage", () => this.#update(page.store.state));
    page.store.watch(["set", "beside", "op", "algebra", "tab", "letters"], (state) => this.#update(state));
  }

  #chooser(key, id) {
    const choose = ({ target }) =>
      this.page.store.set({ [key]: keptAs(target.value) ?? null });
    return h("select", { id, on: { change: choose } });
  }

  #start(name) {
    const { op } = this.page.store.state;
    const made = collection.read(`${op}:${name}`);
    if (made === undefined || keptAs(name)) {
      this.said.textContent = made ? `There is a collection ${name} already.` : "Give it a name.";
      return;
    }
    this.name.value = "";
    this.#keep(made);
  }

  #keep(set) {
    try {
      localStorage.setItem(KEY + set.name, set.ops.join(","));
      this.said.textContent = "";
    } catch (error) {
      this.said.textContent = `This browser did not keep it: ${error.message}`;
    }
    this.page.store.set({ set });
  }

  /** Keep what came by a link, under a name that is free. */
  #adopt({ name, ops }) {
    let free = name;
    for (let copy = 2; keptAs(free); copy += 1) free = `${name.slice(0, 54)} (${copy})`;
    this.#keep({ name: free, ops });
  }

  #update({ tab, set, beside, op }) {
    if (tab !== "collections") return;
    this.#offer(this.chooser, set, "none");
    this.#offer(this.other, beside, "nothing");
    const own = set !== null && equal(set, keptAs(set.name));
    show(this.content, set && [
      h("div.actions",
        own && button(`Add ${this.page.nameOf(op)}`, () => this.#change([...set.ops, op]), {
          id: "collect", disabled: set.ops.includes(op),
        }),
        !own && button("Keep in this browser", () => this.#adopt(set)),
        button("Copy link", () => this.#copy()),
        own && button("Delete", () => this.#delete(set)),
      ),
      list("ul.results.collected", set.ops.map((one) => [
        this.page.button(one),
        own && button("\u00d7", () => this.#change(set.ops.filter((other) => other !== one)), {
          "aria-label": `Remove ${this.page.nameOf(one)}`,
        }),
      ])),
    ]);
    show(this.comparison, set && beside && this.#compare(set, beside));
  }

  /** Offer what is kept, and what is shown though it is not. */
  #offer(select, shown, nothing) {
    const sets = kept();
    const foreign = shown !== null && !sets.some((one) => equal(one, shown));
    show(select,
      h("option", { value: "" }, nothing),
      sets.map(({ name, ops }) => h("option", { value: name }, `${name} (${ops.length})`)),
      foreign && h("option", { value: "\n" }, `${shown.name} (${shown.ops.length}), from a link`),
    );
    select.value = foreign ? "\n" : (shown?.name ?? "");
  }

  #change(ops) {
    const { set } = this.page.store.state;
    const changed = collection.read(`${ops.join(",")}:${set.name}`);
    if (changed) this.#keep(changed);
    else this.said.textContent = "A collection holds 1 to 500 operations: delete it, or start another.";
  }

  #delete({ name }) {
    localStorage.removeItem(KEY + name);
    this.page.store.set({ set: null });
  }

  /** The address follows the state a moment later, so it is written here. */
  #copy() {
    const address = new URL(location.href);
    address.hash = writeLink(this.page.store.state);
    copyText(address.href, this.said, "Link copied");
  }

  #compare(one, other) {
    const { algebra } = this.page;
    const only = (set, without) => set.ops.filter((op) => !without.ops.includes(op));
    const parts = [
      ["In both", one.ops.filter((op) => other.ops.includes(op))],
      [`Only in ${one.name}`, only(one, other)],
      [`Only in ${other.name}`, only(other, one)],
    ];
    const shared = ({ ops }) =>
      algebra.names.filter((name) => ops.every((op) => algebra.has(op, name))).join(", ") || "nothing that is known here";
    return [
      parts.map(([title, ops]) =>
        [h("h4", `${title}: ${ops.length}`), list("ul.results", ops.map((op) => this.page.button(op)))]),
      algebra && h("dl.facts.wide", fact(`all of ${one.name}`, shared(one)), fact(`all of ${other.name}`, shared(other))),
    ];
  }
}
