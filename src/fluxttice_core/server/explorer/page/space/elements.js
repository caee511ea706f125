/** Starts the page of any space: its map, and the panels that ask the API. */

import { byDraws, byLikeness, categorical } from "../js/colouring.js";
import { halfControl } from "../js/controls.js";
import { grouped, h, hint, show } from "../js/dom.js";
import { ask } from "./ask.js";
import { sayFailed, setUpFrame } from "../js/frame.js";
import { showLegend } from "../js/legend.js";
import { fetchForPage } from "../js/loading.js";
import { MapView } from "../js/map.js";
import { PALETTES, ramp } from "../js/palette.js";
import { unpacked } from "../js/projection.js";
import { DecodePanel, ElementPanel, FindPanel, PriorPanel } from "./element_panels.js";
import { fetchDocument, fetchTensors } from "../js/source.js";
import { createStore } from "../js/store.js";
import { setUpTabs } from "../js/tabs.js";
import { setUpTheme } from "../js/theme.js";

const PARTS = ["trained on", "validation", "held out", "outside of the support"];
const OUTSIDE = 3;
const $ = (selector) => document.querySelector(selector);

/** What the panels share: the space, the points of the map, the state, and the chosen element. */
class ElementPage {
  constructor(manifest, points, store) {
    Object.assign(this, { manifest, points, store, space: manifest.space, shown: null });
    this.pointOf = new Map(Array.from(points.index, (index, point) => [index, point]));
    this.drawn = new Uint8Array(points.index.length);
  }

  digitsOf(index) {
    let rest = index;
    return this.space.alphabets.map((alphabet) => {
      const digit = rest % alphabet.length;
      rest = Math.floor(rest / alphabet.length);
      return digit;
    });
  }

  stringOf(index) {
    return this.digitsOf(index).map((digit, at) => this.space.alphabets[at][digit]).join("");
  }

  indexOf(digits) {
    return digits.reduceRight((sum, digit, at) => sum * this.space.alphabets[at].length + digit, 0);
  }

  get model() {
    return `fluxttice-${this.store.state.half}`;
  }

  choose(index) {
    forgetLink();
    const { tab } = this.store.state;
    this.store.set({ op: index, tab: tab === "find" ? "element" : tab });
  }

  button({ index, string, in_support: inside, names }, note) {
    return h("button.operation", { type: "button", on: { click: () => this.choose(index) } },
      h("span.glyphs", string),
      names?.length > 0 && h("span.name", names.join(", ")),
      h("span.note", { title: inside ? null : "outside of the support" },
        [note, !inside && "outside"].filter(Boolean).join(" \u00b7 ")),
    );
  }

  placeOf(latent) {
    const { axes, centre, extent } = this.manifest.halves[this.store.state.half];
    return axes.map((axis) => axis.reduce((sum, entry, d) => sum + entry * (latent[d] - centre[d]), 0) / extent);
  }
}

async function start() {
  const [manifest, points] = await fetchForPage("The map", () =>
    Promise.all([fetchDocument("manifest.json"), fetchTensors("points.safetensors")]));
  const { space } = manifest;
  const store = createStore({
    op: (await linked(manifest)) ?? manifest.first, half: "b", tab: "element", view: "map", theme: "light", drawn: 0, z: null,
    colour: manifest.parts === null ? "symbol:0" : "part",
  });
  setUpTheme(store, $("#theme"));
  document.title = `fluxttice: ${space.described}`;
  $(".subtitle").textContent = `${space.described}, ${grouped(space.size)} in all`;
  $("#tab-element").textContent = capital(space.one);
  $("#map").setAttribute("aria-label", `Map of ${space.many}`);
  const page = new ElementPage(manifest, points, store);
  const map = setUpMap(page);
  setUpControls(page);
  for (const [id, Panel] of [["find", FindPanel], ["element", ElementPanel], ["decode", DecodePanel], ["prior", PriorPanel]])
    new Panel($(`#${id}`), page);
  setUpTabs(store, "element");
  setUpFrame(store, map, manifest);
  store.watch(["op"], ({ op }) => history.replaceState(null, "", `#${encodeURIComponent(page.stringOf(op))}`));
  addEventListener("hashchange", async () => {
    const op = await linked(manifest);
    if (op !== null) store.set({ op });
  });
  window.explorer = { page, map, store };
  document.documentElement.dataset.ready = "true";
}

let followed = 0;

/** What an earlier link asks for, or could not, matters no more. */
function forgetLink() {
  $("#unfollowed")?.remove();
  followed += 1;
  return followed;
}

/** The element that the address names; none: there is no such one, which is said, or another was named meanwhile. */
async function linked({ first }) {
  const named = location.hash.slice(1), run = forgetLink();
  if (!named) return first;
  try {
    const { index } = await ask(`elements/${encodeURIComponent(decodeURIComponent(named))}`);
    return run === followed ? index : null;
  } catch (error) {
    if (run === followed)
      $("#notice").append(h("p.failed", { id: "unfollowed", role: "alert" }, `The link could not be followed: ${error.message}.`));
    return null;
  }
}

function setUpMap(page) {
  const { points, store, space } = page, { index } = points;
  const tooltip = $("#tooltip");
  const map = new MapView($("#map"), {
    hover: (point, px, py) => {
      map.setScene({ hovered: point });
      tooltip.hidden = point === null;
      if (point === null) return;
      tooltip.textContent = page.stringOf(index[point]);
      tooltip.style.left = `${px + 14}px`;
      tooltip.style.top = `${py + 18}px`;
    },
    choose: (point) => page.choose(index[point]),
    box: () => map.setScene({ box: null }),
    drag: () => {},
    moved: () => {
      tooltip.hidden = true;
    },
    step: () => {},
  });
  map.setScene({ labelOf: (point) => page.stringOf(index[point]), draggable: false });
  map.resize();
  store.watch(["half"], ({ half }) => map.setPlaces(unpacked(points[`places_${half}`])));
  store.watch(["half", "op", "colour", "drawn", "theme"], (state) => {
    const palette = PALETTES[state.theme];
    const [kind, at] = state.colour.split(":");
    const painted = COLOURINGS[kind](page, palette, Number(at)), { legend } = painted;
    showLegend($("#legend"), { ...legend, items: legend.items?.filter(({ count }) => count > 0) });
    map.setColours(painted, null, palette);
  });
  const mark = () => {
    const point = page.pointOf.get(store.state.op) ?? null;
    const { half } = store.state, mean = page.shown?.codes[`fluxttice-${half}`].mean;
    const chosen = point === null && page.shown?.index === store.state.op ? page.placeOf(mean) : map.placeOf(point);
    map.setScene({ chosen, ringed: [point], marker: store.state.z && page.placeOf(store.state.z) });
  };
  page.mark = mark;
  store.watch(["op", "half", "z"], mark);
  store.watch(["op"], ({ op }) => page.pointOf.has(op) && map.reveal(map.placeOf(page.pointOf.get(op))));
  return map;
}

const COLOURINGS = { part, symbol, apart, drawn: ({ drawn }, palette) => byDraws(drawn, palette) };

function part({ points }, palette) {
  const trained = points.part.includes(OUTSIDE) ? palette.accent : palette.muted;
  const shades = [trained, palette.categories[4], palette.strong, palette.muted];
  return { ...categorical(points.part, shades, PARTS, "part of the split"), ranks: [1, 2, 2, 0] };
}

function symbol(page, palette, at) {
  const { points, space } = page, letters = [...space.alphabets[at]];
  const shades = letters.length > palette.categories.length ? ramp(palette.diverging, letters.length) : palette.categories;
  const colours = Uint8Array.from(points.index, (index) => page.digitsOf(index)[at]);
  return categorical(colours, shades, letters, `${space.part} ${at + 1}`);
}

function apart(page, palette) {
  const { points, space, store } = page, own = page.digitsOf(store.state.op), cells = own.length;
  const colours = Uint8Array.from(points.index, (index) =>
    page.digitsOf(index).reduce((sum, digit, at) => sum - Number(digit !== own[at]), cells));
  const title = `${space.parts} unlike ${page.stringOf(store.state.op)}`;
  return byLikeness(colours, cells, palette, title, [`all ${cells} differ`, "same"]);
}

function setUpControls({ manifest, points, space, store }) {
  const options = [
    ...(manifest.parts === null ? [] : [["part", "part of the split"]]),
    ...space.alphabets.map((_, at) => [`symbol:${at}`, `${space.part} ${at + 1}`]),
    ["apart", `unlike ${space.parts}`],
    ["drawn", "draws from the prior"],
  ];
  const colour = h("select", { id: "colour", on: { change: () => store.set({ colour: colour.value }) } },
    options.map(([value, label]) => h("option", { value }, label)));
  store.watch(["colour"], (state) => {
    colour.value = state.colour;
  });
  show($("#controls"),
    halfControl(store, { z: null }),
    h("div.control", h("label", { for: "colour" }, "Colour"), colour),
    points.index.length < space.size &&
      hint(`${grouped(points.index.length)} of ${grouped(space.size)} ${space.many} are drawn; search finds all of them.`),
  );
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

start().catch((error) => sayFailed(error));
