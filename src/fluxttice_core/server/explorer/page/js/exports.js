/** The chosen operation as a file for others, from the templates that the command line fills, too. */

import { download } from "./csv.js";
import { button, h } from "./dom.js";
import { loadInto } from "./loading.js";
import { fetchDocument } from "./source.js";
import { digitsOf, glyphs, heptavintimal } from "./space.js";

const FORMS = { verilog: "Verilog", latex: "LaTeX", markdown: "Markdown", svg: "SVG", png: "PNG" };
const PLACE = /^(.*)@about@$|@(=?)(\d+)@|@([a-z]+)@/gm;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

/** A menu that saves the operation that is chosen when it is used. */
export function exportMenu(page, said) {
  const save = (form) => {
    const { op } = page.store.state;
    menu.open = false;
    loadInto(said, "the export", () => exported(page, op, form), ({ name, content, kind }) => {
      download(name, content, kind);
      said.textContent = `${name} saved`;
    });
  };
  const menu = h("details.copy.exports",
    h("summary", "Export"),
    h("div.menu", Object.entries(FORMS).map(([form, label]) => button(label, () => save(form)))),
  );
  return menu;
}

/** The name, content and kind of the file that holds an operation in one form. */
export async function exported(page, op, form) {
  const forms = await fetchDocument("exports.json");
  const about = describe(page, op);
  const name = page.namesOf(op)[0]?.replaceAll("-", "_") ?? `2_${op}`;
  const words = { name: `ternary_${name}`, index: String(op), title: escaped(about.join("; ")) };
  const { text, trits } = forms[form === "png" ? "svg" : form];
  const digits = digitsOf(op);
  const filled = text.replace(PLACE, (_, head, glyph, cell, word) =>
    words[word] ?? (cell ? (glyph ? "-0+" : trits)[digits[cell]] : about.map((line) => head + line).join("\n")),
  );
  const { ending, kind } = forms[form];
  return { name: `${words.name}.${ending}`, content: form === "png" ? await painted(filled) : filled, kind };
}

function describe(page, op) {
  const named = page.manifest.named.filter(({ index }) => index === op);
  return [
    ...named.map(({ name, formula, source }) => `${name}: f(a, b) = ${formula} (${source})`),
    `index ${op}, in base 27 ${heptavintimal(op)}, table ${glyphs(op).replace(/...(?=.)/g, "$&/")}`,
  ];
}

const escaped = (text) => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]);

/** Paint a drawing, two pixels for each of its own. */
async function painted(drawing) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = h("canvas", { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resume) => canvas.toBlob(resume, "image/png"));
}
