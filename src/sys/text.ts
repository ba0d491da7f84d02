/** Milliseconds as `1 h 02 min`, `3 min 07 s` or `4.2 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
    : `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** Characters of a line of a message: more than the longest path, less than what nobody reads. */
const longestLine = 1000;

/** A message for a person, with long lines cut: what others write may be in it. */
export function cutLines(message: string): string {
  return message.replaceAll(new RegExp(`^(.{${longestLine}}).+$`, "gmu"), "$1…");
}

/** `1 job`, `2 jobs`, `2 patches`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : thing.endsWith("ch") ? "es" : "s"}`;
}

/** Shows a time (ISO 8601, in UTC) as `2026-11-27 02:33 UTC`. */
export function minute(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")} UTC`;
}
