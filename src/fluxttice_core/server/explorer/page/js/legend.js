/** The legend of the map's colours. */

import { grouped, h, show } from "./dom.js";

export function showLegend(element, { title, items, stops, ticks }) {
  show(
    element,
    h("h2", { class: "legend-title" }, title),
    items &&
      h(
        "ul",
        { class: "legend-items" },
        items.map(({ label, colour, count }) =>
          h(
            "li",
            {},
            h("span", { class: "swatch", style: { "background-color": colour } }),
            h("span", { class: "legend-label" }, label),
            h("span", { class: "legend-count" }, grouped(count)),
          ),
        ),
      ),
    stops &&
      h("div", {
        class: "legend-ramp",
        style: { "background-image": `linear-gradient(to right, ${stops.join(", ")})` },
      }),
    ticks &&
      h(
        "div",
        { class: "legend-ticks" },
        ticks.map((tick) => h("span", {}, tick)),
      ),
  );
}
