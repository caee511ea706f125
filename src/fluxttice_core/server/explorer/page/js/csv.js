/** A selection as a file of comma-separated values (RFC 4180), made in the browser. */

import { anchor } from "./query.js";
import { digitsOf, glyphs, hamming, heptavintimal } from "./space.js";

/** Write operations with their names, part of the split, probabilities and properties. */
export function writeCsv(page) {
  const { manifest, algebra, mass, places } = page;
  const from = anchor(page.store.state);
  const cells = Array.from("-0+").flatMap((a) => Array.from("-0+", (b) => `f(${a} ${b})`));
  const heads = [
    ...["index", "string", "heptavintimal", ...cells, "names", "split", "p_a_times_K", "p_b_times_K"],
    ...[`cells_unlike_${glyphs(from)}`, ...algebra.names],
  ];
  const rows = page.inOrder().map((index) => [
    index,
    // Spreadsheets take what begins with + or - for a formula, and 1E5 for a number; all readers here skip
    // the blank and know the prefix.
    ` ${glyphs(index)}`,
    `hept:${heptavintimal(index)}`,
    ...Array.from(digitsOf(index), (digit) => digit - 1),
    page.namesOf(index).join(" "),
    places.split === undefined ? "" : manifest.parts[places.split[index]],
    mass ? mass.mass_a[index].toPrecision(4) : "",
    mass ? mass.mass_b[index].toPrecision(4) : "",
    hamming(index, from),
    ...algebra.names.map((name) => Number(algebra.has(index, name))),
  ]);
  return [heads, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function download(name, text, kind) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
