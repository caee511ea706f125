/** Where a page that stands alone finds its data: in itself, packed, whether it came by network or not. */

import { readTensors } from "./tensors.js";

/** Whether there is a server, and so an API. */
export const SERVED = false;

export const fetchDocument = async (name) => (await unpacked(name)).json();

export const fetchFigures = () => fetchDocument("figures.json");

/** Where a figure is, once it is unpacked. */
export const figureAddress = async (name) => URL.createObjectURL(await (await unpacked(`${name}.svg`)).blob());

export const fetchTensors = async (name) => readTensors(await (await unpacked(name)).arrayBuffer());

/** Start a thread for long work: it runs this page's own script, which then does the worker's part. */
export function startWorker() {
  const script = document.getElementById("script").textContent;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
}

/** What stands in an element of the page as gzip in base64. */
async function unpacked(name) {
  const find = () => document.getElementById(`data-${name}`);
  // What another element follows is there in full; for the rest the page must have arrived.
  if (!find()?.nextElementSibling) await arrived();
  if (find() === null) throw new Error(`this copy of the page is cut short before ${name}: get it again`);
  if (!("DecompressionStream" in globalThis))
    throw new Error("this browser cannot unpack the page's data: use one from 2023 or later");
  const bytes = Uint8Array.from(atob(find().textContent), (letter) => letter.charCodeAt(0));
  const kind = name.endsWith(".svg") ? "image/svg+xml" : "";
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream, { headers: { "content-type": kind } });
}

function arrived() {
  if (document.readyState !== "loading") return null;
  return new Promise((resume) => document.addEventListener("DOMContentLoaded", resume, { once: true }));
}
