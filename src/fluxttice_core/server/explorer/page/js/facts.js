/** Facts as terms with their values, and the algebra of an operation as such facts. */

import { grouped, h } from "./dom.js";
import { SYMBOLS } from "./space.js";

export const fact = (term, value) => [h("dt", term), h("dd", value)];

export function algebraFacts(algebra) {
  const outputs = Object.entries(algebra.value_counts);
  const sets = algebra.subalgebras.map((set) => `{${set.map(signed).join(", ")}}`);
  const partition = (blocks) => blocks.map((block) => block.map(signed).join("")).join(" | ");
  return h("dl.facts.wide",
    fact("identity", signed(algebra.identity)),
    fact("zero", signed(algebra.zero)),
    fact("depends on", algebra.essential_inputs.join(", ") || "nothing"),
    fact("outputs", outputs.map(([value, count]) => `${signed(Number(value))} \u00d7 ${count}`).join(", ")),
    fact("subalgebras", sets.join(" ") || "none"),
    fact("congruences", algebra.congruences.map(partition).join("; ") || "only the trivial ones"),
    fact("automorphisms", grouped(algebra.automorphisms.length)),
    fact("maximal clones", algebra.maximal_clones.join("; ") || "none: it is Sheffer"),
  );
}

const signed = (value) => value === null ? "none" : SYMBOLS[value + 1];
