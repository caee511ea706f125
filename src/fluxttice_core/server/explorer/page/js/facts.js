/** Facts as terms with their values, and the algebra of an operation as such facts. */

import { grouped, h } from "./dom.js";
import { SYMBOLS, heptavintimal, indexIn, written } from "./space.js";

export const fact = (term, value) => [h("dt", term), h("dd", value)];

/** How an operation is written, and what is known of its names. */
export function writtenFacts(digits, names) {
  const index = indexIn(digits), others = ["012", "FUT"].flatMap((letters) => [h("code", written(digits, letters)), " "]);
  return [
    fact("string", h("code", written(digits))),
    fact("index", h("code", String(index))),
    fact("also written", ["base 27: ", h("code", heptavintimal(index, digits.length / 3)), h("br"), others]),
    names.map((one) => [
      fact(SYMBOLS[2] === "+" ? "formula" : "formula in -1, 0, 1", one.formula),
      one.aliases.length > 0 && fact("also", one.aliases.join(", ")),
      fact("source", one.source),
    ]),
  ];
}

/** What is known of an operation, and the digits of its cells; an identity and a zero are asked of two inputs. */
export function algebraFacts(known, digits) {
  const sets = known.subalgebras.map((set) => `{${set.map(signed).join(", ")}}`);
  const partition = (blocks) => blocks.map((block) => block.map(signed).join("")).join(" | ");
  const times = (digit) => digits.filter((one) => one === digit).length;
  const outputs = SYMBOLS.map((symbol, digit) => `${symbol} \u00d7 ${times(digit)}`);
  return h("dl.facts.wide",
    known.identity && fact("identity", known.identity.map(signed).join() || "none"),
    known.zero && fact("zero", known.zero.map(signed).join() || "none"),
    fact("depends on", known.essential_inputs.join(", ") || "nothing"),
    fact("outputs", outputs.join(", ")),
    fact("subalgebras", sets.join(" ") || "none"),
    fact("congruences", known.congruences.map(partition).join("; ") || "only the trivial ones"),
    fact("automorphisms", grouped(known.automorphisms.length)),
    fact("maximal clones", known.maximal_clones.map(inLetters).join("; ") || (digits.length > 3 ? "none: it is Sheffer" : "none")),
  );
}

const signed = (value) => SYMBOLS[value + 1];
/** The name of a clone, whose values are written -1, 0 and +1, in the letters of now. */
const inLetters = (name) =>
  SYMBOLS[2] === "+" ? name : name.replace(/[-+]1|\b0\b/g, (value) => signed(Number(value)));
