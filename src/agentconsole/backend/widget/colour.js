/** Colours that stay readable: numbers for contrast, and the page's accent made fit for each theme. */

const WHITE = [255, 255, 255];
const INK = [17, 24, 28];

/** "#1f6f5c" or "#162" as [r, g, b]; null for anything else. */
export function parseColour(text) {
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text?.trim() ?? "")?.[1];
  if (!hex) return null;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16));
}

function luminance(colour) {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, 1 to 21, as WCAG defines it. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function mix(one, other, share) {
  return one.map((part, at) => Math.round(part + (other[at] - part) * share));
}

/** `colour` moved towards white or black until it has at least `wanted` contrast on `ground`. */
export function readableOn(ground, colour, wanted = 4.5) {
  const goal = luminance(ground) > 0.18 ? [0, 0, 0] : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const tried = mix(colour, goal, share);
    if (contrast(tried, ground) >= wanted) return tried;
  }
  return goal;
}

/** White if it can be read on `ground`, else ink, else black: one of them always can. */
export function inkOn(ground) {
  return [WHITE, INK].find((colour) => contrast(colour, ground) >= 4.5) ?? [0, 0, 0];
}

/** [r, g, b] as a CSS colour. */
export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}
