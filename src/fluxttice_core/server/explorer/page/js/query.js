/** Searching: what is typed, the properties asked for and ruled out, and the box drawn on the map. */

import { isExpression, readExpression } from "./expression.js";
import { LATENTS } from "./network.js";
import { K, hamming, matchesPattern, normal, readHeptavintimal, readPattern } from "./space.js";

/**
 * Read what was typed. An index or a table, in which ? stands for any value, an expression, or words: property
 * names, each of which is then asked for, or a part of a name, alias, formula or source. A `problem` says why
 * what looks like an expression is none.
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
  // What names contain it would be another operation: nand's formula contains min(a, b).
  if (exact.size === 0 && isExpression(trimmed)) return expressed(trimmed, manifest);
  const known = new Set(manifest.properties.map(({ name }) => name));
  const tokens = trimmed.toLowerCase().split(/[\s,]+/);
  if (tokens.every((token) => known.has(token))) return { test: null, has: tokens };
  const found = exact.size > 0 ? exact : namedInPart(trimmed, manifest);
  return { test: (index) => found.has(index), problem: found.size === 0 && unknown(trimmed) };
}

/** Why nothing is found, and what may have been meant: without a prefix, 7PB and FFFFUUFUT are in capitals. */
function unknown(typed) {
  if (/^\d+$/.test(typed)) return "An index is from 0 to 19,682.";
  const upper = typed.toUpperCase();
  const known = upper !== typed && (readPattern(upper) ?? readHeptavintimal(upper)) !== null;
  return `No operation has such a name${known ? `: did you mean ${upper}?` : "."}`;
}

function expressed(typed, manifest) {
  try {
    const computed = readExpression(typed, manifest);
    return { test: (index) => index === computed };
  } catch (error) {
    const found = namedInPart(typed, manifest);
    const elsewhere = /\bc\b/.test(typed) ? ". The tab \u201cInputs\u201d shows those of three inputs." : "";
    return { test: (index) => found.has(index), problem: error.message + elsewhere };
  }
}

/** Named operations that what was typed is a part of. */
function namedInPart(typed, manifest) {
  const wanted = normal(typed);
  const texts = ({ name, aliases, formula, source }) => [name, ...aliases, formula, source];
  return fitting(manifest, (one) => texts(one).some((text) => normal(text).includes(wanted)));
}

const fitting = (manifest, test) => new Set(manifest.named.filter(test).map(({ index }) => index));

function namedExactly(typed, manifest) {
  const wanted = normal(typed);
  return fitting(manifest, ({ name, aliases }) => name === wanted || aliases.includes(wanted));
}

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
  return { flags, indices, everything: indices.length === K, problem: asked.problem, waiting };
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
