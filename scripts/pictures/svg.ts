import type { Span } from "./record.ts";

/** Pixels. */
const [cell, height, margin] = [8.4, 19, 16];
/** The sixteen colors of a terminal, on the dark background. */
const palette = [
  ...["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"],
  ...["#6e7681", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff"],
];

/** Draws the rows of a terminal as SVG, with a title for those who cannot see it. */
export function drawScreen(rows: readonly (readonly Span[])[], columns: number, title: string): string {
  const size = [columns * cell + 2 * margin, rows.length * height + 2 * margin].map(Math.ceil);
  const [width, depth] = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${depth}" viewBox="0 0 ${width} ${depth}">`,
    `<title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">`,
    ...rows.flatMap((spans, row) => spans.map((span) => drawSpan(span, row))),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawSpan({ column, text, color, isDim, isBold }: Span, row: number): string {
  const style = [
    ...(color === undefined ? [] : [`fill="${palette[color] ?? "#e6edf3"}"`]),
    ...(isDim ? [`opacity="0.6"`] : []),
    ...(isBold ? [`font-weight="bold"`] : []),
  ];
  const place = `x="${round(margin + column * cell)}" y="${round(margin + (row + 0.75) * height)}" textLength="${round(Array.from(text).length * cell)}"`;
  return `<text ${[place, ...style].join(" ")}>${escape(text)}</text>`;
}

function round(pixels: number): string {
  return String(Math.round(pixels * 10) / 10);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
