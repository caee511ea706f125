/** Searching: what is typed, the properties asked for and ruled out, and the box drawn on the map. */

import { LATENTS } from "./network.js";
import { K, hamming, matchesPattern, readHeptavintimal, readPattern } from "./space.js";

/** Lower case, blanks and underscores as hyphens: how names are compared. */
export function normal(name) {
  const plain = name.toLowerCase().replaceAll("_", " ").replaceAll("\u00f6", "oe").replaceAll("\u0142", "l");
  return plain.trim().split(/\s+/).join("-");
}

/**
 * Read what was typed. An index or a table, in which ? stands for any value, or words: property names, each of
 * which is then asked for, or a part of a name, alias, formula or source.
 */
export function readText(typed, manifest) {
  const trimmed = typed.trim();
  if (trimmed === "") return { test: null };
  if (/^\d{1,5}$/.test(trimmed) && Number(trimmed) < K) return { test: (index) => index === Number(trimmed) };
  const pattern = readPattern(trimmed);
  if (pattern !== null) return { test: (index) => matchesPattern(index, pattern) };
  const exact = namedExactly(trimmed, manifest);
  const base27 = exact.size > 0 ? null : readHeptavintimal(trimmed);
  if (base27 !== null) return { test: (index) => index === base27 };
  const known = new Set(manifest.properties.map(({ name }) => name));
  const tokens = trimmed.toLowerCase().split(/[\s,]+/);
  if (tokens.every((token) => known.has(token))) return { test: null, has: tokens };
  const found = named(trimmed, manifest);
  return { test: (index) => found.has(index), unknown: found.size === 0 };
}

/** Named operations that what was typed fits: exactly if any does, else in part. */
function named(typed, manifest) {
  const exact = namedExactly(typed, manifest);
  if (exact.size > 0) return exact;
  const wanted = normal(typed);
  const texts = ({ name, aliases, formula, source }) => [name, ...aliases, formula, source];
  return fitting(manifest, (one) => texts(one).some((text) => normal(text).includes(wanted)));
}

const fitting = (manifest, test) => new Set(manifest.named.filter(test).map(({ index }) => index));

function namedExactly(typed, manifest) {
  const wanted = normal(typed);
  return fitting(manifest, ({ name, aliases }) => name === wanted || aliases.includes(wanted));
}

/** Whether a text is meant as an expression over a and b, which the server reads. */
export const isExpression = (text) => /\(|(?<![\w]-)\b[abc]\s*$/.test(text);

/** The operations that a state asks for, as flags, indices and why nothing may be found. */
export function search(state, { manifest, algebra, boxed }) {
  const asked = readText(state.q, manifest);
  const has = [...state.has, ...(asked.has ?? [])];
  const rows = [
    ...has.map((name) => [algebra?.holding(name), 1]),
    ...state.lacks.map((name) => [algebra?.holding(name), 0]),
  ];
  const flags = new Uint8Array(K);
  const indices = [];
  for (let index = 0; index < K; index += 1) {
    if (asked.test !== null && !asked.test(index)) continue;
    if (boxed !== null && boxed[index] === 0) continue;
    if (rows.some(([row, wanted]) => row === undefined || row[index] !== wanted)) continue;
    flags[index] = 1;
    indices.push(index);
  }
  const waiting = rows.some(([row]) => row === undefined);
  return { flags, indices, everything: indices.length === K, unknown: asked.unknown ?? false, waiting };
}

/** The operation that orders count from: the one chosen when the order was asked for. */
export const anchor = (state) => state.near ?? state.op;

/** Indices in the order that is asked for. */
export function ordered(indices, state, { codes, mass }) {
  const by = (key) => {
    const keyed = indices.map((index) => [key(index), index]);
    return keyed.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, index]) => index);
  };
  const from = anchor(state);
  if (state.order === "cells") return by((index) => hamming(index, from));
  if (state.order === "mass" && mass) return by((index) => -mass[`mass_${state.half}`][index]);
  const means = codes?.means[state.half] ?? null;
  if (state.order !== "code" || means === null) return indices;
  const row = (index) => means.subarray(LATENTS * index, LATENTS * (index + 1));
  return by((index) => row(index).reduce((sum, entry, d) => sum + (entry - row(from)[d]) ** 2, 0));
}
