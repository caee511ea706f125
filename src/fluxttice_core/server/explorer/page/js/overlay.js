/** What lies over the points: labels, small tables when there is room, and the marks of what is chosen. */

import { CELLS, DIGITS } from "./space.js";

const TILES_AT_MOST = 140;
const LABELS_AT_MOST = 60;

export class Overlay {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  resize(width, height, ratio) {
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    Object.assign(this, { width, height, ratio });
  }

  /** Draw everything; `scene` says what there is (see map.js). */
  draw(scene) {
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    this.#tiles(scene);
    if (scene.labels) this.#labels(scene);
    this.#path(scene);
    this.#neighbours(scene);
    this.#rings(scene);
    this.#marker(scene);
    this.#box(scene);
    if (scene.focused) this.#crosshair(scene);
  }

  /** With few operations in sight, each is shown as its table. */
  #tiles({ tiles, visible, viewport, places, palette }) {
    if (!tiles || visible.length === 0 || visible.length > TILES_AT_MOST) return;
    const { context } = this;
    const side = Math.min(9, 3 + Math.sqrt((this.width * this.height) / visible.length) / 16);
    for (const index of visible) {
      const [px, py] = viewport.toScreen(places.x[index], places.y[index]);
      const [left, top] = [px - 1.5 * side, py - 1.5 * side];
      context.fillStyle = palette.background;
      context.fillRect(left - 2, top - 2, 3 * side + 4, 3 * side + 4);
      for (let cell = 0; cell < CELLS; cell += 1) {
        context.fillStyle = palette.trits[DIGITS[index * CELLS + cell]];
        const [column, row] = [cell % 3, Math.trunc(cell / 3)];
        context.fillRect(left + column * side + 0.5, top + row * side + 0.5, side - 1, side - 1);
      }
    }
  }

  /** Names of operations, as many as fit without touching. */
  #labels({ named, viewport, places, palette, ringed }) {
    const { context } = this;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    for (const { name, index } of named) {
      const [px, py] = viewport.toScreen(places.x[index], places.y[index]);
      const gap = ringed.includes(index) ? 16 : 7;
      const box = [px - 4, py - 8, px + gap + 3 + context.measureText(name).width, py + 8];
      const outside = box[0] < 0 || box[1] < 0 || box[2] > this.width || box[3] > this.height;
      if (outside || taken.length >= LABELS_AT_MOST || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      context.strokeStyle = palette.background;
      context.lineWidth = 4;
      context.strokeText(name, px + gap, py);
      context.fillStyle = palette.ink;
      context.fillText(name, px + gap, py);
      disc(context, px, py, 2.5);
      context.fill();
    }
  }

  #path({ path, palette, viewport }) {
    if (!path || path.length < 2) return;
    const { context } = this;
    context.beginPath();
    for (const [x, y] of path) context.lineTo(...viewport.toScreen(x, y));
    stroke(context, 5, palette.background);
    stroke(context, 2, palette.strong);
  }

  #neighbours({ neighbours, places, viewport, palette }) {
    const { context } = this;
    for (const index of neighbours) {
      disc(context, ...viewport.toScreen(places.x[index], places.y[index]), 4.5);
      stroke(context, 1.25, palette.ink);
    }
  }

  #rings({ hovered, chosen, pinned, palette, viewport }) {
    if (hovered) this.#ring(viewport.toScreen(...hovered), 7, palette.ink, palette);
    if (pinned) this.#ring(viewport.toScreen(...pinned), 10, palette.accent, palette);
    if (chosen) this.#ring(viewport.toScreen(...chosen), 10, palette.strong, palette);
  }

  #ring([px, py], radius, colour, palette) {
    const { context } = this;
    disc(context, px, py, radius);
    stroke(context, 5, palette.background);
    stroke(context, 2.5, colour);
  }

  /** The latent of the sliders: a diamond that can be dragged. */
  #marker({ marker, viewport, palette }) {
    if (!marker) return;
    const { context } = this;
    const [px, py] = viewport.toScreen(...marker);
    context.beginPath();
    for (const [dx, dy] of [[0, -9], [9, 0], [0, 9], [-9, 0]]) context.lineTo(px + dx, py + dy);
    context.closePath();
    context.fillStyle = palette.accent;
    context.fill();
    stroke(context, 2, palette.background);
  }

  #box({ box, viewport, palette }) {
    if (!box) return;
    const { context } = this;
    const [left, top] = viewport.toScreen(box[0], box[3]);
    const [right, bottom] = viewport.toScreen(box[2], box[1]);
    context.setLineDash([5, 4]);
    context.lineWidth = 1.5;
    context.strokeStyle = palette.ink;
    context.strokeRect(left, top, right - left, bottom - top);
    context.setLineDash([]);
  }

  #crosshair({ palette }) {
    const { context, width, height } = this;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(width / 2 + 4 * dx, height / 2 + 4 * dy);
      context.lineTo(width / 2 + 12 * dx, height / 2 + 12 * dy);
    }
    stroke(context, 1.5, palette.ink);
  }
}

function stroke(context, width, colour) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function disc(context, px, py, radius) {
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
}

const overlap = ([left, top, right, bottom], [l, t, r, b]) => left < r && l < right && top < b && t < bottom;
