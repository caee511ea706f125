/** The report of the model that is served: its tables, figures, warnings and limitations. */

import { h, show } from "./dom.js";
import { fetchDocument, fetchFigures } from "./packs.js";

export async function showReport(element, manifest) {
  const report = await fetchDocument("report.json");
  const { model } = manifest;
  const about = h(
    "p",
    { class: "hint" },
    `Recipe ${model.recipe ?? "not recorded"}, epoch ${model.epoch}, seed ${model.seed ?? "not recorded"}, ${model.parameters.toLocaleString("en-US")} parameters; weights `,
    h("code", {}, model.digest.slice(0, 16)),
    ".",
  );
  if (report.missing) {
    show(element, h("h2", {}, "Report of the model"), about, h("p", {}, withCode(sentence(report.missing))));
    return;
  }
  const figures = await fetchFigures();
  show(
    element,
    h("h2", {}, `Report: ${report.title}`),
    about,
    h("p", { class: "hint" }, report.setting),
    h(
      "div",
      { class: "figures" },
      figures.map(({ name, caption }) =>
        h(
          "figure",
          {},
          h("img", { src: `explorer/figures/${name}.svg`, alt: caption, loading: "lazy" }),
          h("figcaption", {}, caption),
        ),
      ),
    ),
    report.grids.map(grid),
    h("p", { class: "hint" }, report.legend),
    notes("Warnings", report.warnings),
    notes("Limitations", report.limitations),
  );
}

function grid({ title, headings, rows }) {
  return h(
    "section",
    {},
    h(
      "div",
      { class: "scroller", tabindex: 0, role: "region", "aria-label": title },
      h(
        "table",
        { class: "report-table" },
        h("caption", {}, title),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            headings.map((head, at) =>
              head === "" && at === 0
                ? h("td", {})
                : h(
                    "th",
                    { scope: "col" },
                    head === "" ? h("span", { class: "visually-hidden" }, "verdict") : head,
                  ),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((cells) =>
            h(
              "tr",
              {},
              cells.map((cell, at) => (at === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell))),
            ),
          ),
        ),
      ),
    ),
  );
}

function notes(title, entries) {
  return (
    entries.length > 0 &&
    h(
      "section",
      {},
      h("h3", {}, title),
      h(
        "ul",
        {},
        entries.map((entry) => h("li", {}, entry)),
      ),
    )
  );
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A text, its parts between backquotes as code. */
function withCode(text) {
  return text.split("`").map((part, at) => (at % 2 === 1 ? h("code", {}, part) : part));
}
