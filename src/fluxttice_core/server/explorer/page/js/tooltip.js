/** What is under the pointer: a small table and its names. */

import { h, show } from "./dom.js";
import { signs } from "./space.js";
import { miniature } from "./tables.js";

export class Tooltip {
  constructor(element, page) {
    this.element = element;
    this.page = page;
  }

  show(index, px, py) {
    this.element.hidden = index === null;
    if (index === null) return;
    if (this.shown !== signs(index)) {
      this.shown = signs(index);
      const names = this.page.namesOf(index).join(", ");
      show(this.element,
        miniature(index, null),
        h("span.glyphs", signs(index)),
        h("span.note", `#${index}`),
        names && h("span.name", names),
      );
    }
    const { width, height } = this.element.parentElement.getBoundingClientRect();
    const box = this.element.getBoundingClientRect();
    this.element.style.left = `${Math.min(px + 14, width - box.width - 6)}px`;
    this.element.style.top = `${py + 18 + box.height > height ? py - box.height - 10 : py + 18}px`;
  }
}
