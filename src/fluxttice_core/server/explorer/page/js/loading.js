/** Waits that are seen: a sign while something is fetched, and when that fails why, and a button to try again. */

import { button, h, hint, show } from "./dom.js";
import { fetchTensors } from "./source.js";

const latest = new WeakMap();

export const loading = (what = "") => hint(`Loading ${what}${what && " "}\u2026`);

/** Fetch something and show it in an element; of several fetches for one element only the last is shown. */
export async function loadInto(element, what, fetching, showing) {
  const ticket = {};
  latest.set(element, ticket);
  show(element, loading(what));
  let fetched;
  try {
    fetched = await fetching();
  } catch (error) {
    const again = () => loadInto(element, what, fetching, showing);
    if (latest.get(element) === ticket) show(element, failure(what, error, again));
    return;
  }
  if (latest.get(element) === ticket) showing(fetched);
}

/** Fetch what the whole page needs; it arrives when it does, though somebody may have to ask again. */
export async function fetchForPage(what, fetching) {
  for (;;) {
    try {
      return await fetching();
    } catch (error) {
      await askAgain(what, error);
    }
  }
}

export const fetchLayout = (half) => fetchForPage("The map", () => fetchTensors(`layout_${half}.safetensors`));

/** Say at the top of the page what failed, and wait until somebody wants to try again. */
export const askAgain = (what, error) =>
  new Promise((resume) => {
    const said = failure(what, error, () => resume(said.remove()));
    document.getElementById("notice").append(said);
  });

const failure = (what, error, again) =>
  h("p.failed", { role: "alert" }, `${what} could not be loaded: ${error.message}. `, button("Try again", again));
