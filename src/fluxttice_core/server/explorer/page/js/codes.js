/**
 * The codes of all operations under both halves, computed from the encoders' weights by two workers, and the
 * decoders, whose weights come when somebody needs them.
 */

import { LATENTS, decodeOne, encode } from "./network.js";
import { fetchTensors, startWorker } from "./source.js";
import { digitsOf, indexOf, K } from "./space.js";

export class Codes {
  constructor(weights, onReady, onFailure) {
    this.weights = weights;
    this.means = { a: null, b: null };
    this.workers = {};
    for (const half of ["a", "b"]) {
      const worker = startWorker();
      worker.addEventListener("error", () => onFailure(new Error("its worker did not start")));
      worker.addEventListener("message", ({ data }) => {
        if (data.kind !== "means") return;
        this.means[half] = data.means;
        onReady(half);
      });
      worker.postMessage({ kind: "load", weights });
      this.workers[half] = worker;
    }
  }

  /** Start with the half that is looked at; the other follows on its own thread. */
  start(first) {
    for (const half of first === "a" ? ["a", "b"] : ["b", "a"])
      this.workers[half].postMessage({ kind: "encode", half });
  }

  /** Mean and log-variance of one operation, exactly, whether or not all are ready. */
  encode(half, index) {
    return encode(this.weights, half, digitsOf(index));
  }

  /** Wait for the decoders, which are fetched once; what failed can be asked for again. */
  needDecoders() {
    const taken = (weights) => {
      Object.assign(this.weights, weights);
      for (const worker of Object.values(this.workers)) worker.postMessage({ kind: "load", weights });
    };
    this.decoders ??= fetchTensors("decoder.safetensors").then(taken).catch((error) => {
      this.decoders = null;
      throw error;
    });
    return this.decoders;
  }

  decode(half, latent) {
    const decoded = decodeOne(this.weights, half, latent);
    return { ...decoded, index: indexOf(decoded.digits) };
  }

  /** The operations whose means lie nearest to a latent: pairs of squared distance and index, nearest first. */
  nearest(half, latent, count, except = -1) {
    const means = this.means[half];
    if (means === null) return [];
    const distances = new Float64Array(K);
    for (let index = 0, at = 0; index < K; index += 1) {
      let sum = 0;
      for (let d = 0; d < LATENTS; d += 1, at += 1) sum += (means[at] - latent[d]) ** 2;
      distances[index] = sum;
    }
    return smallest(distances, count, except);
  }
}

/** The smallest of many numbers, as pairs [value, index]; equal ones by index. */
export function smallest(values, count, except = -1) {
  const found = [];
  for (let index = 0; index < values.length; index += 1) {
    if (index === except || (found.length === count && values[index] >= found[count - 1][0])) continue;
    let place = found.length;
    while (place > 0 && found[place - 1][0] > values[index]) place -= 1;
    found.splice(place, 0, [values[index], index]);
    if (found.length > count) found.pop();
  }
  return found;
}
