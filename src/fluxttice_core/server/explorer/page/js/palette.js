/** Colours in light and dark: told apart by the colour-blind, and never the only sign of anything. */

export const PALETTES = {
  light: {
    background: "#fbfaf8",
    ink: "#1d1f24",
    faint: "#d9d6d0",
    muted: "#b4b0a9",
    accent: "#0a6ebd",
    strong: "#c2410c",
    trits: ["#7b3294", "#9a958d", "#0f7a4f"],
    categories: [
      "#0a6ebd", "#d5670a", "#0f7a4f", "#b0276f", "#8a6d00", "#5b4bc4", "#00808a", "#a23b2a", "#5d7a1f",
    ],
    sequence: ["#d5d9e4", "#9fb6d8", "#5f93c8", "#2a6cae", "#0d4a86", "#07305c"],
    diverging: ["#4f1f80", "#8d68b4", "#bdb3c4", "#b6bdb0", "#5f9e6c", "#0b5a30"],
  },
  dark: {
    background: "#14161a",
    ink: "#eceae5",
    faint: "#2b2f36",
    muted: "#5d626b",
    accent: "#6cb4f5",
    strong: "#ff9f5a",
    trits: ["#c79be0", "#8d929b", "#5fd3a0"],
    categories: [
      "#6cb4f5", "#f5a04a", "#5fd3a0", "#f08cc0", "#e3c74f", "#a99bff", "#53d0dc", "#f0836f", "#aecb63",
    ],
    sequence: ["#2f3a4b", "#3f5f88", "#4f86bd", "#6cb0e6", "#a6d3f7", "#e6f4ff"],
    diverging: ["#d9a8ff", "#a583cc", "#77707f", "#6d776f", "#62b886", "#86f7bb"],
  },
};

/** Colours between given ones, evenly spaced. */
export function ramp(stops, count) {
  return Array.from({ length: count }, (_, i) => {
    const place = (i / Math.max(count - 1, 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    return mixed(stops[low], stops[low + 1], place - low);
  });
}

function mixed(one, other, share) {
  const channel = (hex, at) => Number.parseInt(hex.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) =>
    Math.round(channel(one, at) * (1 - share) + channel(other, at) * share),
  );
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
