/** What is set above the map: half, map, colours, labels, zoom and the box tool. */

import { kindsOf } from "./colouring.js";
import { button, h, show } from "./dom.js";
import { LATENTS } from "./network.js";
import { LETTERS } from "./space.js";

/** Chooses the half of the model; what else that changes is set, too. */
export function halfControl(store, also = {}) {
  const choices = ["a", "b"].map((half) =>
    button(half.toUpperCase(), () => store.set({ half, ...also }), { class: false, "data-value": half }));
  store.watch(["half"], ({ half }) => {
    for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.value === half));
  });
  return h("div.control", h("span.control-label", "Half"),
    h("div.segmented", { role: "group", "aria-label": "Half of the model" }, choices));
}

export class Panel {
  constructor(root, page, map) {
    this.page = page;
    const { store, manifest } = page;
    this.map = h("select",
      { id: "map-kind", on: { change: () => store.set({ map: this.map.value, x: 0, y: 1 }) } },
      manifest.layout && h("option", { value: "layout" }, `${manifest.layout.method} layout`),
      h("option", { value: "pca" }, "principal components"),
      h("option", { value: "pair" }, "two latents"),
    );
    this.axes = ["x", "y"].map((axis) =>
      h("select.short", {
        "aria-label": `${axis} axis`,
        on: { change: (event) => store.set({ [axis]: Number(event.target.value) }) },
      }),
    );
    this.colour = h("select", { id: "colour", on: { change: () => this.#kind() } },
      kindsOf(manifest).map(({ kind, label }) => h("option", { value: kind }, label)),
    );
    this.argument = h("select", {
      "aria-label": "which",
      on: { change: () => store.set({ colour: `${this.colour.value}:${this.argument.value}` }) },
    });
    this.letters = h("select.short",
      {
        id: "letters",
        title: "How the values -1, 0 and +1 are shown",
        "aria-label": "Letters of the values",
        on: { change: () => store.set({ letters: this.letters.value }) },
      },
      Object.entries(LETTERS).map(([value, letters]) => h("option", { value }, letters.join(""))),
    );
    const relabel = () => map.setScene({ labels: this.labels.checked });
    this.labels = h("input", { type: "checkbox", id: "labels", checked: true, on: { change: relabel } });
    root.append(
      halfControl(store),
      h("div.control", h("label", { for: "map-kind" }, "Map"), this.map, ...this.axes),
      h("div.control", h("label", { for: "colour" }, "Colour"), this.colour, this.argument),
      h("div.control", this.letters),
      h("div.control", this.labels, h("label", { for: "labels" }, "names")),
    );
    store.watch(["half", "map", "x", "y", "colour", "letters"], (state) => this.#update(state));
  }

  #kind() {
    const { kind, options } = kindsOf(this.page.manifest).find((one) => one.kind === this.colour.value);
    this.page.store.set({ colour: options.length > 0 ? `${kind}:${options[0][0]}` : kind });
  }

  #update(state) {
    this.map.value = state.map;
    this.axes.forEach((select, at) => {
      select.hidden = state.map === "layout";
      const name = (d) => (state.map === "pca" ? `${d + 1}` : `z${d}`);
      show(select, Array.from({ length: LATENTS }, (_, d) => h("option", { value: d }, name(d))));
      select.value = at === 0 ? state.x : state.y;
    });
    const [kind, argument] = state.colour.split(":");
    this.letters.value = state.letters;
    const { options } = kindsOf(this.page.manifest).find((one) => one.kind === kind) ?? { options: [] };
    this.colour.value = kind;
    this.argument.hidden = options.length === 0;
    show(this.argument, options.map(([value, label]) => h("option", { value }, label)));
    this.argument.value = argument;
  }
}
