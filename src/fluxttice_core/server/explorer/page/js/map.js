/** The map: points, marks over them, and what pointers and keys do on it. */

import { listen } from "./gestures.js";
import { Overlay } from "./overlay.js";
import { ramp } from "./palette.js";
import { Raster, packed } from "./raster.js";
import { Viewport } from "./viewport.js";

const MOST_PIXELS = 2;
const REACH = 14;
const FEW = 1500;
const VERY_FEW = 100;
const PAN_STEP = 60;
const ZOOM_STEP = 1.5;
const MOST_LABELS = 400;

export class MapView {
  /** `events`: hover(index or null, px, py), choose(index), box(rectangle), drag(place), moved(). */
  constructor(root, events) {
    this.root = root;
    this.events = events;
    this.viewport = new Viewport();
    this.raster = new Raster(root.querySelector("#points"));
    this.overlay = new Overlay(root.querySelector("#marks"));
    this.boxing = false;
    this.places = null;
    this.scene = { labels: true, named: [], ringed: [], neighbours: [], marker: null, path: null, box: null };
    this.frames = [];
    this.#listen();
    new ResizeObserver(() => this.resize()).observe(root);
  }

  resize() {
    const { width, height } = this.root.getBoundingClientRect();
    if (width < 1 || height < 1) return;
    this.ratio = Math.min(devicePixelRatio || 1, MOST_PIXELS);
    this.raster.resize(Math.round(width * this.ratio), Math.round(height * this.ratio));
    this.overlay.resize(width, height, this.ratio);
    this.viewport.resize(width, height);
    this.paint();
  }

  /** Show other places, and all of them. */
  setPlaces(places) {
    this.places = places;
    this.viewport.fit(places.bounds);
    this.request();
  }

  /** Set colours: the number of a colour for each operation, and which operations stand out (null: all). */
  setColours(painted, standing, palette) {
    Object.assign(this, { painted, standing, palette });
    this.#sort();
    this.request();
  }

  setScene(changes) {
    Object.assign(this.scene, changes);
    this.request();
  }

  request() {
    this.wanted ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (this.wanted) cancelAnimationFrame(this.wanted);
    this.wanted = undefined;
    if (this.places === null || !this.painted || !this.raster.image) return;
    const started = performance.now();
    const { viewport, ratio } = this;
    const { colours, packedPalette, order } = this.drawn;
    const radius = this.#radius() * ratio, last = packedPalette.length - 1;
    this.raster.draw({
      places: this.places,
      view: { cx: viewport.cx, cy: viewport.cy, scale: viewport.scale * ratio },
      order,
      colours,
      palette: packedPalette,
      radii: Array.from(packedPalette, (_, at) => (at === last ? Math.min(0.7 * radius, ratio) : radius)),
      background: packed(this.palette.background),
    });
    this.overlay.draw(this.#filled());
    this.frames.push(performance.now() - started);
    if (this.frames.length > 600) this.frames.shift();
  }

  /** The operation nearest to a point of the screen, if one is near. */
  at(px, py, reach = REACH) {
    if (this.places === null) return null;
    const [x, y] = this.viewport.toMap(px, py);
    let least = (reach / this.viewport.scale) ** 2;
    let found = null;
    for (let index = 0; index < this.places.x.length; index += 1) {
      const squared = (this.places.x[index] - x) ** 2 + (this.places.y[index] - y) ** 2;
      if (squared < least && this.#stands(index)) [least, found] = [squared, index];
    }
    return found;
  }

  #stands(index) {
    return this.standing === null || this.standing[index] === 1;
  }

  placeOf(index) {
    return this.places === null || index === null ? null : [this.places.x[index], this.places.y[index]];
  }

  zoomBy(factor) {
    this.#zoom(this.viewport.width / 2, this.viewport.height / 2, factor);
  }

  #zoom(px, py, factor) {
    this.viewport.zoomAt(px, py, factor);
    this.#moved();
  }

  #pan(dx, dy) {
    this.viewport.pan(dx, dy);
    this.#moved();
  }

  #choose(index) {
    if (index !== null) this.events.choose(index);
  }

  showAll() {
    this.viewport.fit(this.places.bounds);
    this.#moved();
  }

  /** Bring a place into view, if it is not in it. */
  reveal(place) {
    const [px, py] = this.viewport.toScreen(...place);
    if (px > 20 && py > 20 && px < this.viewport.width - 20 && py < this.viewport.height - 20) return;
    this.viewport.centreOn(...place);
    this.#moved();
  }

  #moved() {
    this.request();
    this.events.moved();
  }

  #radius() {
    const spread = Math.min(this.viewport.width, this.viewport.height) / 620;
    const found = this.standing === null ? this.places.x.length : this.drawn.standing;
    const few = found < VERY_FEW ? 3 : found < FEW ? 1.7 : 1;
    return Math.min(1.35 * few * Math.max(spread, 0.75) * this.viewport.zoom ** 0.42, 6);
  }

  /** Order of drawing: what is filtered out first, then by rank, and within a rank in a fixed shuffle. */
  #sort() {
    const { colours, palette, ranks } = this.painted;
    const out = palette.length;
    const drawnColours = Uint8Array.from(colours);
    const layers = Array.from({ length: Math.max(...ranks) + 2 }, () => []);
    const count = colours.length;
    for (let i = 0, index = 0; i < count; i += 1, index = (index + 7919) % count) {
      const stands = this.#stands(index);
      if (!stands) drawnColours[index] = out;
      layers[stands ? ranks[colours[index]] + 1 : 0].push(index);
    }
    this.drawn = {
      colours: drawnColours,
      order: Int32Array.from(layers.flat()),
      standing: count - layers[0].length,
      packedPalette: Uint32Array.from([...palette, faded(this.palette)], packed),
    };
  }

  #filled() {
    const { scene, viewport, places, palette } = this;
    const visible = viewport.zoom > 4 ? this.#visible() : [];
    const hovered = this.placeOf(scene.hovered ?? null);
    const focused = document.activeElement === this.root && this.byKey;
    // A space without small tables shows the strings of what is in sight instead.
    const named = scene.labelOf ? visible.slice(0, MOST_LABELS).map((index) => ({ index, name: scene.labelOf(index) })) : scene.named;
    return { ...scene, named, tiles: !scene.labelOf, viewport, places, palette, visible, hovered, focused };
  }

  #visible() {
    const { width, height } = this.viewport;
    const [left, bottom, right, top] = this.#rectangle([-20, -20], [width + 20, height + 20]);
    const { x, y } = this.places;
    const found = [];
    for (let index = 0; index < x.length; index += 1) {
      if (x[index] < left || x[index] > right || y[index] < bottom || y[index] > top) continue;
      if (this.#stands(index)) found.push(index);
    }
    return found;
  }

  #rectangle(from, to) {
    const [ax, ay] = this.viewport.toMap(...from);
    const [bx, by] = this.viewport.toMap(...to);
    return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
  }

  #listen() {
    const { events, viewport } = this;
    listen(this.root, {
      pan: (dx, dy) => this.#pan(dx, dy),
      zoom: (px, py, factor) => this.#zoom(px, py, factor),
      hover: (px, py) => events.hover(this.at(px, py), px, py),
      leave: () => events.hover(null, 0, 0),
      click: (px, py) => this.#choose(this.at(px, py)),
      isBoxing: () => this.boxing,
      boxing: (from, to) => this.setScene({ box: this.#rectangle(from, to) }),
      boxed: (from, to) => events.box(this.#rectangle(from, to)),
      grabs: (px, py) => this.#grabs(px, py),
      drag: (px, py) => events.drag(viewport.toMap(px, py)),
    });
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("pointerdown", () => {
      this.byKey = false;
    });
    for (const kind of ["focus", "blur"])
      this.root.addEventListener(kind, () => {
        this.byKey = kind === "focus" && this.root.matches(":focus-visible");
        this.request();
      });
  }

  #grabs(px, py) {
    if (!this.scene.marker || this.scene.draggable === false) return false;
    const [mx, my] = this.viewport.toScreen(...this.scene.marker);
    return Math.hypot(px - mx, py - my) < REACH;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const { width, height } = this.viewport;
    if (event.key in steps) {
      const [dx, dy] = steps[event.key];
      if (event.shiftKey) this.events.step(-dx, dy);
      else this.#pan(dx * PAN_STEP, dy * PAN_STEP);
    } else if (event.key === "+" || event.key === "=") this.zoomBy(ZOOM_STEP);
    else if (event.key === "-") this.zoomBy(1 / ZOOM_STEP);
    else if (event.key === "0") this.showAll();
    else if (["Enter", " "].includes(event.key)) this.#choose(this.at(width / 2, height / 2, Infinity));
    else return;
    this.byKey = true;
    event.preventDefault();
  }
}

/** The colour of what is filtered out: half way to the background. */
const faded = ({ background, faint }) => ramp([background, faint], 3)[1];
