/** The shortest way to write an operation with given ones, by search over all operations in order of size. */

import { arityOf, digitsIn, indexIn } from "./space.js";

const LONGEST = 40;
/** Most pairs of operations to combine: of two inputs some seconds, of three, which are looked up, as well. */
const PAIRS = { 3: 1e8, 9: 2e8, 27: 1e6 };
const LOW = 81, HIGH = 243, BLOCK = LOW * HIGH;

/**
 * What has size s is u(g) with g of size s - 1, or f(g, h) with sizes that add up to s - 1; inputs have size 0.
 * Takes the digits of the target, and a basis of names and digits. Returns a text and its size if it was found;
 * else how many operations of the target's inputs were reached, up to which size, and whether those are all.
 */
export function shortestExpression(target, basis) {
  const search = new Search(target.length, basis);
  const wanted = indexIn(target);
  let costly = false;
  while (!search.has(wanted) && !search.exhausted && search.size < LONGEST && !costly) costly = !search.grow(wanted);
  const found = search.has(wanted) ? search.written(wanted) : null;
  return { found, size: search.size, reached: search.count, exhausted: search.exhausted };
}

class Search {
  constructor(cells, basis) {
    Object.assign(this, { cells, size: 0, count: 0, pairs: PAIRS[cells] });
    this.basis = basis.map((one) => ({ ...one, ...(one.digits.length === 9 ? pairwise(one.digits) : {}) }));
    this.seen = cells === 27 ? new Map() : new Array(3 ** cells);
    const inputs = arityOf(cells);
    this.levels = [[]];
    for (let input = 0; input < inputs; input += 1) {
      const place = 3 ** (inputs - 1 - input);
      const digits = Array.from({ length: cells }, (_, cell) => Math.trunc(cell / place) % 3);
      this.#add(indexIn(digits), ["abc"[input]], this.levels[0]);
    }
  }

  has(index) {
    return this.#originOf(index) !== undefined;
  }

  /** Whether no larger expression can reach anything new. */
  get exhausted() {
    const largest = this.levels.findLastIndex((level) => level.length > 0);
    const binary = this.basis.some(({ low }) => low);
    return this.count === 3 ** this.cells || this.size > (binary ? 2 * largest : largest);
  }

  /** Try every expression of the next size, until the target is reached; false if the bound was met. */
  grow(wanted) {
    const fresh = [];
    for (const one of this.basis) {
      if (one.low) {
        for (let small = 0; small <= this.size; small += 1) {
          const left = this.levels[small], right = this.levels[this.size - small];
          if (one.commutative && 2 * small > this.size) break;
          this.pairs -= left.length * right.length;
          if (this.pairs < 0) return false;
          this.#combine(one, left, right, fresh);
        }
      } else {
        for (const inner of this.levels[this.size]) this.#add(this.#applied(one, inner), [one, inner], fresh);
      }
      if (this.has(wanted)) break;
    }
    this.levels.push(fresh);
    this.size += 1;
    return true;
  }

  #combine(one, left, right, fresh) {
    const { low, high } = one;
    const blocks = Math.max(this.cells / 9, 1);
    for (const g of left) {
      for (const h of right) {
        let index = 0;
        for (let at = 0, weight = 1; at < blocks; at += 1, weight *= BLOCK) {
          const x = blocks === 1 ? g : Math.trunc(g / weight) % BLOCK;
          const y = blocks === 1 ? h : Math.trunc(h / weight) % BLOCK;
          index += weight * (low[(x % LOW) * LOW + (y % LOW)] + high[Math.trunc(x / LOW) * HIGH + Math.trunc(y / LOW)]);
        }
        if (this.cells === 3) index %= 27; // the cells beyond the third
        if (this.#originOf(index) === undefined) this.#add(index, [one, g, h], fresh);
      }
    }
  }

  #applied({ digits }, inner) {
    return indexIn(digitsIn(inner, this.cells).map((digit) => digits[digit]));
  }

  #originOf(index) {
    return this.cells === 27 ? this.seen.get(index) : this.seen[index];
  }

  #add(index, origin, level) {
    if (this.has(index)) return;
    if (this.cells === 27) this.seen.set(index, origin);
    else this.seen[index] = origin;
    level.push(index);
    this.count += 1;
  }

  /** The expression that first reached an operation: its text, and how many operations it applies. */
  written(index) {
    const [one, ...inner] = this.#originOf(index);
    if (inner.length === 0) return { text: one, size: 0 };
    const parts = inner.map((part) => this.written(part));
    const constants = { "always-minus": "-1", "always-zero": "0", "always-plus": "1" };
    const text = constants[one.name] ?? `${one.name}(${parts.map((part) => part.text).join(", ")})`;
    return { text, size: 1 + parts.reduce((sum, part) => sum + part.size, 0) };
  }
}

/** Look-up tables of f(g, h) for tables of four cells and of five; of three cells the first is enough. */
function pairwise(digits) {
  const table = (cells, weight) => {
    const count = 3 ** cells, found = new Int32Array(count * count);
    for (let g = 0; g < count; g += 1)
      for (let h = 0; h < count; h += 1)
        for (let cell = 0, power = 1; cell < cells; cell += 1, power *= 3) {
          const row = Math.trunc(g / power) % 3, column = Math.trunc(h / power) % 3;
          found[g * count + h] += weight * power * digits[3 * row + column];
        }
    return found;
  };
  const commutative = [1, 2, 5].every((cell) => digits[cell] === digits[[3, 6, 7][[1, 2, 5].indexOf(cell)]]);
  return { low: table(4, 1), high: table(5, LOW), commutative };
}
