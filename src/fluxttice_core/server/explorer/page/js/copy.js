/** The menu that copies an operation in the form that is needed next. */

import { button, h } from "./dom.js";
import { SERVED } from "./source.js";
import { digitsOf, glyphs } from "./space.js";

const rows = (op) =>
  [0, 3, 6].map((start) => Array.from(digitsOf(op).slice(start, start + 3), (digit) => digit - 1));

const FORMS = {
  String: glyphs,
  "Table as lists": (op) => JSON.stringify(rows(op)),
  Python: (op) => `import fluxttice_core as fx\nz = fx.encode("${glyphs(op)}")  # posterior mean, (1, 16)\n`,
  ...(SERVED && { curl: (op) =>
    `curl ${new URL("v1/embeddings", document.baseURI)} -H 'Content-Type: application/json' ` +
    `-d '{"model": "fluxttice-b", "input": "${glyphs(op)}"}'` }),
  "Link to this view": () => location.href,
};

/** Copy a text and say so; where that is not allowed, show the text. */
export async function copyText(text, said, done) {
  const copied = navigator.clipboard?.writeText(text) ?? Promise.reject();
  said.textContent = await copied.then(() => done, () => text);
}

export function copyMenu(chosen, said) {
  const copy = (label) => copyText(FORMS[label](chosen()), said, `${label} copied`);
  return h("details.copy",
    h("summary", "Copy"),
    h("div.menu", Object.keys(FORMS).map((label) => button(label, () => copy(label)))),
  );
}
