// The house's rules as lint (docs/architecture.md): one door for each outside thing, imports in one direction, `process` only at the edge.
import { defineConfig } from "oxlint";

/** Package -> the files or folders of src/ that may import it. */
const doors = {
  execa: ["sys/exec.ts", "sys/exec-for-person.ts"],
  child_process: ["sys/exec.ts", "sys/lock-file.ts"],
  "node:child_process": ["sys/exec.ts", "sys/lock-file.ts"],
  process: ["cli.ts"],
  "node:process": ["cli.ts"],
  tar: ["sys/tar.ts"],
  listr2: ["sys/tasks.ts"],
  octokit: ["sys/github.ts"],
  undici: ["sys/fetch.ts"],
  fflate: ["sys/zip.ts"],
  "iced-x86": ["verify/x86.ts"],
  "node:http": ["sys/fetch.ts"],
  "node:https": ["sys/fetch.ts"],
  "node:net": ["sys/"],
  "node:tls": ["sys/"],
  "supports-hyperlinks": ["report/"],
  "cli-truncate": ["report/"],
  commander: ["program/", "commands/"],
  "@cyclonedx/cyclonedx-library": ["set/sbom.ts"],
  tinyglobby: ["sys/glob.ts"],
  yaml: ["config/"],
  "p-queue": ["run/"],
};

/** What reads a file without looking at it first: a pipe or a device would be waited for, and no size is too large. */
const reading = {
  modules: ["fs", "fs/promises", "node:fs", "node:fs/promises"],
  importNames: ["readFile", "readFileSync", "createReadStream"],
  // The second and third read /proc of this process.
  allowed: ["sys/read-file.ts", "sys/processes.ts", "sys/wipe-environment.ts"],
};

/** Global -> who may use it. */
const globalDoors = { process: "cli.ts reads process", fetch: "sys/fetch.ts fetches" };

/** Folder -> folders that it may import values from; types may come from anywhere. */
const directions = {
  "errors.ts": [],
  "order.ts": [],
  sys: [],
  plan: [],
  label: ["sys", "dist"],
  verify: ["sys", "dist", "label"],
  inspect: ["sys", "plan", "dist", "label", "verify"],
  steps: ["sys", "verify", "label"],
  config: ["sys", "plan", "steps", "verify"],
  patches: ["sys", "plan", "config"],
  dist: ["sys", "plan"],
  set: ["sys", "plan", "dist", "label"],
  release: ["sys", "plan", "config", "patches", "set"],
  publish: ["sys", "plan", "config", "dist", "set", "release", "root"],
  cache: ["sys", "plan", "dist"],
  machine: ["sys", "steps", "root"],
  compile: ["sys"],
  root: ["sys", "plan"],
  run: ["sys", "plan", "config", "steps", "patches", "dist", "label", "cache", "machine", "compile", "root"],
  prove: ["sys", "config", "root"],
  suite: ["sys", "steps", "plan", "patches", "run"],
  trial: ["sys", "plan", "dist", "cache", "verify", "prove", "root", "run", "steps"],
  report: ["sys", "plan", "dist", "run"],
  commands: [
    "sys",
    "plan",
    "config",
    "steps",
    "patches",
    "dist",
    "inspect",
    "set",
    "release",
    "publish",
    "cache",
    "machine",
    "compile",
    "root",
    "run",
    "prove",
    "suite",
    "verify",
    "trial",
    "program",
    "report",
  ],
  program: ["config", "root"],
  "cli.ts": ["config", "commands", "machine", "program", "report", "sys"],
  "index.ts": ["config", "plan", "run", "dist", "machine", "prove", "publish", "verify", "trial", "inspect", "root", "sys"],
};
const folders = Object.keys(directions).filter((place) => !place.endsWith(".ts"));

const imports = (place) => {
  const own = (door) => (door.endsWith(".ts") ? place === door : `${place}/`.startsWith(door));
  const paths = Object.entries(doors).flatMap(([name, allowed]) =>
    allowed.some(own)
      ? []
      : [{ name, allowTypeImports: true, message: `${name} is used only by src/${allowed.join(" and src/")}` }],
  );
  if (!reading.allowed.includes(place))
    paths.push(
      ...reading.modules.map((name) => ({
        name,
        importNames: reading.importNames,
        message: `Files are read by src/${reading.allowed[0]}: readText, readBytes, readPieces, readSystemText.`,
      })),
    );
  const [folder] = place.split("/");
  const allowed = new Set([folder, ...directions[folder]]);
  const patterns = folders
    .filter((other) => !allowed.has(other))
    .map((other) => ({
      group: [`../${other}/**`, `../../${other}/**`, `./${other}/**`],
      allowTypeImports: true,
      message: `src/${folder} does not import values from src/${other}`,
    }));
  return { "no-restricted-imports": ["error", { paths, patterns }] };
};

const globals = (...names) => ({
  "no-restricted-globals": [
    "error",
    ...names.map((name) => ({ name, message: `Only ${globalDoors[name]}; take values as parameters.` })),
  ],
});

const doorFiles = [...Object.values(doors).flat(), ...reading.allowed].filter(
  (door) => door.includes("/") && door.endsWith(".ts"),
);

export default defineConfig({
  plugins: ["typescript", "import", "node", "promise", "unicorn", "oxc"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  options: { typeAware: true },
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-default-export": "error",
    "max-lines": ["error", { max: 250 }],
    "no-process-exit": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-explicit-any": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/consistent-type-imports": "error",
    "node/no-process-env": "error",
    // Steps of a job run one after the other on purpose.
    "no-await-in-loop": "off",
    // Leaving a field out of an object is done by naming it.
    "no-unused-vars": ["error", { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
    "unicorn/consistent-function-scoping": "off",
    "unicorn/no-useless-spread": "off",
    "oxc/no-map-spread": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/require-array-sort-compare": ["error", { ignoreStringArrays: true }],
  },
  overrides: [
    ...Object.keys(directions).map((place) => ({
      files: [place.endsWith(".ts") ? `src/${place}` : `src/${place}/**`],
      rules: imports(place),
    })),
    ...doorFiles.map((place) => ({ files: [`src/${place}`], rules: imports(place) })),
    { files: ["src/**"], rules: globals("process", "fetch") },
    { files: ["src/cli.ts", "src/sys/processes.ts"], rules: globals("fetch") },
    { files: ["src/cli.ts"], rules: { "node/no-process-env": "off" } },
    { files: ["test/**", "bench/**", "scripts/**"], rules: { "max-lines": "off", "node/no-process-env": "off" } },
    {
      files: ["scripts/site/.vitepress/**"],
      rules: { "import/no-default-export": "off", "import/no-unassigned-import": "off" },
    },
    { files: ["*.config.*", "test/helpers/compile.ts", "test/helpers/kept.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
