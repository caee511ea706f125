/** What is set above the map: half, map, colours, labels, zoom and the box tool. */

import { kindsOf } from "./colouring.js";
import { button, h } from "./dom.js";
import { LATENTS } from "./network.js";

export class Controls {
  constructor(root, page, map) {
    this.page = page;
    const { store, manifest } = page;
    this.half = segmented(
      "Half of the model",
      [
        ["a", "A"],
        ["b", "B"],
      ],
      (half) => store.set({ half }),
    );
    this.map = h(
      "select",
      { id: "map-kind", on: { change: () => store.set({ map: this.map.value, x: 0, y: 1 }) } },
      manifest.layout && h("option", { value: "layout" }, `${manifest.layout.method} layout`),
      h("option", { value: "pca" }, "principal components"),
      h("option", { value: "pair" }, "two latents"),
    );
    this.axes = ["x", "y"].map((axis) =>
      h("select", {
        "aria-label": `${axis} axis`,
        class: "short",
        on: { change: (event) => store.set({ [axis]: Number(event.target.value) }) },
      }),
    );
    this.kinds = kindsOf(manifest);
    this.colour = h(
      "select",
      { id: "colour", on: { change: () => this.#kind() } },
      this.kinds.map(({ kind, label }) => h("option", { value: kind }, label)),
    );
    this.argument = h("select", {
      "aria-label": "which",
      on: { change: () => store.set({ colour: `${this.colour.value}:${this.argument.value}` }) },
    });
    this.labels = h("input", {
      type: "checkbox",
      id: "labels",
      checked: true,
      on: { change: () => map.setScene({ labels: this.labels.checked }) },
    });
    root.append(
      h("div", { class: "control" }, h("span", { class: "control-label" }, "Half"), this.half.element),
      h("div", { class: "control" }, h("label", { for: "map-kind" }, "Map"), this.map, ...this.axes),
      h("div", { class: "control" }, h("label", { for: "colour" }, "Colour"), this.colour, this.argument),
      h("div", { class: "control" }, this.labels, h("label", { for: "labels" }, "names")),
    );
    store.watch(["half", "map", "x", "y", "colour"], (state) => this.#update(state));
  }

  #kind() {
    const { kind, options } = this.kinds.find((one) => one.kind === this.colour.value);
    this.page.store.set({ colour: options.length > 0 ? `${kind}:${options[0][0]}` : kind });
  }

  #update(state) {
    this.half.update(state.half);
    this.map.value = state.map;
    this.axes.forEach((select, at) => {
      select.hidden = state.map === "layout";
      const name = (d) => (state.map === "pca" ? `${d + 1}` : `z${d}`);
      select.replaceChildren(
        ...Array.from({ length: LATENTS }, (_, d) => h("option", { value: d }, name(d))),
      );
      select.value = at === 0 ? state.x : state.y;
    });
    const [kind, argument] = state.colour.split(":");
    const { options } = this.kinds.find((one) => one.kind === kind) ?? { options: [] };
    this.colour.value = kind;
    this.argument.hidden = options.length === 0;
    this.argument.replaceChildren(...options.map(([value, label]) => h("option", { value }, label)));
    this.argument.value = argument;
  }
}

function segmented(label, options, choose) {
  const buttons = options.map(([value, text]) =>
    button(text, () => choose(value), { class: false, "data-value": value }),
  );
  return {
    element: h("div", { class: "segmented", role: "group", "aria-label": label }, buttons),
    update: (value) =>
      buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.value === value))),
  };
}
