// Imported before a program: prints each module of a package that the program loads.
import { register } from "node:module";

const hook = `import { writeSync } from "node:fs";
export function load(url, context, next) {
  if (url.includes("/node_modules/")) writeSync(2, "loads " + url.replace(/.*[/]node_modules[/]/, "") + "\\n");
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
