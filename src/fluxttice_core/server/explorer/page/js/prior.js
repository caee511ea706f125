/** The panel that draws from the prior and watches how many operations are reached. */

import { ceiling, ceilingSpread, emptyChart, showCoverage } from "./chart.js";
import { button, decimal, field, grouped, h, hint, show } from "./dom.js";
import { loadInto } from "./loading.js";
import { fetchDocument } from "./source.js";
import { K } from "./space.js";

const AMOUNTS = [1000, 10000, 50000, 100000];
const REDRAW = 80;
const LARGEST_SEED = 4294967295;

export class Panel {
  constructor(root, page) {
    this.page = page;
    this.run = 0;
    this.floors = [];
    this.chart = emptyChart();
    this.said = h("p.verdict", { id: "coverage" });
    this.announced = h("p.visually-hidden", { role: "status" });
    this.amount = h("select", {
      id: "draws",
      on: { change: () => page.store.set({ draws: Number(this.amount.value) }) },
    });
    this.rule = h("select", { id: "rule", on: { change: () => page.store.set({ rule: this.rule.value }) } },
      h("option", { value: "argmax" }, "most likely table (argmax)"),
      h("option", { value: "categorical" }, "drawn cell by cell (categorical)"),
    );
    const seed = () => Math.trunc(Math.min(Math.max(Number(this.seed.value) || 0, 0), LARGEST_SEED));
    const change = () => page.store.set({ seed: seed() });
    this.seed = h("input", {
      id: "seed",
      type: "number",
      min: 0,
      max: LARGEST_SEED,
      step: 1,
      on: { change },
    });
    this.button = button("Draw", () => (this.running ? this.#stop() : this.#start()), {
      class: "primary",
      id: "draw",
    });
    root.append(
      h("h2.panel-title", "Draw from the prior"),
      hint(
        "Latents are drawn from the standard normal prior and decoded by the chosen half. Coverage is the share of all operations seen.",
      ),
      h("div.fields",
        field("Draws", this.amount),
        field("Decode rule", this.rule),
        field("Seed", this.seed),
        this.button,
      ),
      this.chart,
      h("ul.keys",
        h("li.key-reached", "this model"),
        h("li.key-ceiling", "perfect generator (ceiling)"),
        h("li.key-floor", { hidden: true }, "untrained networks (floor)"),
      ),
      this.said,
      this.announced,
      hint(
        "An untrained decoder also scores high under the categorical rule: judge coverage by argmax, beside the generative information in the report.",
      ),
    );
    for (const worker of Object.values(page.codes.workers))
      worker.addEventListener("message", ({ data }) => data.kind === "drawn" && this.#take(data));
    page.store.watch(["draws", "rule", "seed", "half"], (state) => this.#update(state));
    const floors = h("div");
    root.append(floors);
    loadInto(floors, "the floor of untrained networks", () => fetchDocument("report.json"), (report) => {
      this.floors = report.floors ?? [];
      root.querySelector(".key-floor").hidden = this.floors.length === 0;
      show(floors);
      this.#show();
    });
  }

  #update(state) {
    const amounts = AMOUNTS.includes(state.draws) ? AMOUNTS : [...AMOUNTS, state.draws].sort((a, b) => a - b);
    this.amount.replaceChildren(...amounts.map((amount) => h("option", { value: amount }, grouped(amount))));
    this.amount.value = state.draws;
    this.rule.value = state.rule;
    this.seed.value = state.seed;
    this.#stop();
    this.points = [[0, 0]];
    this.#show();
  }

  #start() {
    const { half, rule, seed, draws } = this.page.store.state;
    this.run += 1;
    Object.assign(this, { running: half, drawn: 0, distinct: 0, points: [[0, 0]], shown: 0 });
    this.page.drawn.fill(0);
    this.page.store.set({ colour: "drawn", drawn: this.run });
    this.button.textContent = "Stop";
    const task = { kind: "draw", half, rule, seed, count: draws, run: this.run };
    this.page.codes.workers[half].postMessage(task);
  }

  #stop() {
    if (!this.running) return;
    this.page.codes.workers[this.running].postMessage({ kind: "stop" });
    this.running = null;
    this.button.textContent = "Draw";
    this.announced.textContent = this.said.textContent;
  }

  #take({ run, operations, last }) {
    if (run !== this.run || !this.running) return;
    const { drawn } = this.page;
    for (const index of operations) {
      if (drawn[index] === 0) this.distinct += 1;
      if (drawn[index] < 255) drawn[index] += 1;
    }
    this.drawn += operations.length;
    this.points.push([this.drawn, this.distinct]);
    const now = performance.now();
    if (last || now - this.shown > REDRAW) {
      this.shown = now;
      this.#show();
      this.page.recolour();
    }
    if (last) this.#stop();
  }

  #show() {
    const { draws, half, rule } = this.page.store.state;
    const floors = this.floors.filter((floor) => floor.half === half && floor.rule === rule);
    showCoverage(this.chart, thinned(this.points), draws, floors);
    const [n, distinct] = this.points.at(-1);
    this.said.textContent =
      n === 0
        ? `Half ${half.toUpperCase()}, nothing drawn yet.`
        : `Half ${half.toUpperCase()}, ${rule}, ${grouped(n)} draws: ${grouped(distinct)} distinct, ${decimal((100 * distinct) / K, 2)} % of all; ceiling ${decimal((100 * ceiling(n)) / K, 2)} \u00b1 ${decimal((100 * ceilingSpread(n)) / K, 2)} %, efficiency ${decimal(distinct / ceiling(n), 4)}.`;
  }
}

function thinned(points) {
  const step = Math.ceil(points.length / 200);
  return points.filter((_, i) => i % step === 0 || i === points.length - 1);
}
