import { stepKinds } from "../src/steps/registry.ts";
import { jsonSchema, type JsonSchema } from "./schemas.ts";

/** Writes a table of every field of a format, nested ones by their path. */
export function fieldTable(schema: JsonSchema): string {
  const rows = fieldsOf(schema, "");
  return table(
    ["Field", "Value", "Meaning"],
    rows.map(([path, value, meaning]) => [`\`${path}\``, value, meaning]),
  );
}

/** Writes a section for each step kind: what it does, what it needs, its input. */
export function stepReference(): string {
  const sections = stepKinds.map(({ name, schema, ...kind }) => {
    const input = jsonSchema(schema, name);
    const packages: readonly string[] = "packages" in kind ? (kind.packages ?? []) : [];
    const needs = packages.length === 0 ? "" : `\n\nDebian packages: ${packages.map((one) => `\`${one}\``).join(", ")}.`;
    return `### \`${name}\`\n\n${described(input, name)}${needs}\n\n${fieldTable(input)}`;
  });
  return sections.join("\n");
}

/** Writes a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map((cell) => inMarkdown(cell).replaceAll("|", "\\|")).join(" | ")} |`,
  );
  return `${lines.join("\n")}\n`;
}

/** Escapes `<`, which would start an HTML tag, outside of code. */
export function inMarkdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("");
}

type Row = readonly [path: string, value: string, meaning: string];

/**
 * Rows of the fields below a value. A field whose parts have texts of their own is followed by
 * them.
 */
function fieldsOf(schema: JsonSchema, path: string): readonly Row[] {
  if (schema.items !== undefined) return fieldsOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object")
    return fieldsOf(schema.additionalProperties, join(path, `<${schema.propertyNames?.description ?? "name"}>`));
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = join(path, name);
    const isRequired = schema.required?.includes(name) === true;
    const note = isRequired ? "required" : showDefault(field);
    return [
      [here, [valueOf(field), note].filter((text) => text !== "").join("; "), described(field, here)],
      ...fieldsOf(field, here),
    ];
  });
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function described({ description }: JsonSchema, path: string): string {
  if (description === undefined) throw new Error(`${path} has no \`describe\` text.`);
  return description;
}

/** Names the kind of value that a field takes. */
function valueOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(" or ");
  if (schema.oneOf?.[0]?.properties?.["uses"] !== undefined) return "step";
  if (schema.oneOf !== undefined) return schema.oneOf.map(showObject).join(" or ");
  if (schema.items !== undefined) return `list of ${valueOf(schema.items).replace(/^\w+/, "$&s")}`;
  if (typeof schema.additionalProperties === "object") return "map";
  if (schema.properties !== undefined) return "object";
  if (schema.type === "string") return schema.format === "uri" ? "URL" : "string";
  return schema.type ?? "anything";
}

/** Shows an object by its keys: `{ kind: git, url, commit }`. */
function showObject({ properties = {} }: JsonSchema): string {
  const keys = Object.entries(properties).map(([key, field]) =>
    field.const === undefined ? key : `${key}: ${String(field.const)}`,
  );
  return `\`{ ${keys.join(", ")} }\``;
}

/** Shows a default that is worth it: not an empty string, list or map. */
function showDefault({ default: value }: JsonSchema): string {
  return value === undefined || value === "" || typeof value === "object" ? "" : `default \`${String(value)}\``;
}
