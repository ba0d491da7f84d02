import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: object;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content | { readonly $ref: string }>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: unknown;
}

const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.json");
const description = JSON.parse(readFileSync(file, "utf8")) as Description;
const ajv = new Ajv({ strict: false, coerceTypes: true, allErrors: true });
formats.default(ajv);

/** The parts of the description that a schema refers to, without the other 13 MB. */
function withReferences(schema: object): object {
  const components: Record<string, unknown> = {};
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const reference = (value as { $ref?: unknown }).$ref;
    if (typeof reference === "string" && !Object.hasOwn(components, reference))
      collect((components[reference] = resolve(reference)));
    for (const inner of Object.values(value)) collect(inner);
  };
  collect(schema);
  const root: Record<string, unknown> = {};
  for (const [reference, value] of Object.entries(components)) {
    const keys = reference.slice(2).split("/");
    let at = root;
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
    at[keys.at(-1) ?? ""] = value;
  }
  return JSON.parse(JSON.stringify({ ...root, ...schema }), withNull) as object;
}

/** OpenAPI's `nullable` as JSON schema has it: ajv does not know it without a type. */
function withNull(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || "type" in value) return value;
  const { nullable, ...schema } = value;
  if (typeof nullable !== "boolean") return value;
  return nullable ? { anyOf: [schema, { type: "null" }] } : schema;
}

function resolve(reference: string): unknown {
  let value: unknown = description;
  for (const key of reference.slice(2).split("/")) value = (value as Record<string, unknown>)[key];
  return value;
}

const compiled = new Map<object, ValidateFunction>();

function complaints(schema: object, value: unknown, what: string): readonly string[] {
  const validate = compiled.get(schema) ?? ajv.compile(withReferences(schema));
  compiled.set(schema, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${what}${error.instancePath}: ${error.message}`);
}

/**
 * An operation of GitHub's API (https://github.com/octokit/openapi), and the values of its path
 * parameters.
 */
interface Found {
  readonly operation: Operation;
  readonly values: Readonly<Record<string, string>>;
}

function findOperation(method: string, path: string): Found | undefined {
  const parts = path.split("/");
  for (const [template, methods] of Object.entries(description.paths)) {
    const names = template.split("/");
    const operation = methods[method.toLowerCase()];
    if (operation === undefined || names.length !== parts.length) continue;
    const values: Record<string, string> = {};
    const fits = names.every((name, index) => {
      const part = decodeURIComponent(parts[index] ?? "");
      if (!name.startsWith("{")) return name === part;
      values[name.slice(1, -1)] = part;
      return true;
    });
    if (fits) return { operation, values };
  }
  return undefined;
}

/** How a request violates GitHub's description. `body` is undefined for a request with a file. */
export function checkRequest(method: string, url: URL, contentType: string | undefined, body: unknown): readonly string[] {
  const what = `${method} ${url.pathname}`;
  const found = findOperation(method, url.pathname);
  if (found === undefined) return [`${what} is no operation of GitHub's`];
  const problems: string[] = [];
  const parameters = (found.operation.parameters ?? []).map((parameter) =>
    "$ref" in parameter ? (resolve(parameter.$ref) as Parameter) : parameter,
  );
  for (const [name, value] of [...url.searchParams, ...Object.entries(found.values)]) {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) problems.push(`${what}: parameter ${name} is unknown`);
    else problems.push(...complaints(parameter.schema, value, `${what}: ${name}`));
  }
  for (const { in: place, name, required } of parameters)
    if (place === "query" && required === true && !url.searchParams.has(name)) problems.push(`${what}: ${name} is missing`);
  const content = found.operation.requestBody?.content;
  if (content === undefined) return body === undefined ? problems : [...problems, `${what}: a body, and none is wanted`];
  const media = contentType?.split(";", 1)[0] ?? "";
  const schema = content[media]?.schema;
  if (schema === undefined) return [...problems, `${what}: content type ${media}, wanted is ${Object.keys(content).join(", ")}`];
  return body === undefined ? problems : [...problems, ...complaints(schema, body, `${what}: body`)];
}

/** Responses that GitHub gives everywhere, though its description does not list them. */
const anywhere = new Set([401, 403, 429, 500, 502, 503]);

/** How a response violates GitHub's description. */
export function checkAnswer(method: string, url: URL, status: number, body: unknown): readonly string[] {
  const what = `${method} ${url.pathname} answered ${status}`;
  const response = findOperation(method, url.pathname)?.operation.responses[String(status)];
  if (response === undefined) return anywhere.has(status) ? [] : [`${what}, which is described nowhere`];
  const { content } = "$ref" in response ? (resolve(response.$ref) as Content) : response;
  const schema = content?.["application/json"]?.schema;
  if (schema === undefined || body === undefined)
    return schema === undefined || body !== undefined ? [] : [`${what} without a body`];
  return complaints(schema, body, what);
}
