/** The encoders and decoders of both halves, with the weights under the names of the model's file. */

import { CELLS } from "./space.js";

export const LATENTS = 16;
/** The layers of an encoder, and of decoder A. */
const LAYERS = [0, 2, 4];

/**
 * One layer for n rows: y = W x + b, with negative numbers set to 0 where asked.
 * Four rows and two outputs at a time, so that each weight that is read is used four times.
 */
export function dense(x, n, weight, bias, rectified) {
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  const y = new Float32Array(n * outputs);
  const floor = rectified ? 0 : -Infinity;
  let row = 0;
  for (; row + 4 <= n; row += 4) {
    const r0 = row * inputs, r1 = r0 + inputs, r2 = r1 + inputs, r3 = r2 + inputs;
    let out = 0;
    for (; out + 2 <= outputs; out += 2) {
      const v = out * inputs, w = v + inputs;
      let a0 = bias[out], a1 = a0, a2 = a0, a3 = a0;
      let b0 = bias[out + 1], b1 = b0, b2 = b0, b3 = b0;
      for (let k = 0; k < inputs; k += 1) {
        const p = weight[v + k], q = weight[w + k];
        const x0 = x[r0 + k], x1 = x[r1 + k], x2 = x[r2 + k], x3 = x[r3 + k];
        a0 += p * x0;
        a1 += p * x1;
        a2 += p * x2;
        a3 += p * x3;
        b0 += q * x0;
        b1 += q * x1;
        b2 += q * x2;
        b3 += q * x3;
      }
      const s = row * outputs + out;
      y[s] = Math.max(a0, floor);
      y[s + 1] = Math.max(b0, floor);
      y[s + outputs] = Math.max(a1, floor);
      y[s + outputs + 1] = Math.max(b1, floor);
      y[s + 2 * outputs] = Math.max(a2, floor);
      y[s + 2 * outputs + 1] = Math.max(b2, floor);
      y[s + 3 * outputs] = Math.max(a3, floor);
      y[s + 3 * outputs + 1] = Math.max(b3, floor);
    }
    for (; out < outputs; out += 1) {
      for (let r = row; r < row + 4; r += 1)
        y[r * outputs + out] = Math.max(dot(x, r, weight, out, inputs) + bias[out], floor);
    }
  }
  for (; row < n; row += 1) {
    for (let out = 0; out < outputs; out += 1)
      y[row * outputs + out] = Math.max(dot(x, row, weight, out, inputs) + bias[out], floor);
  }
  return y;
}

function dot(x, row, weight, out, inputs) {
  let sum = 0;
  for (let k = 0; k < inputs; k += 1) sum += weight[out * inputs + k] * x[row * inputs + k];
  return sum;
}

function layer(weights, name, x, n, rectified) {
  return dense(x, n, weights[`${name}.weight`], weights[`${name}.bias`], rectified);
}

/** Posterior mean and log-variance of n tables given as digits 0, 1, 2. */
export function encode(weights, half, digits) {
  const n = digits.length / CELLS;
  const name = `encoder_${half.toUpperCase()}`;
  let stream = Float32Array.from(digits, (digit) => digit - 1);
  for (const number of LAYERS) stream = layer(weights, `${name}.encoder.${number}`, stream, n, true);
  return {
    mean: layer(weights, `${name}.fc_mu`, stream, n, false),
    logVariance: layer(weights, `${name}.fc_logvar`, stream, n, false),
  };
}

/** Logits of n latents, 27 for each: three for every cell. */
export function decodeLogits(weights, half, latents) {
  const n = latents.length / LATENTS;
  return half === "a" ? decodeA(weights, latents, n) : decodeB(weights, latents, n);
}

function decodeA(weights, latents, n) {
  let stream = latents;
  for (const number of LAYERS)
    stream = layer(weights, `decoder_A.decoder.${number}`, stream, n, number !== LAYERS.at(-1));
  return stream;
}

function decodeB(weights, latents, n) {
  let stream = layer(weights, "decoder_B.fc_in", latents, n, false);
  for (let block = 1; `decoder_B.residual${block}.block.0.weight` in weights; block += 1) {
    const kept = stream.map((entry) => Math.max(entry, 0));
    const hidden = layer(weights, `decoder_B.residual${block}.block.0`, kept, n, true);
    const change = layer(weights, `decoder_B.residual${block}.block.2`, hidden, n, false);
    for (let i = 0; i < kept.length; i += 1) kept[i] += change[i];
    stream = kept;
  }
  return layer(weights, "decoder_B.fc_out", stream, n, false);
}

/** Softmax over the three values of each cell, in place. */
export function softmax(logits) {
  for (let i = 0; i < logits.length; i += 3) {
    const top = Math.max(logits[i], logits[i + 1], logits[i + 2]);
    let total = 0;
    for (let k = i; k < i + 3; k += 1) total += logits[k] = Math.exp(logits[k] - top);
    for (let k = i; k < i + 3; k += 1) logits[k] /= total;
  }
  return logits;
}

/** Decode one latent: probabilities, most likely digits, and the probability of that table. */
export function decodeOne(weights, half, latent) {
  const probabilities = softmax(decodeLogits(weights, half, latent));
  const digits = new Uint8Array(CELLS);
  let joint = 1;
  for (let cell = 0; cell < CELLS; cell += 1) {
    digits[cell] = largest(probabilities, 3 * cell);
    joint *= probabilities[3 * cell + digits[cell]];
  }
  return { probabilities, digits, joint };
}

/** Which of three numbers is largest; the first of equals. */
export function largest(values, at) {
  if (values[at] >= values[at + 1] && values[at] >= values[at + 2]) return 0;
  return values[at + 1] >= values[at + 2] ? 1 : 2;
}
