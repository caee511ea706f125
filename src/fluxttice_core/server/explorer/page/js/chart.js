/** The growth of coverage with draws, beside what a perfect generator is expected to reach. */

import { decimal, grouped, show, svg } from "./dom.js";
import { K } from "./space.js";

const SIZE = { width: 360, height: 210, left: 40, right: 12, top: 10, bottom: 30 };
const STEPS = 80;

/** Expected number of distinct operations among n uniform draws: K (1 - (1 - 1/K)^n). */
export const ceiling = (draws) => -K * Math.expm1(draws * Math.log1p(-1 / K));

/**
 * How far from that a perfect generator may fall, 95 % of the time: 1.96 standard deviations, from
 * Var = K (1 - 1/K)^n + K (K - 1) (1 - 2/K)^n - K^2 (1 - 1/K)^2n.
 */
export function ceilingSpread(draws) {
  const [unseen, pair] = [1, 2].map((absent) => Math.exp(draws * Math.log1p(-absent / K)));
  return 1.96 * Math.sqrt(Math.max(K * unseen + K * (K - 1) * pair - (K * unseen) ** 2, 0));
}

/** Draw points [draws, distinct], the ceiling up to `most` draws, and the floors of untrained networks. */
export function showCoverage(element, points, most, floors) {
  const { width, height, left, right, top, bottom } = SIZE;
  const x = (draws) => left + ((width - left - right) * draws) / most;
  const y = (distinct) => height - bottom - ((height - top - bottom) * distinct) / K;
  const line = (entries, name) => {
    const ends = entries.map(([draws, distinct]) => `${x(draws).toFixed(1)},${y(distinct).toFixed(1)}`);
    return svg(`polyline.${name}`, { points: ends.join(" ") });
  };
  const evenly = Array.from({ length: STEPS + 1 }, (_, i) => (most * i) / STEPS);
  show(element,
    [0, 0.25, 0.5, 0.75, 1].map((share) => [
      svg("line.rule", { x1: left, x2: width - right, y1: y(share * K), y2: y(share * K) }),
      svg("text.tick", { x: left - 5, y: y(share * K) + 4, "text-anchor": "end" }, `${100 * share} %`),
    ]),
    [[0, "start", ""], [0.5, "middle", ""], [1, "end", " draws"]].map(([share, anchor, unit]) =>
      svg("text.tick", { x: x(share * most), y: height - 10, "text-anchor": anchor },
        `${grouped(share * most)}${unit}`)),
    floors.filter(({ draws }) => draws <= most).map(({ draws, low, high }) =>
      svg("line.floor", { x1: x(draws), x2: x(draws), y1: y(low * K) + 2, y2: y(high * K) - 2 })),
    line(evenly.map((draws) => [draws, ceiling(draws)]), "ceiling"),
    line(points, "reached"),
  );
  const [draws, distinct] = points.at(-1) ?? [0, 0];
  element.setAttribute("aria-label",
    `After ${grouped(draws)} draws, ${decimal((100 * distinct) / K, 1)} % of the operations were seen; the ceiling is ${decimal((100 * ceiling(draws)) / K, 1)} %.`,
  );
}

export function emptyChart() {
  const viewBox = `0 0 ${SIZE.width} ${SIZE.height}`;
  return svg("svg.chart", { viewBox, role: "img", "aria-label": "No draws yet" });
}
