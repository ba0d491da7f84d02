import { duration } from "../../sys/text.ts";
import { html, type Html } from "./html.ts";

/** The times that a picture spans, in milliseconds since 1970. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const [second, minute, hour] = [1000, 60_000, 3_600_000];
/** Distances between marks that people count in. */
const distances = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * second, n * minute]).concat([1, 2, 4, 8, 24].map((n) => n * hour));
/** So few that their labels fit on a phone. */
const mostMarks = 6;

/** The marks of an axis for a span of that length: milliseconds from its start. */
export function marksOf(length: number): readonly number[] {
  const distance = distances.toSorted((a, b) => a - b).find((one) => length / one <= mostMarks) ?? length / mostMarks;
  return Array.from({ length: Math.floor(length / distance) + 1 }, (_, index) => index * distance);
}

/** The labels of the marks, below each other's bars. */
export function drawAxis({ start, end }: Span): Html {
  const length = end - start;
  const labels = marksOf(length).map((mark) => {
    const share = (mark / Math.max(1, length)) * 100;
    const anchor = share < 4 ? "start" : share > 94 ? "end" : "middle";
    return html`<text x="${percent(share)}" y="14" text-anchor="${anchor}">${showMark(mark)}</text>`;
  });
  return html`<svg aria-hidden="true">${labels}</svg>`;
}

/**
 * A bar from one time to another, in a track with the marks. Its title says the times in words.
 * `color` is a class.
 */
export function drawBar(bar: Span, span: Span, color: string): Html {
  const words = [bar.start, bar.end].map((time) => duration(time - span.start)).join(" to ");
  const length = Math.max(1, span.end - span.start);
  const place = (time: number) => Math.min(100, Math.max(0, ((time - span.start) / length) * 100));
  const x = percent(place(bar.start));
  const lines = marksOf(length).map((mark) => {
    const at = percent((mark / length) * 100);
    return html`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="100%" />`;
  });
  // The second rectangle shows what is too short to be seen.
  return html`<svg role="img" class="${color}">
    <title>from ${words}</title>
    ${lines}
    <rect class="bar" x="${x}" y="15%" width="${percent(place(bar.end) - place(bar.start))}" height="70%" rx="2" />
    <rect class="bar" x="${x}" y="15%" width="3" height="70%" rx="1" />
  </svg>`;
}

/** A bar for a share of a whole, from 0 to 1. */
export function drawShare(share: number): Html {
  return html`<svg aria-hidden="true" class="running">
    <rect class="track" y="25%" width="100%" height="50%" rx="2" />
    <rect class="bar" y="25%" width="${percent(share * 100)}" height="50%" rx="2" />
  </svg>`;
}

function percent(value: number): string {
  return `${Number(value.toFixed(3))}%`;
}

function showMark(time: number): string {
  if (time < minute) return `${time / second} s`;
  return time < hour || time % hour !== 0 ? `${Number((time / minute).toFixed(1))} min` : `${time / hour} h`;
}
