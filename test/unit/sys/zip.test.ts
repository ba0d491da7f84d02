import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { unpackZip, writeZip } from "../../../src/sys/zip.ts";
import { run } from "../../helpers/cli.ts";
import { test } from "../../helpers/folder.ts";

const epoch = Date.UTC(2026, 10, 22, 20, 30) / 1000;

const { TZ: ownZone } = process.env;
const setZone = (zone: string | undefined) => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
};
afterAll(() => setZone(ownZone));

async function write(folder: string, name: string, zone = "UTC"): Promise<Buffer> {
  const file = join(folder, name);
  await writeFile(join(folder, "a.exe"), "a".repeat(100_000));
  await writeFile(join(folder, "b.exe"), "b");
  setZone(zone);
  const members = [{ name: "ovn/bin/b.exe", path: join(folder, "b.exe") }, { name: "ovn/etc" }];
  await writeZip(file, [...members, { name: "ovn/bin/a.exe", path: join(folder, "a.exe") }], epoch);
  setZone("UTC");
  return readFile(file);
}

test("an archive does not depend on the time or the time zone", async ({ folder }) => {
  const first = await write(folder, "first.zip");
  expect((await write(folder, "second.zip", "Asia/Tokyo")).equals(first)).toBe(true);
});

test("other programs can read it: sorted names, empty folders, noon of the day", async ({ folder }) => {
  await write(folder, "a.zip");
  const script =
    "import sys, zipfile; [print(i.filename, i.file_size, i.date_time) for i in zipfile.ZipFile(sys.argv[1]).infolist()]";
  const { stdout } = await run(folder, ["python3", "-c", script, "a.zip"]);
  const day = "(2026, 11, 22, 12, 0, 0)";
  expect(stdout.split("\n")).toEqual([`ovn/bin/a.exe 100000 ${day}`, `ovn/bin/b.exe 1 ${day}`, `ovn/etc/ 0 ${day}`]);
});

test("an archive unpacks to what was packed", async ({ folder }) => {
  await write(folder, "a.zip");
  await unpackZip(join(folder, "a.zip"), join(folder, "out"));
  expect(await readFile(join(folder, "out/ovn/bin/b.exe"), "utf8")).toBe("b");
});

test("an archive that leads outside, is broken or does not exist is refused", async ({ folder }) => {
  const script = `
import zipfile
def make(name, *members):
    with zipfile.ZipFile(name, 'w', zipfile.ZIP_DEFLATED) as z:
        for member, content in members: z.writestr(member, content)
make('evil.zip', ('../evil', 'x'))
make('bomb.zip', ('a', bytes(300_000_000)))
make('twice.zip', ('a', 'x'), ('a', 'y'))
make('proto.zip', ('__proto__', 'x'))
make('whole.zip', ('a', 'x' * 1000))
open('cut.zip', 'wb').write(open('whole.zip', 'rb').read()[:-30])`;
  await run(folder, ["python3", "-c", script]);
  await writeFile(join(folder, "broken.zip"), "PK");
  await mkdir(join(folder, "out"));
  for (const [file, message] of [
    ["evil.zip", "leads outside"],
    ["broken.zip", "broken or not a zip"],
    ["none.zip", "cannot be read"],
    ["bomb.zip", "unpacks to more than"],
    ["twice.zip", "has member a twice"],
    ["proto.zip", "leads outside"],
    ["cut.zip", "broken or not a zip"],
  ] as const)
    await expect(unpackZip(join(folder, file), join(folder, "out"))).rejects.toThrow(message);
});
