/** The view as the part of the address after #, so that a link restores it. */

import { LATENTS } from "./network.js";
import { K, LETTERS } from "./space.js";

const plain = (read) => ({ write: (value) => value, read });
const text = plain((value) => value.slice(0, 200));
const words = {
  write: (value) => value.join(","),
  read: (value) => value.split(",").filter(Boolean).slice(0, 64),
};
const oneOf = (...allowed) => plain((value) => (allowed.includes(value) ? value : undefined));
const fits = (pattern) => plain((value) => (pattern.test(value) ? value : undefined));
const whole = (least, most) => ({
  write: String,
  read: (value) =>
    /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
});
const numbers = (count) => ({
  write: (value) => Array.from(value, (entry) => Number(entry.toPrecision(5))).join(","),
  read: (value) => {
    const read = value.split(",").map(Number);
    return read.length === count && read.every(Number.isFinite) ? read : undefined;
  },
});

const box = {
  write: ({ on, rectangle }) => `${on}:${numbers(4).write(rectangle)}`,
  read: (value) => {
    const [on, rest = ""] = value.split(":");
    const rectangle = numbers(4).read(rest);
    return rectangle && /^[ab]\.(layout|(pca|pair)\.\d+\.\d+)$/.test(on) ? { on, rectangle } : undefined;
  },
};
const camera = {
  write: ({ cx, cy, zoom }) => numbers(3).write([cx, cy, zoom]),
  read: (value) => {
    const [cx, cy, zoom] = numbers(3).read(value) ?? [];
    return zoom > 0 ? { cx, cy, zoom } : undefined;
  },
};
const latent = {
  write: numbers(LATENTS).write,
  read: (value) => {
    const read = numbers(LATENTS).read(value);
    return read && Float32Array.from(read);
  },
};
const share = {
  write: (value) => value.toFixed(3),
  read: (value) => (Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined),
};

/** A named set of operations: its indices, and its name. */
export const collection = {
  write: ({ name, ops }) => `${ops.join(",")}:${name}`,
  read: (value) => {
    const [, indices, name] = value.match(/^(\d{1,5}(?:,\d{1,5})*):\s*(\S.*)$/) ?? [];
    const ops = [...new Set(indices?.split(",").map(Number))];
    const sound = ops.length > 0 && ops.length <= 500 && ops.every((index) => index < K);
    return sound ? { name: name.trim().slice(0, 60), ops } : undefined;
  },
};

/** Every part of a view: what it is unless the link says otherwise, and how it is written and read. */
const FIELDS = {
  view: ["map", oneOf("map", "report")],
  half: ["b", oneOf("a", "b")],
  map: ["layout", oneOf("layout", "pca", "pair")],
  x: [0, whole(0, LATENTS - 1)],
  y: [1, whole(0, LATENTS - 1)],
  colour: ["distance", text],
  letters: ["signs", oneOf(...Object.keys(LETTERS))],
  tab: ["operation", oneOf("find", "operation", "sliders", "prior", "compare", "collections", "inputs")],
  op: [15633, whole(0, K - 1)],
  pin: [null, whole(0, K - 1)],
  q: ["", text],
  table: ["", fits(/^(?:[-0+]{3}|[-0+]{9}|[-0+]{27})$/)],
  basis: ["", text],
  has: [[], words],
  lacks: [[], words],
  order: ["index", oneOf("index", "cells", "code", "mass")],
  near: [null, whole(0, K - 1)],
  set: [null, collection],
  beside: [null, collection],
  box: [null, box],
  camera: [null, camera],
  z: [null, latent],
  t: [0, share],
  draws: [10000, whole(1, 1000000)],
  seed: [0, whole(0, 4294967295)],
  rule: ["argmax", oneOf("argmax", "categorical")],
};
export const DEFAULTS = Object.fromEntries(Object.entries(FIELDS).map(([key, [value]]) => [key, value]));

/** Write what differs from the defaults. */
export function writeLink(state) {
  const query = new URLSearchParams();
  for (const [key, [usual, field]] of Object.entries(FIELDS)) {
    const value = state[key];
    if (value !== null && !same(value, usual)) query.set(key, field.write(value));
  }
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Read a whole state; what is missing or malformed is as by default. */
export function readLink(fragment) {
  const query = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = { ...DEFAULTS };
  for (const [key, [, field]] of Object.entries(FIELDS)) {
    if (query.has(key)) state[key] = field.read(query.get(key)) ?? state[key];
  }
  return state;
}

function same(value, other) {
  if (Array.isArray(value) && Array.isArray(other))
    return value.length === other.length && value.every((entry, i) => entry === other[i]);
  return value === other;
}
