import { escapeControls } from "./show-controls.ts";

/** A result that is printed as JSON. What prints it masks the secrets in it. */
export class Json {
  readonly value: unknown;
  /** Spaces; 0 for all on one line. */
  readonly indent: number;

  constructor(value: unknown, indent = 2) {
    this.value = value;
    this.indent = indent;
  }

  /**
   * The JSON text, with a line end. Secrets are removed from keys and values before they become
   * JSON: a secret may need an escape there.
   */
  toText(mask: (text: string) => string): string {
    const hide = (_key: string, value: unknown): unknown => {
      if (typeof value === "string") return mask(value);
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [mask(name), inner as unknown]));
    };
    return `${escapeControls(JSON.stringify(this.value, hide, this.indent))}\n`;
  }
}
