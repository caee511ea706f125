/** The public API, as far as the page uses it; where the server asks for a key, so does the page. */

let key = null;
const kept = new Map();

/** All that the API knows of an operation, given as an index or an expression, or that it asks for a key. */
export async function fetchOperation(index) {
  if (kept.has(index)) return kept.get(index);
  const headers = key === null ? {} : { Authorization: `Bearer ${key}` };
  const answer = await fetch(`v1/operations/${encodeURIComponent(index)}`, { headers });
  if (answer.ok) {
    const known = await answer.json();
    if (kept.size > 200) kept.clear();
    kept.set(index, known);
    return known;
  }
  if (answer.status === 401) return { needsKey: true };
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(`the server answered ${answer.status}${error ? `: ${error.message}` : ""}`);
}

/** Use a key for this visit; it is kept nowhere else. */
export function useKey(given) {
  key = given;
}
