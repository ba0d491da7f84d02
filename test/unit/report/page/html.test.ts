import { describe, expect, test } from "vitest";
import { html, literal, prose, type Content } from "../../../../src/report/page/html.ts";

describe("html", () => {
  test.for([
    ["<script>alert('1')</script> & \"x\"", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;"],
    ["a\u0000b\u001B[31mc\rd", "a\\x00b\\x1b[31mc\\x0dd"],
    ["tab\tand\nline", "tab\tand\nline"],
    ["half \uD800 pair, \uFFFE", "half \\ud800 pair, \uFFFD"],
    ["≠ ü 🙂", "≠ ü 🙂"],
  ])("escapes the text %j", ([text = "", escaped]) => {
    expect(html`<b title="${text}">${text}</b>`.text).toBe(`<b title="${escaped}">${escaped}</b>`);
  });

  test("inserts markup as it is, lists one after the other, and nothing for undefined", () => {
    const items = ["<", 2].map((item) => html`<i>${item}</i>`);
    expect(html`<p>${items}${undefined}</p>`.text).toBe("<p><i>&lt;</i><i>2</i></p>");
  });

  test("does not take data that looks like markup for markup", () => {
    const data = JSON.parse('{"text":"<script>"}') as Content;
    expect(() => html`${data}`).toThrow();
  });
});

test("prose shows what is between backquotes as code, and escapes all of it", () => {
  expect(prose("Job `<ovs>` & `ovn").text).toBe("Job <code>&lt;ovs&gt;</code> &amp; <code>ovn</code>");
});

test("literal keeps what it is given", () => {
  expect(literal`a > b`.text).toBe("a > b");
});
