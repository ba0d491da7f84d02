/** A Markdown code block. Its fence is longer than any in the text. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** A space without width. GitHub looks for mentions after it has removed backslashes. */
const gap = "&#8203;";

/**
 * Escapes a text of others, such as the subject of a commit, for a line of GitHub's Markdown: it is
 * shown as it is. Nothing in it is markup or HTML, notifies a person (`@name`), or links to an issue
 * (`#42`, `GH-42`). Addresses of web pages stay links.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .split(/(\bhttps?:\/\/[^\s<>()[\]"'`]+)/)
    .map((part, index) => (index % 2 === 1 ? part : escapeText(part)))
    .join("");
}

function escapeText(text: string): string {
  return (
    text
      .replaceAll(/[\\`*[\]<&~$|]/g, "\\$&")
      // A backslash would become part of a link's address before it.
      .replaceAll(">", "&gt;")
      // `_` inside a word is never markup.
      .replaceAll(/(?<![a-z0-9])_|_(?![a-z0-9])/gi, "\\_")
      .replaceAll(/(?<!\w)@(?=\w)|#(?=\d)|\bGH-(?=\d)|:(?=[\w+-]+:)/gi, `$&${gap}`)
  );
}

/** Links to a page of a repository on GitHub; for other repositories, only the text. */
export function linkToRepository(repository: string, path: string, text: string): string {
  const page = /^(https:\/\/github\.com\/.+?)(\.git)?$/.exec(repository)?.[1];
  return page === undefined ? text : `[${text}](${page}/${path})`;
}
