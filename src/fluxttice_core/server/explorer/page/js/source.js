/** Where the page finds its data: at its server. In a page that stands alone, embedded.js takes this place. */

import { readTensors } from "./tensors.js";

/** Whether there is a server, and so an API. */
export const SERVED = true;

export const fetchDocument = async (name) => (await fetchChecked(`explorer/data/${name}`)).json();

export const fetchFigures = async () => (await fetchChecked("explorer/figures/figures.json")).json();

/** Where a figure is; one that did not come is asked for under another address. */
export const figureAddress = async (name, again) =>
  `explorer/figures/${name}.svg${again ? `?${Date.now()}` : ""}`;

export async function fetchTensors(name) {
  return readTensors(await (await fetchChecked(`explorer/data/${name}`)).arrayBuffer());
}

/** Start a thread for long work: it runs the page's own script, which then does the worker's part. */
export const startWorker = () => new Worker("explorer/page.js");

async function fetchChecked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`the server answered ${answer.status} for ${path}`);
  return answer;
}
