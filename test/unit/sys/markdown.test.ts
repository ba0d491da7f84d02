import { describe, expect, test } from "vitest";
import { codeBlock, escapeMarkdown } from "../../../src/sys/markdown.ts";

describe("a text of others is shown as it is", () => {
  const cases = [
    ["words", "ofproto-dpif: Fix a leak (v2).", "ofproto-dpif: Fix a leak (v2)."],
    ["HTML", "Include <netinet/in.h>, <!-- not this", String.raw`Include \<netinet/in.h&gt;, \<!-- not this`],
    ["entities", "a &lt; b & c", String.raw`a \&lt; b \& c`],
    ["code and emphasis", "Use `x` *now*, ~~never~~", String.raw`Use \`x\` \*now\*, \~\~never\~\~`],
    ["underscores", "_x_ in ovs_assert __init__", String.raw`\_x\_ in ovs_assert \_\_init\_\_`],
    ["links, images and footnotes", "![a](b) [c][d] [^1]", String.raw`!\[a\](b) \[c\]\[d\] \[^1\]`],
    ["formulas", "$a$ of $b$", String.raw`\$a\$ of \$b\$`],
    ["backslashes", String.raw`\<b>`, String.raw`\\\<b&gt;`],
    ["mentions", "Thanks @ann (@b/c), not x@example.com", "Thanks @&#8203;ann (@&#8203;b/c), not x@example.com"],
    ["issues", "See #42, o/r#7, GH-9, not #x", "See #&#8203;42, o/r#&#8203;7, GH-&#8203;9, not #x"],
    ["emoji", "Fix :bug: and a: b", "Fix :&#8203;bug: and a: b"],
    ["addresses", "See https://a.b/c_d_?x=1&y=@z#4, <https://b>", String.raw`See https://a.b/c_d_?x=1&y=@z#4, \<https://b&gt;`],
    ["several lines", "One\n\n# Two", "One # Two"],
  ] as const;
  for (const [what, text, expected] of cases) test(what, () => expect(escapeMarkdown(text)).toBe(expected));
});

test("a block of code has a longer fence than its text", () => {
  expect(codeBlock("a\n````\nb", "text")).toBe("`````text\na\n````\nb\n`````");
});
