/** Maps of the latent space: the drawn layout, principal components, or two latents, and the way back. */

import { smallest } from "./codes.js";
import { LATENTS } from "./network.js";
import { K } from "./space.js";

const EXTENT = 32000;
const NEAREST = 5;

export class Projections {
  constructor(manifest, places) {
    this.manifest = manifest;
    this.places = places;
    this.codes = null;
    this.kept = new Map();
  }

  /** What names a map: two states with the same name show every operation at the same place. */
  static nameOf({ half, map, x, y }) {
    return map === "layout" ? `${half}.layout` : `${half}.${map}.${x}.${y}`;
  }

  /** Places of all operations and their bounds, or null while the codes are not there yet. */
  placesOf(view) {
    const name = Projections.nameOf(view);
    if (!this.kept.has(name)) {
      const found = this.#compute(view);
      if (found === null) return null;
      if (this.kept.size > 12) this.kept.delete(this.kept.keys().next().value);
      this.kept.set(name, found);
    }
    return this.kept.get(name);
  }

  /** Where a latent lies on the map; on the layout, among its nearest operations. */
  project(view, latent) {
    if (view.map === "layout") return this.#amongNearest(view, latent);
    return [this.#along(view, latent, view.x), this.#along(view, latent, view.y)];
  }

  /** A latent at a place of the map, as like a given one as can be. */
  latentAt(view, [x, y], from) {
    const latent = Float32Array.from(from);
    if (view.map === "pair") {
      latent[view.x] = x;
      latent[view.y] = y;
      return latent;
    }
    if (view.map === "pca") {
      const { axes } = this.manifest.halves[view.half];
      const steps = [[view.x, x], [view.y, y]].map(([axis, to]) => [axes[axis], to - this.#along(view, from, axis)]);
      for (const [axis, step] of steps) for (let d = 0; d < LATENTS; d += 1) latent[d] += step * axis[d];
      return latent;
    }
    return this.#meanOfNearest(view, x, y);
  }

  #compute(view) {
    if (view.map === "layout") {
      const packed = this.places[`layout_${view.half}`];
      if (packed === undefined) return null;
      return unpacked(packed);
    }
    const means = this.codes?.means[view.half] ?? null;
    if (means === null) return null;
    const row = (index) => means.subarray(index * LATENTS, (index + 1) * LATENTS);
    const axis = (which) =>
      Float32Array.from({ length: K }, (_, index) => this.#along(view, row(index), which));
    return bounded(axis(view.x), axis(view.y));
  }

  #along(view, latent, which) {
    if (view.map === "pair") return latent[which];
    const { axes, centre } = this.manifest.halves[view.half];
    let sum = 0;
    for (let d = 0; d < LATENTS; d += 1) sum += (latent[d] - centre[d]) * axes[which][d];
    return sum;
  }

  #amongNearest(view, latent) {
    const { x, y } = this.placesOf(view);
    const near = this.codes.nearest(view.half, latent, NEAREST);
    return weighted(near, (index) => [x[index], y[index]]);
  }

  #meanOfNearest(view, px, py) {
    const { x, y } = this.placesOf(view);
    const distances = Float64Array.from({ length: K }, (_, i) => (x[i] - px) ** 2 + (y[i] - py) ** 2);
    const means = this.codes.means[view.half];
    return Float32Array.from(
      weighted(smallest(distances, NEAREST), (i) => means.subarray(i * LATENTS, (i + 1) * LATENTS)),
    );
  }
}

/** Mean of rows with weights 1 / d^2: exact where a distance is 0. */
function weighted(near, rowOf) {
  let total = 0;
  let sum = null;
  for (const [squared, index] of near) {
    const weight = 1 / (squared + 1e-12);
    const row = rowOf(index);
    sum ??= new Array(row.length).fill(0);
    for (let d = 0; d < row.length; d += 1) sum[d] += weight * row[d];
    total += weight;
  }
  return sum.map((entry) => entry / total);
}

/** Places that came as whole numbers, x and y in turn. */
export function unpacked(packed) {
  const axis = (which) => Float32Array.from({ length: packed.length / 2 }, (_, i) => packed[2 * i + which] / EXTENT);
  return bounded(axis(0), axis(1));
}

function bounded(x, y) {
  const bounds = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let i = 0; i < x.length; i += 1) {
    bounds.left = Math.min(bounds.left, x[i]);
    bounds.right = Math.max(bounds.right, x[i]);
    bounds.bottom = Math.min(bounds.bottom, y[i]);
    bounds.top = Math.max(bounds.top, y[i]);
  }
  return { x, y, bounds };
}
