/** Which part of a map is seen: a centre and a scale, in pixels of the screen for one unit of the map. */

const MARGIN = 0.93;
const FARTHEST_IN = 600;

export class Viewport {
  constructor() {
    Object.assign(this, { width: 1, height: 1, cx: 0, cy: 0, scale: 1, fitted: 1 });
  }

  resize(width, height) {
    const ratio = this.scale / this.fitted;
    Object.assign(this, { width, height });
    if (this.bounds) {
      this.fitted = this.#fitting();
      this.scale = this.fitted * ratio;
    }
  }

  /** Show all of a map. */
  fit(bounds) {
    this.bounds = bounds;
    this.fitted = this.#fitting();
    this.scale = this.fitted;
    this.cx = (bounds.left + bounds.right) / 2;
    this.cy = (bounds.bottom + bounds.top) / 2;
  }

  /** How far in: 1 shows all. */
  get zoom() {
    return this.scale / this.fitted;
  }

  /** What restores this view, or null when all is shown. */
  get camera() {
    const { left, right, bottom, top } = this.bounds;
    const fitted = this.zoom === 1 && this.cx === (left + right) / 2 && this.cy === (bottom + top) / 2;
    return fitted ? null : { cx: this.cx, cy: this.cy, zoom: this.zoom };
  }

  restore({ cx, cy, zoom }) {
    this.cx = cx;
    this.cy = cy;
    this.scale = this.fitted * zoom;
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.cx) * this.scale, this.height / 2 - (y - this.cy) * this.scale];
  }

  toMap(px, py) {
    return [this.cx + (px - this.width / 2) / this.scale, this.cy - (py - this.height / 2) / this.scale];
  }

  pan(dx, dy) {
    this.cx -= dx / this.scale;
    this.cy += dy / this.scale;
    this.#keepInside();
  }

  /** Zoom so that what is under a point of the screen stays there. */
  zoomAt(px, py, factor) {
    const [x, y] = this.toMap(px, py);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitted * 0.7), this.fitted * FARTHEST_IN);
    const [qx, qy] = this.toScreen(x, y);
    this.pan(px - qx, py - qy);
  }

  centreOn(x, y) {
    this.cx = x;
    this.cy = y;
  }

  #fitting() {
    const { left, right, bottom, top } = this.bounds;
    return (
      MARGIN * Math.min(this.width / Math.max(right - left, 1e-9), this.height / Math.max(top - bottom, 1e-9))
    );
  }

  #keepInside() {
    const { left, right, bottom, top } = this.bounds;
    this.cx = Math.min(Math.max(this.cx, left), right);
    this.cy = Math.min(Math.max(this.cy, bottom), top);
  }
}
