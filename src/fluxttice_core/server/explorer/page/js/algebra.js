/** Properties and algebra of all operations, unpacked from what Python computed, and their classes. */

import { CELLS, DIGITS, K, indexOf } from "./space.js";

export class Algebra {
  constructor(tensors, manifest) {
    this.bits = tensors.properties;
    this.factBits = tensors.facts;
    this.facts = manifest.facts;
    this.names = manifest.properties.map(({ name }) => name);
    this.moves = Object.fromEntries(manifest.symmetries.map(({ name, moves }) => [name, moves]));
    this.kept = new Map();
    this.totals = this.counts(Uint16Array.from({ length: K }, (_, index) => index));
  }

  total(property) {
    return this.totals[this.names.indexOf(property)];
  }

  has(index, property) {
    return bit(this.bits, this.names.indexOf(property), index);
  }

  /** For every operation, 1 if it has a property. */
  holding(property) {
    const at = this.names.indexOf(property);
    const row = this.bits.subarray((at >> 3) * K, ((at >> 3) + 1) * K);
    return row.map((byte) => (byte >> (at & 7)) & 1);
  }

  propertiesOf(index) {
    return this.names.filter((name) => this.has(index, name));
  }

  /** The algebra of one operation: by the name of each fact, the values for which it holds. */
  factsOf(index) {
    let at = 0;
    const holding = (values) => values.filter(() => bit(this.factBits, at++, index));
    return Object.fromEntries(this.facts.map(({ name, values }) => [name, holding(values)]));
  }

  /** How many of some operations have each property. */
  counts(indices) {
    return this.names.map((_, at) => {
      const row = (at >> 3) * K,
        bit = at & 7;
      let count = 0;
      for (let i = 0; i < indices.length; i += 1) count += (this.bits[row + indices[i]] >> bit) & 1;
      return count;
    });
  }

  /** For every operation the least index of its class, and the size of the class. */
  classesUnder(symmetry) {
    if (!this.kept.has(symmetry)) {
      const representatives = leastReached(this.moves[symmetry]);
      const counts = new Uint16Array(K);
      for (const index of representatives) counts[index] += 1;
      this.kept.set(symmetry, {
        representatives,
        sizes: Uint16Array.from(representatives, (index) => counts[index]),
      });
    }
    return this.kept.get(symmetry);
  }
}

/** For every operation the least one to which moves lead: each reads a cell from another and relabels it. */
function leastReached(moves) {
  const least = Uint16Array.from({ length: K }, (_, index) => index);
  const find = (index) => {
    while (least[index] !== index) index = least[index] = least[least[index]];
    return index;
  };
  for (const [cells, outputs] of moves) {
    for (let index = 0; index < K; index += 1) {
      const one = find(index);
      const other = find(indexOf(cells.map((cell) => outputs[DIGITS[index * CELLS + cell]])));
      least[Math.max(one, other)] = Math.min(one, other);
    }
  }
  return least.map((_, index) => find(index));
}

/** Whether row `at` of packed rows, eight to a byte, holds of an operation. */
const bit = (rows, at, index) => ((rows[(at >> 3) * K + index] >> (at & 7)) & 1) === 1;
