/** The public API, as far as the page uses it; where the server asks for a key, so does the page. */

let key = null;
const kept = new Map();

/** All that the API knows of an operation, or an object with the reason why not. */
export async function fetchOperation(index) {
  if (kept.has(index)) return kept.get(index);
  const headers = key === null ? {} : { Authorization: `Bearer ${key}` };
  const answer = await fetch(`v1/operations/${index}`, { headers });
  if (answer.ok) {
    const known = await answer.json();
    if (kept.size > 200) kept.clear();
    kept.set(index, known);
    return known;
  }
  const needsKey = answer.status === 401;
  if (needsKey) return { refusal: "The server asks for its API key to say more.", needsKey };
  return { refusal: `The server answered ${answer.status}.`, needsKey };
}

/** Use a key for this visit; it is kept nowhere else. */
export function useKey(given) {
  key = given;
}
