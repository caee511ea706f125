/** What one half makes of an operation: its code, and as the server says, what that is decoded to and p(x). */

import { decimal, h } from "./dom.js";
import { loading } from "./loading.js";
import { LATENTS } from "./network.js";
import { CELLS, hamming } from "./space.js";
import { miniature } from "./tables.js";

const CARRIED = 0.5;
const WIDEST = 2.5;

export function codeView({ codes, mass, manifest }, half, op) {
  const { mean, logVariance } = codes.encode(half, op);
  return h("div.code",
    h("h4", `Half ${half.toUpperCase()}`),
    bars(mean, logVariance, manifest.halves[half]),
    mass === null ? loading() : verdict(mass, half, op),
  );
}

function verdict(mass, half, op) {
  const decoded = op + mass[`off_${half}`][op], wrong = hamming(op, decoded);
  return h("p.verdict",
    miniature(decoded, op),
    h("span",
      wrong === 0 ? "decoded exactly" : `decoded with ${wrong} wrong cell${wrong === 1 ? "" : "s"}`,
      `, p(table | code) = ${decimal(mass[`joint_${half}`][op], 3)}`,
    ),
    h("span", `p(x) = (${decimal(mass[`mass_${half}`][op])} \u00b1 ${decimal(mass[`noise_${half}`][0])}) / K`),
  );
}

/** The 16 latents of a code as bars around 0, with the spread of the posterior. */
function bars(mean, logVariance, half) {
  return h("ol.bars",
    Array.from({ length: LATENTS }, (_, d) => {
      const value = mean[d];
      const sd = Math.exp(logVariance[d] / 2);
      const [cell, share] = half.cells[d];
      const carries = share > CARRIED ? `, carries cell ${cell + 1} of ${CELLS}` : "";
      const words = `z${d} = ${decimal(value)} \u00b1 ${decimal(sd)}${carries}`;
      const at = (x) => `${50 + 50 * Math.max(-1, Math.min(1, x / WIDEST))}%`;
      return h("li", { title: words },
        h("span.visually-hidden", words),
        h("span.bar-track", { "aria-hidden": "true" },
          h("span.bar-spread", { style: { left: at(value - sd), right: `calc(100% - ${at(value + sd)})` } }),
          h("span.bar-value", { style: { left: at(value) } }),
        ),
      );
    }),
  );
}
