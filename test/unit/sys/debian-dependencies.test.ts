import { expect } from "vitest";
import { debianDependencies, readDebianPackages } from "../../../src/sys/debian-dependencies.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { quietTask } from "../../../src/sys/task.ts";

const rows = [
  // Package, version, essential, status, what it depends on early and later, what it provides.
  ["gcc", "4:12.2", "no", "installed", "", "cpp (>= 4:12), gcc-12 (>= 12.2~) | gcc-11", "c-compiler"],
  ["gcc-12", "12.2-14", "no", "triggers-pending", "libc6 (>= 2.36)", "gcc", ""],
  ["cpp", "4:12.2", "no", "installed", "", "", ""],
  ["libc6", "2.36-9", "no", "installed", "", "", ""],
  ["python3-sphinx", "5.3", "no", "installed", "", "python3:any", ""],
  ["python3", "3.11", "no", "installed", "", "", ""],
  ["bash", "5.2", "yes", "half-configured", "libc6", "", ""],
  ["libssl3", "3.0", "no", "installed", "", "libc6", ""],
  ["libssl3", "3.0", "no", "installed", "", "libc6, zlib1g", ""],
  ["zlib1g", "1.2", "no", "installed", "", "", ""],
  ["gone", "1", "no", "config-files", "", "", ""],
  ["unrelated", "1", "no", "installed", "", "gcc", ""],
];

test("packages that can change a result are the named, the essential ones, and all that these depend on", async () => {
  const text = rows.map((row) => row.join("\\t")).join("\\n");
  await using bin = await makeBin({ "dpkg-query": `printf '${text}\\n'` });
  const host = { env: { PATH: `${bin.path}:/usr/bin:/bin` }, signal: new AbortController().signal, task: quietTask };
  expect(
    debianDependencies(await readDebianPackages({ host }), ["c-compiler", "python3-sphinx", "gone", "libssl3:arm64"]),
  ).toEqual({
    bash: "5.2",
    cpp: "4:12.2",
    gcc: "4:12.2",
    "gcc-12": "12.2-14",
    libc6: "2.36-9",
    libssl3: "3.0",
    python3: "3.11",
    "python3-sphinx": "5.3",
    zlib1g: "1.2",
  });
});
