/** The view as the part of the address after #, so that a link restores it. */

import { LATENTS } from "./network.js";
import { K } from "./space.js";

export const DEFAULTS = {
  view: "map",
  half: "b",
  map: "layout",
  x: 0,
  y: 1,
  colour: "distance",
  tab: "operation",
  op: 15633,
  pin: null,
  q: "",
  has: [],
  lacks: [],
  order: "index",
  near: null,
  box: null,
  camera: null,
  z: null,
  t: 0,
  draws: 10000,
  seed: 0,
  rule: "argmax",
};

const text = { write: (value) => value, read: (value) => value.slice(0, 200) };
const words = {
  write: (value) => value.join(","),
  read: (value) => value.split(",").filter(Boolean).slice(0, 64),
};
const oneOf = (...allowed) => ({
  write: (value) => value,
  read: (value) => (allowed.includes(value) ? value : undefined),
});
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

const FIELDS = {
  view: oneOf("map", "report"),
  half: oneOf("a", "b"),
  map: oneOf("layout", "pca", "pair"),
  x: whole(0, LATENTS - 1),
  y: whole(0, LATENTS - 1),
  colour: text,
  tab: oneOf("find", "operation", "sliders", "prior", "compare"),
  op: whole(0, K - 1),
  pin: whole(0, K - 1),
  q: text,
  has: words,
  lacks: words,
  order: oneOf("index", "cells", "code", "mass"),
  near: whole(0, K - 1),
  box: {
    write: ({ on, rectangle }) => `${on}:${numbers(4).write(rectangle)}`,
    read: (value) => {
      const [on, rest = ""] = value.split(":");
      const rectangle = numbers(4).read(rest);
      return rectangle && /^[ab]\.(layout|(pca|pair)\.\d+\.\d+)$/.test(on) ? { on, rectangle } : undefined;
    },
  },
  camera: {
    write: ({ cx, cy, zoom }) => numbers(3).write([cx, cy, zoom]),
    read: (value) => {
      const read = numbers(3).read(value);
      return read && read[2] > 0 ? { cx: read[0], cy: read[1], zoom: read[2] } : undefined;
    },
  },
  z: {
    write: numbers(LATENTS).write,
    read: (value) => {
      const read = numbers(LATENTS).read(value);
      return read && Float32Array.from(read);
    },
  },
  t: {
    write: (value) => value.toFixed(3),
    read: (value) => (Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined),
  },
  draws: whole(1, 1000000),
  seed: whole(0, 4294967295),
  rule: oneOf("argmax", "categorical"),
};

/** Write what differs from the defaults. */
export function writeLink(state) {
  const query = new URLSearchParams();
  for (const [key, field] of Object.entries(FIELDS)) {
    const value = state[key];
    if (value === null || same(value, DEFAULTS[key])) continue;
    query.set(key, field.write(value));
  }
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Read a whole state; what is missing or malformed is as by default. */
export function readLink(fragment) {
  const query = new URLSearchParams(fragment.replace(/^#/, ""));
  const state = { ...DEFAULTS };
  for (const [key, field] of Object.entries(FIELDS)) {
    if (!query.has(key)) continue;
    const value = field.read(query.get(key));
    if (value !== undefined) state[key] = value;
  }
  return state;
}

function same(value, other) {
  if (Array.isArray(value) && Array.isArray(other))
    return value.length === other.length && value.every((entry, i) => entry === other[i]);
  return value === other;
}
