/** The legend of the map's colours. */

import { grouped, h, list, show } from "./dom.js";

export function showLegend(element, { title, items, stops, ticks }) {
  show(element,
    h("h2.legend-title", title),
    items &&
      list("ul.legend-items",
        items.map(({ label, colour, count }) => [
          h("span.swatch", { style: { "background-color": colour } }),
          h("span.legend-label", label),
          h("span.legend-count", grouped(count)),
        ]),
      ),
    stops && h("div.legend-ramp", { style: { "background-image": `linear-gradient(to right, ${stops})` } }),
    ticks && h("div.legend-ticks", ticks.map((tick) => h("span", tick))),
  );
}
