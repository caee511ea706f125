/** Points drawn straight into pixels: thousands of small discs in a few milliseconds, without a GPU. */

const PHASES = 4;
const OPAQUE = 250;

export class Raster {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.stamps = new Map();
  }

  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.stamps.clear();
  }

  /**
   * Draw points in an order.
   *
   * places: x and y of all points; view: cx, cy and scale, in device pixels; order: which points, the last on
   * top; colours: for each point the number of its colour; palette and background as packed pixels;
   * radii: for each colour, a radius in device pixels.
   */
  draw({ places, view, order, colours, palette, radii, background }) {
    const { pixels } = this, { width, height } = this.canvas;
    pixels.fill(background);
    const { x, y } = places;
    const stamps = Array.from(radii, (radius) => this.#stamp(radius));
    const left = (width / 2 - view.cx * view.scale) * PHASES;
    const top = (height / 2 + view.cy * view.scale) * PHASES;
    const step = view.scale * PHASES;
    for (let rank = 0; rank < order.length; rank += 1) {
      const point = order[rank];
      const colour = colours[point];
      const stamp = stamps[colour];
      const qx = Math.floor(left + x[point] * step);
      const qy = Math.floor(top - y[point] * step);
      const px = qx >> 2, py = qy >> 2;
      if (px < stamp.reach || py < stamp.reach || px >= width - stamp.reach || py >= height - stamp.reach)
        continue;
      this.#press(stamp.phases[(qx & 3) | ((qy & 3) << 2)], py * width + px, palette[colour]);
    }
    this.context.putImageData(this.image, 0, 0);
  }

  #press({ offsets, covers }, base, colour) {
    const { pixels } = this;
    const redBlue = colour & 0xff00ff, green = colour & 0x00ff00;
    for (let i = 0; i < offsets.length; i += 1) {
      const at = base + offsets[i];
      const cover = covers[i];
      if (cover >= OPAQUE) {
        pixels[at] = colour;
        continue;
      }
      const under = pixels[at], rest = 256 - cover;
      const rb = (((under & 0xff00ff) * rest + redBlue * cover) >>> 8) & 0xff00ff;
      const g = (((under & 0x00ff00) * rest + green * cover) >>> 8) & 0x00ff00;
      pixels[at] = (0xff000000 | rb | g) >>> 0;
    }
  }

  /** The pixels that a disc covers, for each quarter of a pixel that its centre may fall on. */
  #stamp(radius) {
    const key = Math.max(2, Math.round(radius * 4)) / 4;
    if (!this.stamps.has(key)) {
      const reach = Math.ceil(key) + 2;
      const phases = Array.from({ length: PHASES * PHASES }, (_, phase) =>
        covered(key, reach, ((phase & 3) + 0.5) / PHASES, ((phase >> 2) + 0.5) / PHASES, this.canvas.width),
      );
      this.stamps.set(key, { reach, phases });
    }
    return this.stamps.get(key);
  }
}

function covered(radius, reach, cx, cy, width) {
  const offsets = [];
  const covers = [];
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const distance = Math.hypot(dx + 0.5 - cx, dy + 0.5 - cy);
      const cover = Math.round(256 * Math.min(Math.max(radius + 0.5 - distance, 0), 1));
      if (cover < 8) continue;
      offsets.push(dy * width + dx);
      covers.push(cover);
    }
  }
  return { offsets: Int32Array.from(offsets), covers: Uint16Array.from(covers) };
}

/** "#rrggbb" as a pixel in memory, which holds red first. */
export function packed(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
