/** The report of the model that is served: its tables, figures, warnings and limitations. */

import { h, hint, list, section, show, table } from "./dom.js";
import { fetchDocument, fetchFigures } from "./packs.js";

export async function showReport(element, manifest) {
  const report = await fetchDocument("report.json");
  const { model } = manifest;
  const about = hint(
    `Recipe ${model.recipe ?? "not recorded"}, epoch ${model.epoch}, seed ${model.seed ?? "not recorded"}, ${model.parameters.toLocaleString("en-US")} parameters; weights `,
    h("code", model.digest.slice(0, 16)),
    ".",
  );
  if (report.missing) {
    show(element, h("h2", "Report of the model"), about, h("p", withCode(sentence(report.missing))));
    return;
  }
  const figures = await fetchFigures();
  show(element,
    h("h2", `Report: ${report.title}`),
    about,
    hint(report.setting),
    h("div.figures",
      figures.map(({ name, caption }) =>
        h("figure",
          h("img", { src: `explorer/figures/${name}.svg`, alt: caption, loading: "lazy" }),
          h("figcaption", caption),
        ),
      ),
    ),
    report.grids.map(grid),
    hint(report.legend),
    notes("Warnings", report.warnings),
    notes("Limitations", report.limitations),
  );
}

function grid({ title, headings, rows }) {
  return h("section",
    h("div.scroller", { tabindex: 0, role: "region", "aria-label": title },
      table("report-table",
        h("caption", title),
        headings.map((head, at) => {
          if (head === "" && at === 0) return h("td");
          return h("th", { scope: "col" }, head || h("span.visually-hidden", "verdict"));
        }),
        rows.map((cells) =>
          cells.map((cell, at) => (at === 0 ? h("th", { scope: "row" }, cell) : h("td", cell))),
        ),
      ),
    ),
  );
}

const notes = (title, entries) => entries.length > 0 && section(title, list("ul", entries));

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** A text, its parts between backquotes as code. */
const withCode = (text) => text.split("`").map((part, at) => (at % 2 === 1 ? h("code", part) : part));
