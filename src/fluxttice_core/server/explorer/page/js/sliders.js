/** The panel of sliders: one for each latent, and the operation that the decoder makes of them. */

import { button, decimal, h, hint, section, show } from "./dom.js";
import { loading } from "./loading.js";
import { LATENTS } from "./network.js";
import { normals, uniformSource } from "./random.js";
import { cellName, digitsOf } from "./space.js";
import { OperationTable } from "./tables.js";

const WIDEST = 4;
const NEAREST = 4;
const CARRIED = 0.5;

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.table = new OperationTable({
      label: "Most likely table of the latent, with the probabilities of each cell",
    });
    this.said = h("p.verdict", { role: "status" });
    this.near = h("ol.results");
    this.sliders = Array.from({ length: LATENTS }, (_, d) => this.#slider(d));
    root.append(
      h("h2.panel-title", "Decode a latent"),
      hint(
        "Move the sliders, or drag the diamond on the map. Bars show the probabilities of \u2212, 0 and + in each cell.",
      ),
      h("div.actions",
        button("Code of the chosen", () => this.#fromChosen()),
        button("Draw from the prior", () => this.#fromPrior()),
        button("All zero", () => page.store.set({ z: new Float32Array(LATENTS) })),
        button("Choose the decoded", () => this.decoded && page.choose(this.decoded.index)),
      ),
      h("div.decoded", this.table.element, this.said),
      h("ul.sliders", ...this.sliders.map(({ row }) => row)),
      section("Nearest codes", this.near),
    );
    page.store.watch(["z", "half", "codes", "tab", "op", "letters"], (state) => this.#update(state));
  }

  #slider(d) {
    const input = h("input", {
      type: "range",
      min: -WIDEST,
      max: WIDEST,
      step: 0.01,
      "aria-label": `latent ${d}`,
      on: { input: () => this.#set(d, Number(input.value)) },
    });
    const value = h("output");
    const carries = h("span.carries");
    return { input, value, carries, row: h("li", h("span.latent", `z${d}`), input, value, carries) };
  }

  #set(d, value) {
    const z = Float32Array.from(this.page.store.state.z ?? new Float32Array(LATENTS));
    z[d] = value;
    this.page.store.set({ z });
  }

  #fromChosen() {
    const { op, half } = this.page.store.state;
    this.page.store.set({ z: Float32Array.from(this.page.codes.encode(half, op).mean) });
  }

  #fromPrior() {
    const [seed] = crypto.getRandomValues(new Uint32Array(1));
    this.page.store.set({ z: normals(uniformSource(seed), LATENTS) });
  }

  #update(state) {
    if (state.tab !== "sliders" || this.page.codes === null) return;
    if (state.z === null) return this.#fromChosen();
    const { cells, variances } = this.page.manifest.halves[state.half];
    this.sliders.forEach(({ input, value, carries, row }, d) => {
      if (Number(input.value) !== state.z[d]) input.value = state.z[d];
      value.textContent = decimal(state.z[d]);
      const [cell, share] = cells[d];
      carries.textContent = share > CARRIED ? cellName(cell) : variances[d] < 0.01 ? "idle" : "mixed";
      carries.title = `${(100 * share).toFixed(0)} % of its variance is the value of ${cellName(cell)}`;
      row.classList.toggle("idle", variances[d] < 0.01);
    });
    this.#decode(state);
  }

  #decode(state) {
    const { page } = this;
    this.decoded = page.codes.decode(state.half, state.z);
    const { digits, probabilities } = this.decoded;
    this.table.update(digits, { probabilities, against: digitsOf(state.op) });
    this.said.textContent = page.decodedWords(this.decoded);
    if (page.codes.means[state.half] === null) return show(this.near, h("li", loading()));
    const near = page.codes.nearest(state.half, state.z, NEAREST);
    show(this.near,
      near.map(([squared, one]) => h("li", page.button(one, { note: decimal(Math.sqrt(squared)) }))),
    );
  }
}
