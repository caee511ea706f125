/**
 * What each colour of the map means. A colouring gives every operation the number of a colour, and a legend.
 * Higher ranks of a colour lie on top of lower ones.
 */

import { decimal, grouped } from "./dom.js";
import { ramp } from "./palette.js";
import { anchor } from "./query.js";
import { CELLS, DIGITS, K, SYMBOLS, cellName, hamming, signs } from "./space.js";

const LEVELS = 48;
const WIDEST_RATIO = 2;
const SHOWN_CLASSES = 8;

/** The kinds of colouring, with what can be chosen for each. */
export function kindsOf(manifest) {
  const symmetries = manifest.symmetries.map(({ name }) => [name, name]);
  const cells = Array.from({ length: CELLS }, (_, c) => [String(c), cellName(c)]);
  return [
    { kind: "property", label: "property", options: manifest.properties.map(({ name }) => [name, name]) },
    { kind: "class", label: "largest classes", options: symmetries },
    { kind: "size", label: "size of class", options: symmetries },
    { kind: "orbit", label: "class of the chosen", options: symmetries },
    { kind: "mass", label: "probability p(x)", options: [] },
    { kind: "split", label: "held-out membership", options: [] },
    { kind: "cell", label: "value of a cell", options: cells },
    { kind: "distance", label: "unlike cells", options: [] },
    { kind: "drawn", label: "draws from the prior", options: [] },
  ];
}

/** Colour all operations. `data` holds algebra, mass, places and drawn counts as far as they are there. */
export function colouring(state, data, palette) {
  const [kind, argument] = state.colour.split(":");
  const painted = PAINTERS[kind]?.(argument, state, data, palette);
  return painted ?? categorical(new Uint8Array(K), [palette.muted], [], "loading");
}

const PAINTERS = {
  property, class: classes, size, orbit, mass, split, cell, distance,
  drawn: (_, state, data, palette) => byDraws(data.drawn, palette),
};

function property(name, state, data, palette) {
  if (!data.algebra) return null;
  return categorical(data.algebra.holding(name), [palette.muted, palette.accent], [`not ${name}`, name], name);
}

function classes(symmetry, state, data, palette) {
  if (!data.algebra) return null;
  const { representatives, sizes } = data.algebra.classesUnder(symmetry);
  const least = [...new Set(representatives)].sort((a, b) => sizes[b] - sizes[a] || a - b);
  const shown = least.slice(0, SHOWN_CLASSES);
  const number = new Map(shown.map((index, place) => [index, place + 1]));
  const colours = Uint8Array.from(representatives, (index) => number.get(index) ?? 0);
  const labels = [`${grouped(least.length - shown.length)} other classes`, ...shown.map(signs)];
  const shades = [palette.muted, ...palette.categories.slice(0, shown.length)];
  return categorical(colours, shades, labels, `largest classes, ${symmetry}`);
}

function size(symmetry, state, data, palette) {
  if (!data.algebra) return null;
  const { sizes } = data.algebra.classesUnder(symmetry);
  const most = Math.max(...new Set(sizes));
  const level = (count) => Math.round(((LEVELS - 1) * Math.log(count)) / Math.max(Math.log(most), 1e-9));
  const ticks = ["1", grouped(Math.sqrt(most)), grouped(most)];
  const title = `operations in the class, ${symmetry}`;
  return gradient(Uint8Array.from(sizes, level), palette.sequence, title, ticks);
}

function orbit(symmetry, state, data, palette) {
  if (!data.algebra || state.op === null) return null;
  const { representatives } = data.algebra.classesUnder(symmetry);
  const colours = Uint8Array.from(representatives, (index) => Number(index === representatives[state.op]));
  const labels = ["other classes", `class of ${signs(state.op)}`];
  return categorical(colours, [palette.muted, palette.strong], labels, symmetry);
}

function mass(_, state, data, palette) {
  if (!data.mass) return null;
  const values = data.mass[`mass_${state.half}`];
  const widest = Math.log2(WIDEST_RATIO);
  const level = (value) =>
    Math.round((LEVELS - 1) * (Math.min(Math.max(Math.log2(value) / widest, -1), 1) * 0.5 + 0.5));
  const noise = decimal(data.mass[`noise_${state.half}`][0]);
  const title = `p(x) \u00b7 K, half ${state.half.toUpperCase()}, \u00b1 ${noise} of noise`;
  const ticks = ["\u2264 \u00bd", "1 = uniform", "\u2265 2"];
  return gradient(Uint8Array.from(values, level), palette.diverging, title, ticks);
}

function split(_, state, data, palette) {
  const parts = data.places.split;
  if (parts === undefined) return null;
  const colours = [palette.muted, palette.categories[4], palette.strong];
  return categorical(parts, colours, ["trained on", "validation", "held out"], "part of the split");
}

function cell(which, state, data, palette) {
  const colours = Uint8Array.from({ length: K }, (_, index) => DIGITS[index * CELLS + Number(which)]);
  const painted = categorical(colours, palette.trits, SYMBOLS, `value of ${cellName(Number(which))}`);
  return { ...painted, ranks: [0, 0, 0] };
}

function distance(_, state, data, palette) {
  const from = anchor(state);
  const colours = Uint8Array.from({ length: K }, (_, index) => CELLS - hamming(index, from));
  const name = data.nameOf(from);
  return byLikeness(colours, CELLS, palette, `cells unlike ${name}`, ["all nine differ", `same as ${name}`]);
}

/** Colour by how many of so many cells are alike. */
export function byLikeness(colours, cells, { sequence }, title, ticks) {
  const shades = ramp(sequence, cells + 1);
  return { colours, palette: shades, ranks: shades.map((_, rank) => rank), legend: { title, stops: sequence, ticks } };
}

/** Colour by how often something was drawn. */
export function byDraws(counts, palette) {
  const colours = Uint8Array.from(counts, (times) => Math.min(times, 3));
  const shades = [palette.faint, palette.sequence[2], palette.sequence[3], palette.sequence[5]];
  return categorical(colours, shades, ["not drawn", "once", "twice", "more often"], "draws from the prior");
}

/** Colours that are labelled one by one, and how many have each. */
export function categorical(colours, palette, labels, title) {
  const counts = labels.map(() => 0);
  for (const colour of colours) counts[colour] += 1;
  const items = labels.map((label, i) => ({ label, colour: palette[i], count: counts[i] }));
  return { colours, palette, ranks: palette.map((_, rank) => Math.min(rank, 1)), legend: { title, items } };
}

function gradient(colours, stops, title, ticks) {
  const ranks = new Array(LEVELS).fill(0);
  return { colours, palette: ramp(stops, LEVELS), ranks, legend: { title, stops, ticks } };
}
