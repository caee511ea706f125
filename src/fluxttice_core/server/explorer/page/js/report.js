/** The report of the model that is served: its tables, figures, warnings and limitations. */

import { button, h, hint, list, section, show, table } from "./dom.js";
import { loadInto } from "./loading.js";
import { fetchDocument, fetchFigures, figureAddress } from "./source.js";

export const loadReport = (element, manifest) =>
  loadInto(element, "the report", () => fetchDocument("report.json"), (report) => showReport(element, manifest, report));

function showReport(element, manifest, report) {
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
  const figures = h("div.figures");
  show(element,
    h("h2", `Report: ${report.title}`),
    h("p.judgement", report.judgement),
    about,
    hint(report.setting),
    figures,
    report.grids.map(grid),
    hint(report.legend),
    notes("Warnings", report.warnings),
    notes("Limitations", report.limitations),
  );
  // The server draws them when they are first asked for, which may take a while.
  loadInto(figures, "the figures", fetchFigures, (found) =>
    show(figures, found.map(({ name, caption }) => h("figure", figure(name, caption), h("figcaption", caption)))));
}

/** A drawing, or what can be done when it does not come. */
function figure(name, alt, again = false) {
  const failed = () => image.replaceWith(
    h("p.failed", "This figure could not be loaded. ", button("Try again", ({ target }) =>
      target.parentElement.replaceWith(figure(name, alt, true)))),
  );
  const image = h("img", { alt, loading: "lazy", on: { error: failed } });
  figureAddress(name, again).then((address) => image.setAttribute("src", address), failed);
  return image;
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
