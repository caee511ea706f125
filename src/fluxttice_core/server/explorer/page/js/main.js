/** Starts the page: the map first, then everything that can wait until it is seen. */

import { Algebra } from "./algebra.js";
import { Codes } from "./codes.js";
import { kindsOf } from "./colouring.js";
import { show } from "./dom.js";
import { sayFailed, setUpFrame } from "./frame.js";
import { DEFAULTS, readLink, writeLink } from "./link.js";
import { fetchForPage, fetchLayout, loading, loadInto, askAgain } from "./loading.js";
import { MapView } from "./map.js";
import { Page } from "./page.js";
import { Projections } from "./projection.js";
import { fetchDocument, fetchTensors } from "./source.js";
import { writeAs } from "./space.js";
import { createStore } from "./store.js";
import { setUpTabs } from "./tabs.js";
import { setUpTheme } from "./theme.js";
import { Tooltip } from "./tooltip.js";

const LINK_DELAY = 250;
const PANELS = ["controls", "find", "operation", "collections"];
/** The panels that decode: each is made when its tab is first opened, once the decoders are there. */
const DECODING = ["sliders", "prior", "compare"];
const LATER = [...DECODING, "inputs"];
const STEPS = ["view", "tab", "op", "table", "basis", "pin", "q", "has", "lacks", "box", "letters"];

const $ = (selector) => document.querySelector(selector);

async function start() {
  const link = readLink(location.hash);
  const layout = link.map === "layout" ? fetchLayout(link.half) : null;
  const [manifest, split] = await fetchForPage("The map", () =>
    Promise.all([fetchDocument("manifest.json"), fetchTensors("split.safetensors")]));
  const arrivals = { algebra: 0, mass: 0, codes: 0, drawn: 0, places: 0 };
  const store = createStore({ ...sound(link, manifest), theme: "light", ...arrivals });
  setUpTheme(store, $("#theme"));
  store.watch(["letters"], ({ letters }) => writeAs(letters)); // first, since others show them
  const page = new Page(store, manifest, { ...split, ...(await layout) });
  const map = setUpMap(page, store);
  page.attach(map, $("#legend"));
  map.resize();
  performance.mark("map-painted");
  await afterPaint();
  await fillIn(page, store, map);
  const open = keepLink(store, page);
  window.explorer = { page, map, store, open };
  document.documentElement.dataset.ready = "true";
}

/** What cannot be as the link says is as by default. */
function sound(state, manifest) {
  const [kind, argument] = state.colour.split(":");
  const options = kindsOf(manifest).find((one) => one.kind === kind)?.options;
  const known = options?.length === 0 || options?.some(([value]) => value === argument);
  const names = new Set(manifest.properties.map(({ name }) => name));
  return {
    ...state,
    colour: known ? state.colour : DEFAULTS.colour,
    map: state.map === "layout" && manifest.layout === null ? "pca" : state.map,
    has: state.has.filter((name) => names.has(name)),
    lacks: state.lacks.filter((name) => names.has(name)),
  };
}

function setUpMap(page, store) {
  const tooltip = new Tooltip($("#tooltip"), page);
  let moved;
  const map = new MapView($("#map"), {
    hover: (index, px, py) => {
      map.setScene({ hovered: index });
      tooltip.show(index, px, py);
    },
    choose: (index) => page.choose(index),
    box: (rectangle) => {
      store.set({ box: { on: Projections.nameOf(store.state), rectangle } });
      setBoxing(false);
    },
    drag: (place) => {
      if (store.state.z === null || store.state.tab !== "sliders") return;
      store.set({ z: page.projections.latentAt(store.state, place, store.state.z) });
    },
    moved: () => {
      tooltip.show(null);
      map.scene.hovered = null;
      clearTimeout(moved);
      moved = setTimeout(() => store.set({ camera: map.viewport.camera }), LINK_DELAY);
    },
    step: (dx, dy) => {
      const next = page.inDirection(dx, dy);
      if (next !== null) page.moveTo(next);
      map.reveal(map.placeOf(store.state.op));
    },
  });
  const setBoxing = (on) => {
    map.boxing = on;
    $("#box-tool").setAttribute("aria-pressed", String(on));
    $("#map").classList.toggle("boxing", on);
  };
  $("#box-tool").addEventListener("click", () => setBoxing(!map.boxing));
  return map;
}

/** Everything beside the map: controls and panels at once, and data as it arrives. */
async function fillIn(page, store, map) {
  const modules = [...PANELS, ...LATER].map((name) => import(`./${name}.js`));
  const arrived = (key) => store.set({ [key]: store.state[key] + 1 });
  const tensors = (what, name) => fetchForPage(what, () => fetchTensors(`${name}.safetensors`));
  for (const name of [...PANELS, ...LATER]) show($(`#${name}`), loading());
  setUpTabs(store);
  setUpFrame(store, map, page.manifest);
  const algebra = tensors("What is known of properties", "algebra").then((found) => {
    page.algebra = new Algebra(found, page.manifest);
    arrived("algebra");
  });
  const mass = tensors("What is known of probabilities", "mass").then((found) => {
    page.mass = found;
    arrived("mass");
  });
  const panels = await Promise.all(modules);
  const weights = await tensors("The encoders", "encoder");
  const failed = (error) => askAgain("What computes the codes", error).then(() => location.reload());
  page.codes = new Codes(weights, () => arrived("codes"), failed);
  page.projections.codes = page.codes;
  page.codes.start(store.state.half);
  PANELS.forEach((name, at) => {
    show($(`#${name}`));
    new panels[at].Panel($(`#${name}`), page, map);
  });
  const waiting = new Map(LATER.map((name, at) => [name, panels[PANELS.length + at].Panel]));
  const decoders = ["the decoders", () => page.codes.needDecoders()];
  const needs = { inputs: ["the algebra of other inputs", () => fetchDocument("inputs.json")] };
  store.watch(["tab"], ({ tab }) => {
    const Panel = waiting.get(tab);
    if (!waiting.delete(tab)) return;
    const root = $(`#${tab}`);
    loadInto(root, ...(needs[tab] ?? decoders), (found) => {
      show(root);
      new Panel(root, page, tab in needs ? found : map);
    });
  });
  await Promise.all([algebra, mass]);
}

/**
 * The address follows the state, and the state an address that is opened; returns what opens one. What changes
 * a step is a new entry of the history, but a text that is typed is one step.
 */
function keepLink(store, page) {
  let written = location.hash.slice(1);
  let pending = null, waiting, step = "", opening = true;
  const write = () => {
    const { link, pushes } = pending;
    pending = null;
    if (link === written) return;
    written = link;
    const address = `${location.pathname}${location.search}${link && `#${link}`}`;
    history[pushes ? "pushState" : "replaceState"](null, "", address);
  };
  store.watch(Object.keys(DEFAULTS), (state, changed) => {
    const next = opening ? "" : STEPS.filter((key) => changed.has(key)).join();
    const pushes = next !== "" && !(next === "q" && step === "q");
    if (pushes && pending?.pushes && next !== step) write();
    if (next !== "" || opening) step = next;
    pending = { link: writeLink(state), pushes: pushes || (pending?.pushes ?? false) };
    clearTimeout(waiting);
    waiting = setTimeout(write, LINK_DELAY);
  });
  opening = false;
  const open = (fragment) => {
    clearTimeout(waiting);
    pending = null;
    written = location.hash.slice(1);
    opening = true;
    store.set(sound(readLink(fragment), page.manifest));
    queueMicrotask(() => {
      opening = false;
    });
    page.look(store.state.camera);
  };
  addEventListener("hashchange", () => location.hash.slice(1) !== written && open(location.hash));
  return open;
}

const afterPaint = () => new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)));

start().catch((error) => sayFailed(error, "Look at the browser's console if this stays so. "));
