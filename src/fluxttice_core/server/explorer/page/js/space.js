/**
 * The 19,683 operations: index, digits and notation.
 * Cell c holds f(a, b) with c = 3 (a + 1) + (b + 1); the index is the sum of digit(c) 3^c, digit = symbol + 1.
 */

export const K = 19683;
export const CELLS = 9;
/** Ways of showing the values -1, 0 and +1: signs, digits, or truth values. */
export const LETTERS = { signs: ["\u2212", "0", "+"], digits: ["0", "1", "2"], truth: ["F", "U", "T"] };
/** The values as they are shown now. */
export const SYMBOLS = [...LETTERS.signs];
export const SPOKEN = ["minus", "zero", "plus"];
const GLYPHS = "-0+";
const POWERS = Array.from({ length: CELLS }, (_, cell) => 3 ** cell);

/** Digit of every cell of every operation, nine for each. */
export const DIGITS = new Uint8Array(K * CELLS);
for (let index = 0; index < K; index += 1) {
  for (let cell = 0, rest = index; cell < CELLS; cell += 1, rest = Math.trunc(rest / 3)) {
    DIGITS[index * CELLS + cell] = rest % 3;
  }
}

export const digitsOf = (index) => DIGITS.subarray(index * CELLS, (index + 1) * CELLS);

export function indexOf(digits) {
  let index = 0;
  for (let cell = 0; cell < CELLS; cell += 1) index += digits[cell] * POWERS[cell];
  return index;
}

/** The digits of an operation with so many cells, and its index: of up to 27 cells, which numbers hold exactly. */
export const digitsIn = (index, count) => Uint8Array.from({ length: count }, (_, cell) => Math.trunc(index / 3 ** cell) % 3);
export const indexIn = (digits) => digits.reduceRight((index, digit) => 3 * index + digit, 0);
export const arityOf = (cells) => Math.round(Math.log(cells) / Math.log(3));
/** The digits in letters for -, 0 and +, and glyphs back. */
export const written = (digits, letters = GLYPHS) => Array.from(digits, (digit) => letters[digit]).join("");
export const unwritten = (text) => Uint8Array.from(text, (glyph) => GLYPHS.indexOf(glyph));

/** The operation with one cell changed to another digit. */
export const withCell = (index, cell, digit) => index + (digit - DIGITS[index * CELLS + cell]) * POWERS[cell];

/** The operation as nine of -0+, as the API and the command line read it. */
export const glyphs = (index) => written(digitsOf(index));

/** Show values in other letters from now on. */
export const writeAs = (letters) => SYMBOLS.splice(0, SYMBOLS.length, ...LETTERS[letters]);

/** The same for the eye, in the letters that values are shown in now. */
export const signs = (index) => written(digitsOf(index), SYMBOLS);

const BASE_27 = "0123456789ABCDEFGHKMNPRTVXZ";

/** The heptavintimal name: the index in base 27. */
export const heptavintimal = (index, places = 3) =>
  Array.from({ length: places }, (_, at) => BASE_27[Math.trunc(index / 27 ** (places - 1 - at)) % 27]).join("");

/** Read a heptavintimal name in capitals, or with its prefix in any case; null if the text is none. */
export function readHeptavintimal(text, places = 3) {
  const [, prefix, name] = text.match(/^(hept:)?([0-9A-Za-z]+)$/i) ?? [];
  if (name?.length !== places || (!prefix && /^\d+$/.test(name))) return null;
  const digits = Array.from(prefix ? name.toUpperCase() : name, (letter) => BASE_27.indexOf(letter));
  return digits.includes(-1) ? null : digits.reduce((sum, digit) => 27 * sum + digit, 0);
}

/** Lower case, blanks and underscores as hyphens: how names are compared. */
export function normal(name) {
  const plain = name.toLowerCase().replaceAll("_", " ").replaceAll("\u00f6", "oe").replaceAll("\u0142", "l");
  return plain.trim().split(/\s+/).join("-");
}

export function hamming(one, other) {
  let differing = 0;
  for (let cell = 0; cell < CELLS; cell += 1) {
    if (DIGITS[one * CELLS + cell] !== DIGITS[other * CELLS + cell]) differing += 1;
  }
  return differing;
}

/** "f(0, +)" for a cell. */
export const cellName = (cell, inputs = 2) => `f(${inputsOf(cell, inputs).join(", ")})`;

/** The values of so many inputs at a cell, as they are shown. */
export const inputsOf = (cell, inputs) =>
  Array.from({ length: inputs }, (_, at) => SYMBOLS[Math.trunc(cell / 3 ** (inputs - 1 - at)) % 3]);

/**
 * Read nine cells, or as many as are told, in which ? stands for any value: glyphs, 012 or FUT with or without separators, or numbers.
 * Returns digits with -1 for any, or null if the text is not a table.
 */
export function readPattern(text, count = CELLS) {
  const plain = text.replaceAll("\u2212", "-").trim();
  const [, prefix, written] = plain.match(/^(012|fut):(.*)$/i) ?? [];
  if (prefix) return inLetters(written.toUpperCase(), prefix.toUpperCase(), count);
  const numbers = plain
    .replace(/[[\](){}\s,;/|]+/g, " ")
    .trim()
    .split(" ");
  const listed = /[-+[\](){},;]/.test(plain);
  if (listed && numbers.length === count && numbers.every((token) => /^(-1|0|\+?1|\?)$/.test(token))) {
    return numbers.map((token) => (token === "?" ? -1 : Number(token) + 1));
  }
  // Nine times 0 are glyphs, unless values are shown as digits.
  const others = /[12FUT]/.test(plain) || (SYMBOLS[0] === "0" && !/[-+]/.test(plain));
  const alphabets = others ? ["012", "FUT"] : [GLYPHS];
  return alphabets.map((alphabet) => inLetters(plain, alphabet, count)).find((digits) => digits !== null) ?? null;
}

/** So many cells in the letters of -1, 0 and +1, each of which may be a ?; null if they are none. */
function inLetters(text, alphabet, count) {
  const letters = text.replace(/[\s,;/|]+/g, "");
  const sound = letters.length === count && Array.from(letters).every((letter) => `${alphabet}?`.includes(letter));
  return sound ? Array.from(letters, (letter) => alphabet.indexOf(letter)) : null;
}

export function matchesPattern(index, pattern) {
  for (let cell = 0; cell < CELLS; cell += 1) {
    if (pattern[cell] >= 0 && DIGITS[index * CELLS + cell] !== pattern[cell]) return false;
  }
  return true;
}
