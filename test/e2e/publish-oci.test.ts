import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { kovnBuild, run } from "../helpers/cli.ts";
import { makeBin } from "../helpers/bin.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { digestOf, hasRegistry, startFront, startRegistry, startTokens, user, type Registry } from "../helpers/registry.ts";

const loginOf = (host: string, password = user.password) =>
  JSON.stringify({ auths: { [host]: { auth: Buffer.from(`${user.name}:${password}`).toString("base64") } } });

/** The document of a tag or a digest, as skopeo reads it. */
async function rawOf(reference: string): Promise<string> {
  const { stdout } = await execa("skopeo", ["inspect", "--tls-verify=false", "--raw", `docker://${reference}`], {
    stripFinalNewline: false,
  });
  return stdout;
}

/** The files of an image, as skopeo pulls it by its digest for an architecture. */
async function filesOf(folder: string, reference: string, arch: string): Promise<Readonly<Record<string, string>>> {
  const [pulled, files] = [join(folder, "pulled"), join(folder, "files")];
  for (const one of [pulled, files]) await rm(one, { recursive: true, force: true });
  await execa("skopeo", ["--override-arch", arch, "copy", "--src-tls-verify=false", `docker://${reference}`, `dir:${pulled}`]);
  const manifest = JSON.parse(await readFile(join(pulled, "manifest.json"), "utf8")) as { layers: { digest: string }[] };
  await mkdir(files);
  for (const { digest } of manifest.layers) await execa("tar", ["-xf", join(pulled, digest.replace("sha256:", "")), "-C", files]);
  return contentOf(files);
}

/** Two builds for Debian 12, of both architectures, and one for Debian 13. */
async function makeBuilds(folder: string) {
  const amd64 = await makeDist(join(folder, "amd64"), { distribution: "debian 12" });
  const arm64 = await makeDist(join(folder, "arm64"), { distribution: "debian 12", arch: "arm64" });
  const trixie = await makeDist(join(folder, "trixie"), { distribution: "debian 13" });
  return { amd64, arm64, trixie };
}

/** Everything that a registry stores. */
const stored = async ({ storage }: Registry) => contentOf(storage);

const version = "1.2.3-1+kovn1.00000001";

describe.skipIf(!hasRegistry)("publish --to oci (needs docker-registry and skopeo)", () => {
  test("makes an image of each suite, of which skopeo pulls the same bytes by digest, for each architecture", async ({
    folder,
  }) => {
    await using registry = await startRegistry(folder);
    const { amd64, arm64, trixie } = await makeBuilds(folder);
    const to = `${registry.host}/o/packages`;
    const result = await kovnBuild(folder, ["publish", amd64, arm64, trixie, "--to", `oci=${to}:1.0.1`]);
    expect(result).toMatchObject({ exitCode: 0 });
    const images = [...result.stdout.matchAll(/^ {2}image {5}(\S+)$/gm)].map(([, image = ""]) => image);
    expect(images.map((image) => image.split("@")[0])).toEqual([`${to}:1.0.1-bookworm`, `${to}:1.0.1-trixie`]);
    const [bookworm = "", other = ""] = images.map((image) => `${to}@${image.split("@")[1]}`);
    for (const [image, arch, dist, suffix] of [
      [bookworm, "amd64", amd64, "deb12"],
      [bookworm, "arm64", arm64, "deb12"],
      [other, "amd64", trixie, "deb13"],
    ] as const) {
      const [own, all] = [`demo_${version}.${suffix}_${arch}.deb`, `demo-data_${version}.${suffix}_all.deb`];
      // Those for all architectures come from amd64.
      const from = arch === "arm64" ? amd64 : dist;
      expect(await filesOf(folder, image, arch)).toEqual({
        "artifacts.json": await readFile(join(dist, "artifacts.json"), "latin1"),
        packages: "folder",
        [`packages/${own}`]: await readFile(join(dist, own), "latin1"),
        [`packages/${all}`]: await readFile(join(from, all), "latin1"),
      });
    }
    expect(digestOf(await rawOf(`${to}:1.0.1-bookworm`))).toBe(bookworm.split("@")[1]);
    // Two suites: TAG alone could mean either.
    const tags = await execa("skopeo", ["list-tags", "--tls-verify=false", `docker://${to}`]);
    expect((JSON.parse(tags.stdout) as { Tags: string[] }).Tags.filter((tag) => !tag.startsWith("sha256-")).toSorted()).toEqual([
      "1.0.1-bookworm",
      "1.0.1-trixie",
    ]);
  });

  test("a second publish, from another folder, changes nothing; a lost blob is sent again", async ({ folder }) => {
    await using registry = await startRegistry(folder);
    const { amd64, arm64 } = await makeBuilds(folder);
    const args = ["publish", amd64, arm64, "--to", `oci=${registry.host}/o/packages:1.0.1`];
    expect(await kovnBuild(folder, args)).toMatchObject({ exitCode: 0 });
    const before = await stored(registry);
    const copies = [amd64, arm64].map((_, index) => join(folder, `copy-${index}`));
    await run(folder, ["cp", "-r", amd64, copies[0] ?? ""]);
    await run(folder, ["cp", "-r", arm64, copies[1] ?? ""]);
    const again = await kovnBuild(folder, ["publish", ...copies.toReversed(), ...args.slice(3)]);
    expect(again.stdout).toContain("nothing to do, everything is already published");
    expect(await stored(registry)).toEqual(before);
    // The largest blob is a package.
    const link = Object.keys(before).find((path) => /_layers.*link$/.test(path)) ?? "";
    await rm(join(registry.storage, link));
    const healed = await kovnBuild(folder, args);
    expect(healed.stdout).toMatch(/: 1 repaired\n/);
    expect(await stored(registry)).toEqual(before);
  });

  test("one suite gets TAG alone as well; a tag that is a different image is refused, and nothing is sent", async ({
    folder,
  }) => {
    await using registry = await startRegistry(folder);
    const one = await makeDist(join(folder, "one"));
    const two = await makeDist(join(folder, "two"), { revision: 2 });
    const legacy = await makeDist(join(folder, "legacy"), { variant: "legacy", target: "linux", content: "old" });
    const to = `${registry.host}/o/packages`;
    expect(await kovnBuild(folder, ["publish", one, "--to", `oci=${to}:1`])).toMatchObject({ exitCode: 0 });
    expect(await rawOf(`${to}:1`)).toBe(await rawOf(`${to}:1-bookworm`));
    const before = await stored(registry);
    const refused = await kovnBuild(folder, ["publish", two, "--to", `oci=${to}:1`, "--to", "dir=out"]);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain(`${to}:1-bookworm exists and is a different image`);
    expect(await stored(registry)).toEqual(before);
    expect(await readdir(folder)).not.toContain("out");
    expect(await kovnBuild(folder, ["publish", legacy, "--to", `oci=${to}:1`])).toMatchObject({ exitCode: 0 });
    expect(await rawOf(`${to}:1`)).not.toBe(await rawOf(`${to}:1-bookworm_legacy`));
  });

  test("SBOM and provenance are referrers: under a tag here, listed by a registry that can do it", async ({ folder }) => {
    await using registry = await startRegistry(folder);
    const { amd64, arm64 } = await makeBuilds(folder);
    const to = `${registry.host}/o/packages`;
    await kovnBuild(folder, ["publish", amd64, arm64, "--to", `oci=${to}:1`, "--to", "dir=out"]);
    const index = digestOf(await rawOf(`${to}:1`));
    const list = JSON.parse(await rawOf(`${to}:${index.replace(":", "-")}`)) as {
      manifests: { artifactType: string; digest: string }[];
    };
    expect(list.manifests.map(({ artifactType }) => artifactType)).toEqual([
      "application/vnd.cyclonedx+json",
      "application/vnd.in-toto+json",
      "application/vnd.in-toto+json",
    ]);
    const attached = await Promise.all(
      list.manifests.map(async ({ digest }) => {
        const text = await rawOf(`${to}@${digest}`);
        expect(digestOf(text)).toBe(digest);
        const { subject, layers, annotations } = JSON.parse(text) as Record<string, { digest: string }> & {
          layers: { digest: string }[];
        };
        expect(subject?.digest).toBe(index);
        const blob = await fetch(`http://${registry.host}/v2/o/packages/blobs/${layers[0]?.digest}`);
        return [Object.values(annotations ?? {})[0], await blob.text()];
      }),
    );
    const published = await contentOf(join(folder, "out"));
    const documents = Object.keys(published).filter((name) => /^(sbom|provenance)-/.test(name));
    expect(Object.fromEntries(attached)).toEqual(Object.fromEntries(documents.map((name) => [name, published[name]])));
    // One that lists them itself gets no tag.
    const listing = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };
    await using front = await startFront(registry, ({ path }) =>
      path.includes("/referrers/") ? { status: 200, body: JSON.stringify(listing) } : undefined,
    );
    expect(await kovnBuild(folder, ["publish", amd64, "--to", `oci=${front.host}/o/other:1`])).toMatchObject({ exitCode: 0 });
    const tags = await execa("skopeo", ["list-tags", "--tls-verify=false", `docker://${registry.host}/o/other`]);
    expect((JSON.parse(tags.stdout) as { Tags: string[] }).Tags.toSorted()).toEqual(["1", "1-bookworm"]);
  });

  test("an upload that is cut, and a registry that fails for a moment, are gone over; a second command ends what was killed", async ({
    folder,
  }) => {
    await using registry = await startRegistry(folder);
    const dist = await makeDist(join(folder, "dist"));
    await using front = await startFront(registry, ({ method, path, nth }) => {
      if (method === "PUT" && path.includes("uploads") && nth === 0) return { cutAfter: 100 };
      if (method === "PUT" && path.includes("manifests") && nth === 0) return { status: 503 };
      return undefined;
    });
    const result = await kovnBuild(folder, ["publish", dist, "--to", `oci=${front.host}/o/packages:1`]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toMatch(/localhost:\d+: send .+: .+; retrying in/);
    expect(result.stderr).toContain("503");
    expect(await filesOf(folder, `${registry.host}/o/packages:1`, "amd64")).toMatchObject({
      [`packages/demo_${version}_amd64.deb`]: await readFile(join(dist, `demo_${version}_amd64.deb`), "latin1"),
    });
    // Killed when the second blob is sent.
    const killing = startKilled(folder, dist);
    await using slow = await startFront(registry, ({ method, path, nth }) => {
      if (method === "PUT" && path.includes("uploads") && nth === 1) killing.kill();
      return undefined;
    });
    await killing.run(`oci=${slow.host}/o/killed:1`);
    const tags = await fetch(`http://${registry.host}/v2/o/killed/manifests/1`);
    expect(tags.status).toBe(404);
    expect(await kovnBuild(folder, ["publish", dist, "--to", `oci=${registry.host}/o/killed:1`])).toMatchObject({ exitCode: 0 });
    expect(await rawOf(`${registry.host}/o/killed:1`)).toBe(await rawOf(`${registry.host}/o/packages:1`));
  });

  test("a registry that is down is reported in seconds, and one that is not a registry", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    const registry = await startRegistry(folder);
    await using front = await startFront(registry, () => ({ status: 404, body: "<html>" }));
    await registry.stop();
    const down = await kovnBuild(folder, ["publish", dist, "--to", `oci=${registry.host}/o/packages:1`]);
    expect(down).toMatchObject({ exitCode: 1 });
    expect(down.stderr).toContain(`${registry.host} failed 3 times: find the registry: no response: connect ECONNREFUSED`);
    const other = await kovnBuild(folder, ["publish", dist, "--to", `oci=${front.host}/o/packages:1`]);
    expect(other.stderr).toContain(`${front.host} is not a container registry: 404`);
  });

  test("logs in as docker and podman do, by a file, a variable or a helper, and shows no password", async ({ folder }) => {
    await using registry = await startRegistry(folder, { password: true });
    const dist = await makeDist(join(folder, "dist"));
    const args = (name: string) => ["publish", dist, "--to", `oci=${registry.host}/o/${name}:1`];
    const none = await kovnBuild(folder, args("none"));
    expect(none).toMatchObject({ exitCode: 1 });
    expect(none.stderr).toContain(`${registry.host} needs a login, and there is none for it`);
    expect(none.stderr).toContain(`docker login ${registry.host}`);
    const variable = await kovnBuild(folder, args("variable"), { DOCKER_AUTH_CONFIG: loginOf(registry.host) });
    expect(variable).toMatchObject({ exitCode: 0 });
    await mkdir(join(folder, ".docker"));
    await writeFile(join(folder, ".docker/config.json"), loginOf(registry.host, "another-password"));
    const wrong = await kovnBuild(folder, args("wrong"));
    expect(wrong).toMatchObject({ exitCode: 1 });
    expect(wrong.stderr).toContain(`${registry.host} rejects the login of ${folder}/.docker/config.json`);
    expect(wrong.stderr).not.toContain("another-password");
    await writeFile(join(folder, ".docker/config.json"), loginOf(registry.host));
    expect(await kovnBuild(folder, args("file"))).toMatchObject({ exitCode: 0 });
    await writeFile(join(folder, ".docker/config.json"), JSON.stringify({ auths: { [registry.host]: {} }, credsStore: "safe" }));
    const missing = await kovnBuild(folder, args("helper"));
    expect(missing.stderr).toContain(`docker-credential-safe, which ${folder}/.docker/config.json names, is not installed.`);
    const answer = JSON.stringify({ ServerURL: registry.host, Username: user.name, Secret: user.password });
    await using bin = await makeBin({
      "docker-credential-safe": `read server; test "$server" = '${registry.host}' && echo '${answer}'`,
    });
    const env = { PATH: `${bin.path}:${process.env["PATH"]}` };
    const helped = await kovnBuild(folder, args("helper"), env);
    expect(helped).toMatchObject({ exitCode: 0 });
    for (const { stdout, stderr } of [none, variable, wrong, helped]) expect(stdout + stderr).not.toContain(user.password);
  });

  test("gets a token for a login, also without the right to write", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await using tokens = await startTokens(folder);
    await using registry = await startRegistry(folder, { auth: tokens.auth });
    const args = ["publish", dist, "--to", `oci=${registry.host}/o/packages:1`];
    const env = { DOCKER_AUTH_CONFIG: loginOf(registry.host) };
    expect(await kovnBuild(folder, args, env)).toMatchObject({ exitCode: 0 });
    expect(new Set(tokens.seen)).toEqual(new Set([`${user.name} registry repository:o/packages:pull,push`]));
    expect((await kovnBuild(folder, args)).stderr).toContain("needs a login, and there is none for it");
    const wrong = await kovnBuild(folder, args, { DOCKER_AUTH_CONFIG: loginOf(registry.host, "another-password") });
    expect(wrong.stderr).toContain("rejects the login of DOCKER_AUTH_CONFIG (find the registry: UNAUTHORIZED wrong password)");
  });

  test("says what a registry refuses: the right to write, a repository that does not exist, other bytes", async ({ folder }) => {
    await using registry = await startRegistry(folder);
    const dist = await makeDist(join(folder, "dist"));
    const cases = {
      denied: [403, { code: "DENIED", message: "requested access is denied" }, "does not let everybody write o/packages"],
      unknown: [404, { code: "NAME_UNKNOWN", message: "no such repository" }, "has no repository o/packages"],
      moved: [301, { code: "", message: "" }, "redirects what should only send"],
      damaged: [400, { code: "DIGEST_INVALID", message: "digest does not match" }, /refused send \S+: 400 DIGEST_INVALID/],
    } as const;
    for (const [name, [status, error, message]] of Object.entries(cases)) {
      await using front = await startFront(registry, ({ method }) =>
        method === "POST" ? { status, body: JSON.stringify({ errors: [error] }) } : undefined,
      );
      const result = await kovnBuild(folder, ["publish", dist, "--to", `oci=${front.host}/o/packages:1`]);
      expect(result.exitCode, name).toBe(1);
      if (typeof message === "string") expect(result.stderr, name).toContain(message);
      else expect(result.stderr, name).toMatch(message);
    }
  });
});

test.skipIf(!hasRegistry || !existsSync("/usr/bin/podman") || process.getuid?.() !== 0)(
  "the Dockerfile of docs/kube-ovn.md takes the packages (needs podman and root)",
  { timeout: 120_000 },
  async ({ folder }) => {
    await using registry = await startRegistry(folder);
    const dist = await makeDist(join(folder, "dist"), { distribution: "ubuntu 24.04" });
    const to = `${registry.host}/o/packages:1.17.0`;
    expect(await kovnBuild(folder, ["publish", dist, "--to", `oci=${to}`])).toMatchObject({ exitCode: 0 });
    const [, dockerfile = ""] = /```dockerfile\n(.*?)```/s.exec(await readFile("docs/kube-ovn.md", "utf8")) ?? [];
    await mkdir(join(folder, "context"));
    // Without the distribution, which no test gets: nothing can be installed in it.
    const text = dockerfile
      .replace("registry.example.com/OWNER/packages:1.17.0", to)
      .replace("ubuntu:24.04", "scratch")
      .replace(/^RUN .*\n/m, "");
    await writeFile(join(folder, "context/Dockerfile"), text);
    const storage = ["--root", join(folder, "storage"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
    await execa("podman", [...storage, "build", "--tls-verify=false", "--tag", "made", join(folder, "context")]);
    const saved = join(folder, "made.tar");
    await execa("podman", [...storage, "save", "--format", "oci-dir", "--output", saved, "made"]);
    const layers = (await readdir(join(saved, "blobs/sha256"))).map((name) => join(saved, "blobs/sha256", name));
    const lists = await Promise.all(layers.map(async (layer) => execa("tar", ["-tf", layer], { reject: false })));
    const names = lists.flatMap(({ stdout, exitCode }) => (exitCode === 0 ? stdout.split("\n") : []));
    const version24 = `${version}.ubuntu24.04`;
    expect(names.filter((name) => name.endsWith(".deb"))).toEqual([
      `packages/demo-data_${version24}_all.deb`,
      `packages/demo_${version24}_amd64.deb`,
    ]);
  },
);

/** A publish in a process of its own that is killed. */
function startKilled(folder: string, dist: string) {
  let kill = () => undefined as void;
  return {
    kill: () => kill(),
    async run(to: string) {
      const child = execa(process.execPath, [join(process.cwd(), "build/cli.js"), "publish", dist, "--to", to], {
        cwd: folder,
        env: { HOME: folder },
        reject: false,
      });
      kill = () => void child.kill("SIGKILL");
      expect((await child).signal).toBe("SIGKILL");
    },
  };
}

test("publish --to oci refuses a wrong place before it reads anything, and quotes no password", async ({ folder }) => {
  const cases = {
    "oci=": "`oci=` is not a destination.",
    "oci=packages:1": "does not begin with the host of a registry",
    "oci=registry.example.com/Owner/packages":
      "`Owner/packages` in `oci=registry.example.com/Owner/packages` is not the name of a repository",
    "oci=registry.example.com/o/packages:": "is not a tag",
    "oci=registry.example.com/o/packages:-x": "`-x` in `oci=registry.example.com/o/packages:-x` is not a tag",
    "oci=registry.example.com/o/packages:1:2": "`1:2` in",
    "oci=registry.example.com/o/packages@sha256:00": "names a digest; images are published to a tag.",
    "oci=pat:hunter22@registry.example.com/o/packages": "The destination oci= has a user or a password.",
    "oci=https://pat:hunter22@registry.example.com/o/packages": "The destination oci= has a user or a password.",
  };
  await makeDist(join(folder, "dist"));
  for (const [to, message] of Object.entries(cases)) {
    const result = await kovnBuild(folder, ["publish", "dist/linux", "--to", to]);
    expect(result.exitCode, to).toBe(2);
    expect(result.stderr, to).toContain(message);
    expect(result.stderr).not.toContain("hunter22");
  }
});
