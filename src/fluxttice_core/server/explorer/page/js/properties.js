/** What holds of an operation of one to three inputs, from the digits of its cells: nearly all is a relation kept. */

import { arityOf } from "./space.js";

const VALUES = [0, 1, 2];
const SUBSETS = [[0], [1], [2], [0, 1], [0, 2], [1, 2]];
const PARTITIONS = [[0, 0, 1], [0, 1, 0], [0, 1, 1]];
const RELABELLINGS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
const ORDERS = {
  monotone: [0, 1, 2],
  "monotone-around-minus": [1, 0, 2],
  "monotone-around-plus": [0, 2, 1],
};
const chain = (ranked) => ranked.flatMap((x, at) => ranked.slice(at).map((y) => [x, y]));
const graph = (images) => images.map((image, value) => [value, image]);
const together = (blocks) => VALUES.flatMap((x) => VALUES.filter((y) => blocks[x] === blocks[y]).map((y) => [x, y]));
const sameAs = (one, other) => one.every((value, at) => value === other[at]);
const values = (digits) => digits.map((digit) => digit - 1);

/** Whether it maps tuples of a relation, taken componentwise, to tuples of the relation. */
export function preserves(digits, relation) {
  const inputs = arityOf(digits.length);
  const members = new Set(relation.map(String));
  let choices = [relation[0].map(() => 0)];
  for (let input = 0; input < inputs; input += 1)
    choices = choices.flatMap((cells) => relation.map((tuple) => cells.map((cell, at) => 3 * cell + tuple[at])));
  return choices.every((cells) => members.has(String(cells.map((cell) => digits[cell]))));
}

/** The algebra of an operation, of which `clones` are names and relations. */
export class Described {
  constructor(digits, clones) {
    this.digits = digits;
    this.inputs = arityOf(digits.length);
    this.counts = VALUES.map((value) => digits.filter((digit) => digit === value).length);
    const keeps = (relation) => preserves(digits, relation);
    this.keeps = keeps;
    this.essential = this.#essential();
    this.facts = {
      ...(this.inputs === 2 && { identity: values(this.#neutral()), zero: values(this.#zeros()) }),
      essential_inputs: this.essential.map((input) => "abc"[input]),
      subalgebras: SUBSETS.filter((set) => keeps(set.map((value) => [value]))).map(values),
      congruences: PARTITIONS.filter((blocks) => keeps(together(blocks))).map((blocks) =>
        [0, 1].map((block) => values(VALUES.filter((value) => blocks[value] === block)))),
      automorphisms: RELABELLINGS.filter((images) => keeps(graph(images))).map(values),
      maximal_clones: clones.filter(({ relation }) => keeps(relation)).map(({ name }) => name),
    };
  }

  /** Whether it has a property that is defined for one input or for three. */
  has(name) {
    const { digits, counts, essential, facts, keeps } = this;
    const outputs = counts.filter((count) => count > 0).length;
    const { subalgebras, congruences, automorphisms } = facts;
    const at = (...given) => digits[given.reduce((cell, value) => 3 * cell + value, 0)];
    const pairs = VALUES.flatMap((x) => VALUES.map((y) => [x, y]));
    const [first, middle, last] = this.inputs === 3
      ? [([x, y]) => at(y, x, x), ([x, y]) => at(x, y, x), ([x, y]) => at(x, x, y)] : [];
    const all = (which, wanted) => pairs.every((pair) => which.every((odd) => odd(pair) === pair[wanted]));
    if (name in ORDERS) return keeps(chain(ORDERS[name]));
    return {
      commutative: () => this.#swapped().every((other) => sameAs(digits, other)),
      idempotent: () => VALUES.every((value) => keeps([[value]])),
      "kleene-regular": () => keeps([[0, 0], [1, 0], [1, 1], [1, 2], [2, 2]]),
      "self-dual": () => keeps(graph([2, 1, 0])),
      cyclic: () => keeps(graph([1, 2, 0])),
      homogeneous: () => automorphisms.length === RELABELLINGS.length,
      even: () => sameAs(digits, [...digits].reverse()),
      affine: () => facts.maximal_clones.includes("affine modulo 3"),
      "boolean-preserving": () => keeps([[0], [2]]),
      "zero-preserving": () => keeps([[1]]),
      surjective: () => outputs === 3,
      balanced: () => counts.every((count) => count === counts[0]),
      "two-valued": () => outputs === 2,
      constant: () => essential.length === 0,
      "one-input": () => essential.length === 1,
      "all-inputs": () => essential.length === this.inputs,
      "without-subalgebra": () => subalgebras.length === 0,
      simple: () => congruences.length === 0,
      rigid: () => automorphisms.length === 1,
      sheffer: () => subalgebras.length + congruences.length === 0 && automorphisms.length === 1,
      involution: () => VALUES.every((value) => at(at(value)) === value),
      retraction: () => VALUES.every((value) => at(at(value)) === at(value)),
      majority: () => all([first, middle, last], 0),
      minority: () => all([first, middle, last], 1),
      maltsev: () => all([first, last], 1),
    }[name]();
  }

  #essential() {
    const { digits, inputs } = this;
    return Array.from({ length: inputs }, (_, input) => input).filter((input) => {
      const place = 3 ** (inputs - 1 - input);
      return digits.some((digit, cell) => digit !== digits[cell - (Math.trunc(cell / place) % 3) * place]);
    });
  }

  /** Its tables with neighbouring inputs exchanged. */
  #swapped() {
    const { digits, inputs } = this;
    return Array.from({ length: inputs - 1 }, (_, input) => {
      const [fast, slow] = [3 ** (inputs - 2 - input), 3 ** (inputs - 1 - input)];
      const digit = (cell, place) => Math.trunc(cell / place) % 3;
      return digits.map((_, cell) =>
        digits[cell + (digit(cell, fast) - digit(cell, slow)) * slow + (digit(cell, slow) - digit(cell, fast)) * fast]);
    });
  }

  #neutral() {
    return VALUES.filter((e) => VALUES.every((x) => this.digits[3 * e + x] === x && this.digits[3 * x + e] === x));
  }

  #zeros() {
    return VALUES.filter((z) => VALUES.every((x) => this.digits[3 * z + x] === z && this.digits[3 * x + z] === z));
  }
}
