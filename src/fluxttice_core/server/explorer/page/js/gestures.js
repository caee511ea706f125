/** Pointers on the map: pan, pinch, wheel, click, box, and the dragging of a marker. */

const CLICK_TRAVEL = 5;

/**
 * Listen on an element. `handlers`: pan(dx, dy), zoom(px, py, factor), hover(px, py) or leave(), click(px, py),
 * boxing(from, to), boxed(from, to), drag(px, py); isBoxing() says whether a drag draws a box, and grabs(px, py)
 * whether it moves the marker.
 */
export function listen(element, handlers) {
  const pointers = new Map();
  let gesture = null;

  const at = (event) => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const place = at(event);
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place);
    if (pointers.size > 1) gesture = { kind: "pinch" };
    else if (handlers.grabs(...place)) gesture = { kind: "drag", from: place };
    else gesture = { kind: handlers.isBoxing() || event.shiftKey ? "box" : "pan", from: place, travelled: 0 };
  });

  element.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (!pointers.has(event.pointerId)) {
      if (event.pointerType !== "touch") handlers.hover(...place);
      return;
    }
    const before = pointers.get(event.pointerId);
    if (gesture?.kind === "pinch") pinch(event.pointerId, before, place);
    else if (gesture?.kind === "drag") handlers.drag(...place);
    else if (gesture) move(gesture, before, place);
    pointers.set(event.pointerId, place);
  });

  function move(current, before, place) {
    current.travelled += Math.hypot(place[0] - before[0], place[1] - before[1]);
    if (current.kind === "box") handlers.boxing(current.from, place);
    else if (current.travelled > CLICK_TRAVEL) handlers.pan(place[0] - before[0], place[1] - before[1]);
  }

  function pinch(moved, before, place) {
    const other = [...pointers].find(([id]) => id !== moved)?.[1];
    if (other === undefined) return;
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(place[0] - other[0], place[1] - other[1]);
    handlers.zoom((place[0] + other[0]) / 2, (place[1] + other[1]) / 2, is / Math.max(was, 1));
    handlers.pan((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
  }

  function release(event, finished) {
    if (!pointers.delete(event.pointerId)) return;
    const done = gesture;
    if (pointers.size > 0) return;
    gesture = null;
    if (done === null || done.kind === "pinch" || done.kind === "drag") return;
    const place = at(event);
    if (done.travelled <= CLICK_TRAVEL) finished && handlers.click(...place);
    else if (done.kind === "box") handlers.boxed(done.from, place);
  }

  element.addEventListener("pointerup", (event) => release(event, true));
  element.addEventListener("pointercancel", (event) => release(event, false));
  element.addEventListener("pointerleave", () => handlers.leave());
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      handlers.zoom(...at(event), Math.exp(-Math.min(Math.max(pixels, -300), 300) * 0.0022));
    },
    { passive: false },
  );
}
