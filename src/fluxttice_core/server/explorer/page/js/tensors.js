/** Reading tensors in the safetensors format. */

const ARRAYS = { F32: Float32Array, I16: Int16Array, I32: Int32Array, U8: Uint8Array };

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
