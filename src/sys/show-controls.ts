/**
 * What a terminal does not show but obeys, or hides: control and format characters (such as the
 * escape character, those that change the direction of writing, and those without a width), line
 * separators, and halves of characters. Line ends and tabs are not among them.
 */
const controls = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Shows control characters of a text as `\x1b` and `\u202e`, so that no terminal obeys them. */
export function showControls(text: string): string {
  return text.replaceAll(controls, (control) => {
    const code = (control.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
  });
}

/** The same in a JSON text, whose meaning stays: `\u001b`. */
export function escapeControls(json: string): string {
  return json.replaceAll(controls, (control) =>
    control
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
