/** What stands around the map of either page: its zoom, the links of map and report, and those that skip. */

import { button, h } from "./dom.js";
import { loadReport } from "./report.js";

const $ = (selector) => document.querySelector(selector);
const clicked = (selector, act) => {
  for (const element of document.querySelectorAll(selector))
    element.addEventListener("click", (event) => {
      event.preventDefault();
      act(element);
    });
};

export function setUpFrame(store, map, manifest) {
  clicked("#zoom-in", () => map.zoomBy(1.5));
  clicked("#zoom-out", () => map.zoomBy(1 / 1.5));
  clicked("#show-all", () => map.showAll());
  // A skip link moves the focus alone: the address holds the view.
  clicked(".skip", (link) => $(link.getAttribute("href")).focus());
  clicked("[data-view-link]", (link) => store.set({ view: link.dataset.viewLink }));
  let reported = false;
  store.watch(["view"], ({ view }) => {
    document.body.dataset.view = view;
    for (const link of document.querySelectorAll("[data-view-link]"))
      link.ariaCurrent = link.dataset.viewLink === view ? "page" : null;
    if (view !== "report" || reported) return;
    reported = true;
    loadReport($("#report"), manifest);
  });
}

/** Say that the page did not start. */
export function sayFailed(error, advice = "") {
  const said = `The explorer could not start: ${error.message}. ${advice}`;
  $("#notice").append(h("p.failed", { role: "alert" }, said, button("Try again", () => location.reload())));
  throw error;
}
