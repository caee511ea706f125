/** Questions to the API, with the key that guards it, if one does. */

import { button, h } from "../js/dom.js";

const KEPT = "fluxttice-key";
/** So long after it was told that codes are still being computed it asks again. */
const AGAIN = 1000;

/** Ask and read the answer; an error says what the server said. */
export async function ask(path, body) {
  const key = sessionStorage.getItem(KEPT);
  const headers = { ...(body && { "content-type": "application/json" }), ...(key && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(`v1/${path}`, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  const read = await answer.json();
  if (answer.status === 401) {
    await keyGiven();
    return ask(path, body);
  }
  if (answer.status === 503 && read.error.code === "not_ready") {
    await new Promise((resume) => setTimeout(resume, AGAIN));
    return ask(path, body);
  }
  if (!answer.ok) throw new Error(read.error.message);
  return read;
}

let waiting = null;

/** Wait until somebody typed a key, however many questions wait for it. */
function keyGiven() {
  waiting ??= new Promise((resume) => {
    const input = h("input", { type: "password", id: "key", "aria-label": "Key of the API", autocomplete: "off" });
    const wrong = h("span", { role: "alert" });
    const give = () => {
      // No header can carry anything else.
      if (!/^[\x21-\x7e]+$/.test(input.value)) {
        wrong.textContent = " A key has only letters a to z, digits and signs, without blanks: type it again.";
        return;
      }
      sessionStorage.setItem(KEPT, input.value);
      form.remove();
      waiting = null;
      resume();
    };
    const form = h("p.failed", "This server asks for a key: ", input, button("Use it", give), wrong);
    document.getElementById("notice").append(form);
  });
  return waiting;
}

/** Call a function a moment after the last of several calls. */
export function afterwards(milliseconds, call) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), milliseconds);
  };
}
