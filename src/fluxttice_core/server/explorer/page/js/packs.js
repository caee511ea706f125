/** Reading what the server sends: JSON documents, and tensors in the safetensors format. */

const ARRAYS = { F32: Float32Array, I16: Int16Array, U8: Uint8Array };

/** Fetch a document of the page. */
export const fetchDocument = async (name) => (await fetchChecked(`explorer/data/${name}`)).json();

/** Fetch the list of the report's figures. */
export const fetchFigures = async () => (await fetchChecked("explorer/figures/figures.json")).json();

/** Fetch tensors: an object of typed arrays by name. */
export async function fetchTensors(name) {
  return readTensors(await (await fetchChecked(`explorer/data/${name}`)).arrayBuffer());
}

/**
 * Read a safetensors file: eight bytes with the length of a JSON header, the header, and the tensors' bytes.
 * Each tensor is copied, since its place in the file need not be aligned.
 */
export function readTensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, stop] = entry.data_offsets;
    tensors[name] = new ARRAYS[entry.dtype](buffer.slice(8 + length + start, 8 + length + stop));
  }
  return tensors;
}

async function fetchChecked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`the server answered ${answer.status} for ${path}`);
  return answer;
}
