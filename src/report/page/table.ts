import { html, type Content, type Html } from "./html.ts";

/** A column: of text, of numbers, of times, which may wrap, or of bars, which need no title. */
export interface Column {
  readonly title: string;
  readonly kind?: "number" | "time" | "share";
}

/** Draws a table. The first cell of a row is the row's header. */
export function drawTable(columns: readonly Column[], rows: readonly (readonly Content[])[]): Html {
  const head = columns.map(({ title, kind }) =>
    title === "" ? html`<td class="${kind}"></td>` : html`<th scope="col" class="${kind}">${title}</th>`,
  );
  const body = rows.map(([first, ...cells]) => {
    const others = cells.map((cell, index) => html`<td class="${columns[index + 1]?.kind}">${cell}</td>`);
    return html`<tr>
      <th scope="row">${first}</th>
      ${others}
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${body}
    </tbody>
  </table>`;
}
