/** The chosen operation as a file for others, from the templates that the command line fills, too. */

import { download } from "./csv.js";
import { button, h } from "./dom.js";
import { loadInto } from "./loading.js";
import { fetchDocument } from "./source.js";
import { namesIn } from "./expression.js";
import { arityOf, heptavintimal, indexIn, written } from "./space.js";

const FORMS = { verilog: "Verilog", latex: "LaTeX", markdown: "Markdown", svg: "SVG", png: "PNG" };
const PLACE = /^(.*)@about@$|@(=?)(\d+)@|@([a-z]+)@/gm;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

/** A menu that saves the operation whose digits are shown when it is used. */
export function exportMenu(page, said, shown) {
  const save = (form) => {
    const digits = shown();
    menu.open = false;
    loadInto(said, "the export", () => exported(page, digits, form), ({ name, content, kind }) => {
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
export async function exported({ manifest }, digits, form) {
  const forms = await fetchDocument("exports.json");
  const names = namesIn(digits, manifest), index = indexIn(digits);
  const inputs = arityOf(digits.length);
  const about = describe(names, digits, inputs);
  const name = names[0]?.name.replaceAll("-", "_") ?? `${inputs}_${index}`;
  const words = { name: `ternary_${name}`, index: String(index), title: escaped(about.join("; ")) };
  const { text, trits } = forms[form === "png" ? "svg" : form].templates[inputs];
  const filled = text.replace(PLACE, (_, head, glyph, cell, word) =>
    words[word] ?? (cell ? (glyph ? "-0+" : trits)[digits[cell]] : about.map((line) => head + line).join("\n")),
  );
  const { ending, kind } = forms[form];
  return { name: `${words.name}.${ending}`, content: form === "png" ? await painted(filled) : filled, kind };
}

function describe(names, digits, inputs) {
  const called = `f(${["a", "b", "c"].slice(0, inputs).join(", ")})`;
  const index = indexIn(digits), base27 = heptavintimal(index, digits.length / 3);
  return [
    ...names.map(({ name, formula, source }) => `${name}: ${called} = ${formula} (${source})`),
    `index ${index}, in base 27 ${base27}, table ${written(digits).replace(/...(?=.)/g, "$&/")}`,
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
