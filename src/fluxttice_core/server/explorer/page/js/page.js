/** What all panels share: the data as it arrives, the state, and the map that shows both. */

import { colouring } from "./colouring.js";
import { decimal, prefersStillness } from "./dom.js";
import { showLegend } from "./legend.js";
import { fetchLayout } from "./loading.js";
import { PALETTES } from "./palette.js";
import { Projections } from "./projection.js";
import { anchor, ordered, search } from "./query.js";
import { K, signs } from "./space.js";
import { operationButton } from "./tables.js";

const MOVE_MS = 450;
const SEARCHED_BY = ["q", "has", "lacks", "box", "algebra", "codes", "places", "letters"];
const PLACED_BY = ["half", "map", "x", "y", "codes", "places"];
const COLOURED_BY = [...SEARCHED_BY, "colour", "half", "op", "near", "mass", "theme", "drawn"];
const MARKED_BY = [...PLACED_BY, "op", "pin", "tab", "z", "t", "box"];

export class Page {
  constructor(store, manifest, places) {
    Object.assign(this, { store, manifest, places, algebra: null, mass: null, codes: null });
    this.asked = new Set();
    this.drawn = new Uint8Array(K);
    this.projections = new Projections(manifest, places);
    this.names = new Map();
    for (const { name, index } of manifest.named)
      this.names.set(index, [...(this.names.get(index) ?? []), name]);
    this.choose = (index) =>
      store.set({ op: index, tab: store.state.tab === "find" ? "operation" : store.state.tab });
    this.found = { flags: null, indices: [], everything: true };
    this.kept = { key: null, order: [] };
  }

  namesOf(index) {
    return this.names.get(index) ?? [];
  }

  /** Its first name, or else its table. */
  nameOf(index) {
    return this.namesOf(index)[0] ?? signs(index);
  }

  button(index, said) {
    return operationButton(index, this.choose, { name: this.namesOf(index).join(", "), ...said });
  }

  decodedWords({ index, joint }) {
    const named = [signs(index), ...this.namesOf(index)].join(", ");
    return `${named}; p(table | latent) = ${decimal(joint, 3)}`;
  }

  get palette() {
    return PALETTES[this.store.state.theme];
  }

  /** What was found, in the order that is asked for; kept until that changes. */
  inOrder() {
    const { state } = this.store;
    const from = `${anchor(state)}.${state.half}.${this.codes?.means[state.half] !== null}`;
    const key = state.order === "index" ? "index" : `${state.order}.${from}`;
    if (this.kept.key !== key || this.kept.of !== this.found)
      this.kept = { key, of: this.found, order: ordered(this.found.indices, state, this) };
    return this.kept.order;
  }

  /** Tie the state to a map; must come before panels, which read what is found here. */
  attach(map, legend) {
    this.map = map;
    this.legend = legend;
    const { store } = this;
    store.watch(SEARCHED_BY, (state) => this.#search(state));
    store.watch(PLACED_BY, (state) => this.#place(state));
    store.watch(COLOURED_BY, () => this.recolour());
    store.watch(MARKED_BY, (state) => this.#mark(state));
  }

  /** Choose another operation and let its mark travel there. */
  moveTo(index) {
    const from = this.map.placeOf(this.store.state.op);
    this.choose(index);
    const to = this.map.placeOf(index);
    if (from === null || to === null || prefersStillness()) return;
    const started = performance.now();
    const step = (now) => {
      if (this.store.state.op !== index) return;
      const share = Math.min((now - started) / MOVE_MS, 1);
      const eased = 1 - (1 - share) ** 3;
      const at = [from[0] + (to[0] - from[0]) * eased, from[1] + (to[1] - from[1]) * eased];
      this.map.setScene({ chosen: at, path: share < 1 ? [from, at] : null });
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  recolour() {
    const painted = colouring(this.store.state, this, this.palette);
    showLegend(this.legend, painted.legend);
    this.map.setColours(painted, this.found.everything ? null : this.found.flags, this.palette);
  }

  /** The operation nearest to the chosen one in a direction of the map. */
  inDirection(dx, dy) {
    const places = this.#placesOf(this.store.state);
    const { op } = this.store.state;
    if (places === null) return null;
    let best = null, least = Infinity;
    for (let index = 0; index < K; index += 1) {
      const x = places.x[index] - places.x[op], y = places.y[index] - places.y[op];
      const along = x * dx + y * dy, across = Math.abs(x * dy - y * dx);
      if (index === op || along <= across) continue;
      const cost = along + 2 * across;
      if (cost < least) [best, least] = [index, cost];
    }
    return best;
  }

  /** Look at the map as a link says, or at all of it. */
  look(camera) {
    this.#place(this.store.state);
    if (this.map.places === null) return;
    this.map.viewport.fit(this.map.places.bounds);
    if (camera !== null) this.map.viewport.restore(camera);
    this.map.request();
  }

  #search(state) {
    this.found = search(state, { manifest: this.manifest, algebra: this.algebra, boxed: this.#boxed(state) });
  }

  /** Flags of what lies in the box, on whichever map it was drawn. */
  #boxed({ box }) {
    if (box === null) return null;
    const [half, map, x, y] = box.on.split(".");
    const places = this.#placesOf({ half, map, x: Number(x ?? 0), y: Number(y ?? 0) });
    if (places === null) return null;
    const [left, bottom, right, top] = box.rectangle;
    return Uint8Array.from({ length: K }, (_, i) =>
      Number(places.x[i] >= left && places.x[i] <= right && places.y[i] >= bottom && places.y[i] <= top),
    );
  }

  /** Places on a map, or null while they are not there; a layout is fetched when it is first looked at. */
  #placesOf(view) {
    const places = this.projections.placesOf(view);
    if (places === null && view.map === "layout" && !this.asked.has(view.half)) {
      this.asked.add(view.half);
      fetchLayout(view.half).then((found) => {
        Object.assign(this.places, found);
        this.store.set({ places: this.store.state.places + 1 });
      });
    }
    return places;
  }

  #place(state) {
    const places = this.#placesOf(state);
    this.map.root.setAttribute("aria-busy", String(places === null));
    if (places === null || places === this.map.places) return;
    const name = Projections.nameOf(state);
    this.map.setPlaces(places);
    if (state.camera !== null && (this.placedAs === undefined || this.placedAs === name))
      this.map.viewport.restore(state.camera);
    else if (this.placedAs !== undefined) this.store.set({ camera: null });
    this.placedAs = name;
  }

  #mark(state) {
    const { map, projections, codes } = this;
    const onThisMap = state.box !== null && state.box.on === Projections.nameOf(state);
    const ready = codes?.means[state.half] && this.#placesOf(state) !== null;
    const marker = ready && state.z && state.tab === "sliders" ? projections.project(state, state.z) : null;
    const between = ready && state.tab === "compare" && state.pin !== null;
    map.setScene({
      chosen: map.placeOf(state.op),
      pinned: map.placeOf(state.pin),
      ringed: [state.op, state.pin],
      neighbours: state.tab === "operation" ? oneCellAway(state.op) : [],
      box: onThisMap ? state.box.rectangle : null,
      marker: between ? projections.project(state, this.latentBetween(state)) : marker,
      draggable: !between,
      path: between ? this.#way(state) : null,
      named: this.manifest.named,
    });
  }

  #way(state) {
    return Array.from({ length: 33 }, (_, i) =>
      this.projections.project(state, this.latentBetween({ ...state, t: i / 32 })),
    );
  }

  latentBetween({ pin, op, half, t }) {
    const [from, to] = [pin, op].map((index) => this.codes.encode(half, index).mean);
    return from.map((entry, d) => (1 - t) * entry + t * to[d]);
  }
}

function oneCellAway(index) {
  const found = [];
  for (let cell = 0, power = 1; cell < 9; cell += 1, power *= 3) {
    const digit = Math.trunc(index / power) % 3;
    for (let other = 0; other < 3; other += 1)
      if (other !== digit) found.push(index + (other - digit) * power);
  }
  return found;
}
