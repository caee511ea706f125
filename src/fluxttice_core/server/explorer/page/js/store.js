/** The state of the page in one object; whoever shows a part of it is told what changed, once a turn. */

export function createStore(initial) {
  const state = { ...initial };
  const listeners = [];
  let changed = null;

  function notify() {
    const keys = changed;
    changed = null;
    for (const listener of listeners) listener(state, keys);
  }

  return {
    state,
    /** Change some entries; entries that stay the same are no change. */
    set(changes) {
      for (const [key, value] of Object.entries(changes)) {
        if (Object.is(state[key], value)) continue;
        state[key] = value;
        if (changed === null) {
          changed = new Set();
          queueMicrotask(notify);
        }
        changed.add(key);
      }
    },
    /** Call a listener when one of some entries changed, and once now. */
    watch(keys, listener) {
      listeners.push((current, which) => {
        if (keys.some((key) => which.has(key))) listener(current, which);
      });
      listener(state, new Set(keys));
    },
  };
}
