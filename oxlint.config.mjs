// The house's rules as lint (docs/architecture.md): one door for each outside thing, imports in one direction, `process` only at the edge.
import { defineConfig } from "oxlint";

/** Package -> the only file or folder of src/ that may import it; `program` is `program.ts` and the files beside it. */
const doors = {
  execa: "sys/exec.ts",
  child_process: "sys/exec.ts",
  "node:child_process": "sys/exec.ts",
  process: "cli.ts",
  "node:process": "cli.ts",
  tar: "sys/tar.ts",
  "@octokit/request": "sys/github.ts",
  "@octokit/request-error": "sys/github.ts",
  fflate: "sys/zip.ts",
  "log-update": "report/",
  commander: "program",
  "@cyclonedx/cyclonedx-library": "release/sbom.ts",
  yaml: "config/",
  "p-queue": "run/",
};

/** Folder -> folders that it may import values from; types may come from anywhere. */
const directions = {
  "errors.ts": [],
  sys: [],
  plan: [],
  steps: ["sys"],
  config: ["sys", "steps"],
  patches: ["sys", "plan"],
  release: ["sys", "plan"],
  publish: ["sys", "plan", "release"],
  run: ["sys", "plan", "steps", "patches", "release"],
  prove: ["sys"],
  suite: ["sys", "steps", "plan", "patches", "run"],
  report: ["plan", "suite"],
  commands: ["sys", "plan", "config", "patches", "release", "publish", "run", "prove", "suite"],
  "cli.ts": ["config", "commands", "report"],
  "program.ts": ["commands", "report"],
  "program-patches.ts": ["commands", "report"],
  "program-usage.ts": ["config"],
  "program-release.ts": ["commands"],
  "program-values.ts": [],
  "index.ts": ["config", "commands", "plan", "run", "release"],
};
const folders = [
  "sys",
  "plan",
  "steps",
  "config",
  "patches",
  "release",
  "publish",
  "run",
  "report",
  "prove",
  "suite",
  "commands",
];

const imports = (place) => {
  const own = (door) => (door.endsWith(".ts") ? place === door : `${place}/`.startsWith(door));
  const paths = Object.entries(doors).flatMap(([name, door]) =>
    own(door) ? [] : [{ name, allowTypeImports: true, message: `${name} is used only by src/${door}` }],
  );
  const [folder] = place.split("/");
  const allowed = new Set([folder, ...directions[folder]]);
  const patterns = folders
    .filter((other) => !allowed.has(other))
    .map((other) => ({
      group: [`../${other}/*`, `./${other}/*`],
      allowTypeImports: true,
      message: `src/${folder} does not import values from src/${other}`,
    }));
  return { "no-restricted-imports": ["error", { paths, patterns }] };
};

const doorFiles = Object.values(doors).filter((door) => door.includes("/") && door.endsWith(".ts"));

export default defineConfig({
  plugins: ["typescript", "import", "node", "promise", "unicorn", "oxc"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  options: { typeAware: true },
  rules: {
    "import/no-cycle": "error",
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
    {
      files: ["src/**"],
      excludeFiles: ["src/cli.ts", "src/sys/processes.ts"],
      rules: { "no-restricted-globals": ["error", { name: "process", message: "Only cli.ts reads process; pass values." }] },
    },
    { files: ["src/cli.ts"], rules: { "node/no-process-env": "off" } },
    { files: ["test/**", "bench/**"], rules: { "max-lines": "off", "node/no-process-env": "off" } },
    { files: ["*.config.*", "test/helpers/compile.ts", "test/helpers/kept.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
