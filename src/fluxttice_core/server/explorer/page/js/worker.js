/** The long work, off the page's thread: the codes of all operations, and draws from the prior. */

import { LATENTS, decodeLogits, encode, largest, softmax } from "./network.js";
import { normals, uniformSource } from "./random.js";
import { shortestExpression } from "./shortest.js";
import { CELLS, DIGITS, K } from "./space.js";

const ROWS = 243;
const DRAWS = 256;
const weights = {};
let running = 0;

const TASKS = {
  load(message) {
    Object.assign(weights, message.weights);
  },

  /** All posterior means of one half. */
  encode({ half }) {
    const means = new Float32Array(K * LATENTS);
    for (let row = 0; row < K; row += ROWS) {
      const digits = DIGITS.subarray(row * CELLS, (row + ROWS) * CELLS);
      means.set(encode(weights, half, digits).mean, row * LATENTS);
    }
    postMessage({ kind: "means", half, means }, [means.buffer]);
  },

  /** Draw from the prior in batches until enough are drawn, or another task says to stop. */
  async draw({ half, rule, seed, count, run }) {
    running = run;
    const uniform = uniformSource(seed);
    for (let drawn = 0; drawn < count && running === run; drawn += DRAWS) {
      const n = Math.min(DRAWS, count - drawn);
      const logits = decodeLogits(weights, half, normals(uniform, n * LATENTS));
      const operations = rule === "argmax" ? mostLikely(logits, n) : sampled(logits, n, uniform);
      postMessage({ kind: "drawn", run, operations, last: drawn + n === count }, [operations.buffer]);
      await new Promise((resume) => setTimeout(resume));
    }
  },

  write({ target, basis }) {
    postMessage({ kind: "written", found: shortestExpression(target, basis) });
  },

  stop() {
    running = 0;
  },
};

const mostLikely = (logits, n) => tabulate(n, (row, cell) => largest(logits, (row * CELLS + cell) * 3));

function sampled(logits, n, uniform) {
  softmax(logits);
  return tabulate(n, (row, cell) => {
    const at = (row * CELLS + cell) * 3;
    const u = uniform();
    if (u < logits[at]) return 0;
    return u < logits[at] + logits[at + 1] ? 1 : 2;
  });
}

function tabulate(n, digit) {
  const operations = new Uint16Array(n);
  for (let row = 0; row < n; row += 1) {
    let index = 0;
    for (let cell = CELLS - 1; cell >= 0; cell -= 1) index = 3 * index + digit(row, cell);
    operations[row] = index;
  }
  return operations;
}

onmessage = ({ data }) => TASKS[data.kind](data);
