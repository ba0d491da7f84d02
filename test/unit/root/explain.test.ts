import { describe, expect, test } from "vitest";
import { explain, reasonsIn } from "../../../src/root/explain.ts";
import { knownRoots } from "../../../src/root/known.ts";

const [known] = knownRoots;
if (known === undefined) throw new Error("no root is known");
const explained = (output: string) => explain(known, reasonsIn(output), "apt-get ended with exit code 100");

const another = "name another archive: --mirror URL, --mirror security=URL";
const keys = `apt-get install --only-upgrade debian-archive-keyring, or ${another}`;

// The words of apt 2.6, dpkg 1.21 and tar.
const cases = [
  {
    title: "no room for what is downloaded",
    output: "E: You don't have enough free space in /project/.kovn/roots/archives/var/cache/apt/archives/.",
    code: "machine",
    hint: "free some space: kovn-build cache prune --keep-runs 1",
  },
  {
    title: "no room for what is unpacked",
    output: `dpkg: error processing archive /tmp/libc6_2.36_amd64.deb (--unpack):
 cannot copy extracted data for './usr/lib/libc.so.6' to '/usr/lib/libc.so.6.dpkg-new': failed to write (No space left on device)`,
    code: "machine",
    hint: "free some space: kovn-build cache prune --keep-runs 1",
  },
  {
    title: "a release file of the future",
    output:
      "E: Release file for http://deb.test/debian/dists/bookworm/InRelease is not valid yet (invalid for another 3h 2min). Updates for this repository will not be applied.",
    code: "digest",
    hint: `check the clock: date; if it is right, the archive is not kept up to date: ${another}`,
  },
  {
    title: "a release file that has expired",
    output:
      "E: Release file for http://deb.test/debian/dists/bookworm/InRelease is expired (invalid since 3d 2h). Updates for this repository will not be applied.",
    code: "digest",
    hint: `check the clock: date; if it is right, the archive is not kept up to date: ${another}`,
  },
  {
    title: "a signature that is gone",
    output: "E: The repository 'http://deb.test/debian bookworm Release' is no longer signed.",
    code: "digest",
    hint: keys,
  },
  {
    title: "a wrong signature, where older lists stay",
    output:
      "W: An error occurred during the signature verification. The repository is not updated and the previous index files will be used. GPG error: http://deb.test/debian bookworm InRelease: The following signatures were invalid: BADSIG 0E98404D386FA1D9 Debian",
    code: "digest",
    hint: keys,
  },
  {
    title: "a key that is not known, in the words of apt 3",
    output:
      "W: OpenPGP signature verification failed: http://deb.test/debian bookworm InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Missing key 4D386FA1D9, which is needed to verify signature.",
    code: "digest",
    hint: keys,
  },
  {
    title: "a repository without a signature",
    output: "E: The repository 'http://deb.test/debian bookworm Release' is not signed.",
    code: "digest",
    hint: keys,
  },
  {
    title: "a login page in place of the archive",
    output:
      "E: Failed to fetch http://deb.test/debian/dists/bookworm/InRelease  Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)",
    code: "digest",
    hint: keys,
  },
  {
    title: "an archive that is being updated",
    output:
      "E: Failed to fetch http://deb.test/debian/dists/bookworm/main/binary-amd64/Packages.xz  File has unexpected size (7 != 8). Mirror sync in progress? [IP: 192.0.2.1 80]",
    code: "network",
    hint: `try again in some minutes, if the archive is being updated; or ${another}`,
  },
  {
    title: "a package with other bytes",
    output: "E: Failed to fetch http://deb.test/debian/pool/demo_1.2_all.deb  Hash Sum mismatch",
    code: "network",
    hint: `try again in some minutes, if the archive is being updated; or ${another}`,
  },
  {
    title: "packages of two states",
    output: `The following packages have unmet dependencies:
 demo : Depends: libdemo (>= 2) but 1 is to be installed
E: Unable to correct problems, you have held broken packages.`,
    code: "network",
    hint: `the archives are not of one state, or not of debian 12: ${another}`,
  },
  {
    title: "a host that is not there",
    output: `E: Failed to fetch http://deb.test/debian/dists/bookworm/InRelease  Could not resolve 'deb.test'
E: Some index files failed to download. They have been ignored, or old ones used instead.`,
    code: "network",
    hint: `check the network, or ${another}`,
  },
] as const;

describe("a root that cannot be made", () => {
  test.each(cases)("for $title says what to type", ({ output, code, hint }) => {
    expect(explained(output)).toMatchObject({ code, hint });
  });

  test("gives each reason once, and not what apt adds to all", () => {
    const { message } = explained(`Err:1 http://deb.test/debian bookworm InRelease
W: Failed to fetch http://deb.test/a  404  Not Found
E: Failed to fetch http://deb.test/a  404  Not Found
E: Failed to fetch http://deb.test/b  404  Not Found
E: Some index files failed to download. They have been ignored, or old ones used instead.`);
    const reasons = ["a", "b"].map((name) => `\n  Failed to fetch http://deb.test/${name}  404  Not Found`);
    expect(message).toBe(`Root debian:12 cannot be made:${reasons.join("")}`);
  });

  test("without a reason gives what is known", () => {
    expect(explained("Reading package lists...").message).toBe(
      "Root debian:12 cannot be made:\n  apt-get ended with exit code 100",
    );
  });

  test.each(["E: Unable to locate package demmo", "E: Package 'demmo' has no installation candidate"])(
    "because of the project's files (%s) names the package",
    (output) => {
      expect(explained(output)).toMatchObject({
        code: "project",
        message: "Root debian:12 cannot be made: debian 12 has no package demmo.",
      });
    },
  );

  test("because a package's own script failed names that package, and no archive", () => {
    const error = explained("dpkg: error processing package demo (--configure):\n installed demo package script failed");
    expect(error).toMatchObject({ code: "build", hint: undefined });
    expect(error.message).toMatch(/^Package demo cannot be installed in root debian:12:\n {2}dpkg: error/);
    const { code, message } = explained(
      "dpkg: error processing archive /debs/demo.deb (--unpack):\n trying to overwrite '/etc/demo'",
    );
    expect(code).toBe("build");
    expect(message).toMatch(/^Package \/debs\/demo.deb cannot be installed in root debian:12:/);
  });
});
