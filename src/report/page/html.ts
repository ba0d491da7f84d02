import { showControls } from "../../sys/show-controls.ts";

/** Markup that this file made. A class, so that no data from a file can pass for it. */
class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Html = Markup;

/** What can stand in markup: text, which is escaped, and markup; `undefined` leaves nothing. */
export type Content = string | number | Html | undefined | readonly Content[];

/**
 * Makes markup: html`<b>${text}</b>`. Every text is escaped here, for elements and for attributes in
 * double quotes.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Markup(parts.map((part, index) => part + show(contents[index])).join(""));
}

/** A message, with what is between backquotes as code. */
export function prose(text: string): Html {
  return html`${text.split("`").map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/** Markup as it stands there, for what is not escaped, such as CSS. It takes no values. */
export function literal([text = ""]: TemplateStringsArray): Html {
  return new Markup(text);
}

function show(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (content === undefined) return "";
  return typeof content === "string" || typeof content === "number" ? escape(String(content)) : content.map(show).join("");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes what has a meaning in HTML, and shows control characters, which HTML forbids. */
function escape(text: string): string {
  return showControls(text)
    .replaceAll(/[&<>"']/g, (mark) => entities[mark] ?? "")
    .replaceAll(/[\uFFFE\uFFFF]/g, "\uFFFD");
}
