/** Expressions over the inputs a and b, such as -min(a, not b), read as the operation that they compute. */

import { CELLS, K, SYMBOLS, digitsIn, digitsOf, indexOf, normal, readHeptavintimal, readPattern, signs, written } from "./space.js";

const TOKEN = /\s*([\p{L}\p{N}][\p{L}\p{N}_-]*|\S)/gu;
const INPUTS = ["a", "b", "c"];
const CONSTANTS = { 0: "always-zero", 1: "always-plus" };
const DEEPEST = 100;
const MOST = 27;
const cells = (digit) => Uint8Array.from({ length: MOST }, (_, cell) => digit(cell));

export const isExpression = (text) => /\(|(?<![\w]-)\b[abc]\s*$/.test(text);

/** The index of what an expression computes; an error says why it computes nothing. */
export const readExpression = (text, manifest) => indexOf(computed(text, manifest, 2));

/** The digits of what an expression computes of so many inputs; null: of as many as occur, but at least two. */
function computed(text, manifest, wanted) {
  const reader = new Reader(text, manifest);
  const digits = reader.expression();
  reader.require("", "the end");
  const inputs = wanted ?? Math.max(reader.inputs, 2);
  if (reader.inputs > inputs)
    throw new Error(
      `"${text}" has the input ${INPUTS[reader.inputs - 1]}: expected at most ${inputs}, named ${INPUTS.slice(0, inputs).join(" and ")}`,
    );
  return digits.filter((_, cell) => cell % 3 ** (3 - inputs) === 0);
}

/**
 * The digits of an operation of one to three inputs, by its name, any notation or an expression, as the command
 * line reads it; null: of as many inputs as its name, table or expression has, and else two.
 */
export function readOperation(text, manifest, wanted = null) {
  const known = { 1: manifest.unary, 2: manifest.named, 3: [] };
  if (isExpression(text) && !named(text, known[wanted ?? 2])) return computed(text, manifest, wanted);
  const inputs = wanted ?? inputsIn(text, known);
  const count = 3 ** inputs;
  const trimmed = text.trim();
  const found = named(trimmed, known[inputs]);
  const digits = found ? digitsIn(found.index, count) : readPattern(trimmed, count);
  if (digits !== null && !digits.includes(-1)) return Uint8Array.from(digits);
  const index = (count > 3 ? readHeptavintimal(trimmed, count / 3) : null) ?? (/^\d{1,14}$/.test(trimmed) ? Number(trimmed) : 3 ** count);
  if (index < 3 ** count) return digitsIn(index, count);
  throw new Error(
    `no operation of ${["one input", "two inputs", "three inputs"][inputs - 1]} is named "${trimmed}": give a name, ${count} of the characters -0+, an index below ${3 ** count} or an expression`,
  );
}

/** Says which operation of two inputs is written like one of one input that was read; empty if none is. */
export function alsoOfTwo(text) {
  const trimmed = text.trim();
  const index = /^\d{3}$/.test(trimmed) ? Number(trimmed) : readHeptavintimal(trimmed);
  return index === null ? "" : `"${trimmed}" is read as of one input: for index ${index} of two inputs write ${signs(index)}.`;
}

/** Operations of one or two inputs, as they are told apart by commas; -1, 0 and 1 are constants. */
export function readBasis(text, manifest) {
  const constants = { "-1": "always-minus", 0: "always-zero", 1: "always-plus", "+1": "always-plus" };
  const parts = separated(text).map((part) => part.trim().replaceAll("\u2212", "-")).filter(Boolean);
  if (parts.length === 0) throw new Error("give at least one operation, such as min, not, 1");
  return parts.map((part) => {
    const meant = constants[part] ?? part;
    const inputs = inputsIn(meant, { 1: manifest.unary, 2: manifest.named }) === 1 ? 1 : 2;
    const digits = readOperation(meant, manifest, inputs);
    return { name: nameOf(digits, manifest), digits, also: inputs === 1 ? alsoOfTwo(meant) : "" };
  });
}

/** The parts of a text between the commas and semicolons that lie in no brackets. */
function separated(text) {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    depth = Math.max(depth + ({ "(": 1, ")": -1 }[letter] ?? 0), 0);
    if (depth === 0 && ",;".includes(letter)) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** The first name of an operation, none if it has none. */
export function namesIn(digits, manifest) {
  const known = { 3: manifest.unary, 9: manifest.named }[digits.length] ?? [];
  return known.filter(({ index }) => digitsIn(index, digits.length).every((digit, cell) => digit === digits[cell]));
}

const nameOf = (digits, manifest) =>
  namesIn(digits, manifest)[0]?.name ?? written(digits);

function inputsIn(text, known) {
  if (named(text, known[2])) return 2;
  if (named(text, known[1])) return 1;
  const plain = text.replace(/[\s/]/g, "").replaceAll("\u2212", "-");
  if (new RegExp(`^([-0+]{3}|[${SYMBOLS.join("")}]{3})$`).test(plain)) return 1;
  return plain.length === MOST ? 3 : 2;
}

/** Reads from left to right; every part becomes the digits of its 27 cells, as if it had three inputs. */
class Reader {
  constructor(text, manifest) {
    Object.assign(this, { text, manifest, at: 0, depth: 0, inputs: 0 });
    this.tokens = Array.from(text.replaceAll("\u2212", "-").matchAll(TOKEN), ([, token]) => token).concat("");
  }

  expression() {
    this.depth += 1;
    if (this.depth > DEEPEST)
      throw new Error(`the expression is nested more than ${DEEPEST} deep: write it shorter`);
    const token = this.#take();
    const digits = /^[\p{L}\p{N}]/u.test(token) ? this.#word(token) : this.#symbol(token);
    this.depth -= 1;
    return digits;
  }

  require(symbol, called) {
    const found = this.#take();
    if (found !== symbol) this.#refuse(`expected ${called}, not ${found || "the end"}`);
  }

  #symbol(symbol) {
    if (symbol === "-") return this.#applied("not", [this.expression()]);
    if (symbol === "+" && this.tokens[this.at] === "1") return this.expression();
    if (symbol !== "(")
      this.#refuse(`expected an input, a constant or an operation, not ${symbol || "the end"}`);
    const inner = this.expression();
    this.require(")", "a closing bracket");
    return inner;
  }

  #word(word) {
    if (this.tokens[this.at] === "(") return this.#call(word);
    const input = INPUTS.indexOf(word);
    if (input >= 0) {
      this.inputs = Math.max(this.inputs, input + 1);
      return cells((cell) => Math.trunc(cell / 3 ** (2 - input)) % 3);
    }
    if (Object.hasOwn(CONSTANTS, word)) return this.#applied(CONSTANTS[word], [cells(() => 0)]);
    if (!named(word, this.manifest.unary))
      this.#refuse(`"${word}" is no input a, b or c, no constant, no operation of one input`);
    return this.#applied(word, [this.expression()]);
  }

  #call(word) {
    this.#take();
    const given = [this.expression()];
    while (this.tokens[this.at] === ",") {
      this.#take();
      given.push(this.expression());
    }
    this.require(")", "a comma or a closing bracket");
    if (given.length > 2)
      this.#refuse(`${word} is given ${given.length} inputs, and operations here have 1 or 2`);
    return this.#applied(word, given);
  }

  #applied(word, [first, second]) {
    const table = readWord(word, second ? this.manifest.named : this.manifest.unary, second ? CELLS : 3);
    if (table === null)
      throw new Error(`no operation of ${second ? "two inputs" : "one input"} is named "${word}"`);
    return cells((cell) => table[second ? 3 * first[cell] + second[cell] : first[cell]]);
  }

  #take() {
    const token = this.tokens[this.at];
    this.at = Math.min(this.at + 1, this.tokens.length - 1);
    return token;
  }

  #refuse(reason) {
    throw new Error(`"${this.text}" is no expression: ${reason}`);
  }
}

function named(word, known) {
  const wanted = normal(word);
  return known.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
}

/** The digits of an operation with so many cells, by its name or as it is written; null if it is none. */
function readWord(word, known, count) {
  const found = named(word, known);
  if (found !== undefined) return digitsOf(found.index).subarray(0, count);
  for (const letters of ["012", "FUT", "-0+"]) {
    const digits = Array.from(word, (letter) => letters.indexOf(letter));
    const zeros = letters === "012" && /^0*$/.test(word);
    if (digits.length === count && !digits.includes(-1) && !zeros) return digits;
  }
  const base27 = count === CELLS ? readHeptavintimal(word) : null;
  const index = base27 ?? (/^\d+$/.test(word) && word.length < count ? Number(word) : K);
  return index < 3 ** count ? digitsOf(index).subarray(0, count) : null;
}
