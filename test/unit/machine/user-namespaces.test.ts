import { describe, expect } from "vitest";
import { allowUsers } from "../../../src/machine/user-namespaces.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const sys = "proc/sys/kernel";

describe("the command that lets users make namespaces", () => {
  test.for([
    [{}, undefined],
    [{ [`${sys}/apparmor_restrict_unprivileged_userns`]: "0\n", [`${sys}/unprivileged_userns_clone`]: "1\n" }, undefined],
    [
      { [`${sys}/apparmor_restrict_unprivileged_userns`]: "1\n" },
      "sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0",
    ],
    [
      { [`${sys}/unprivileged_userns_clone`]: "0\n", "proc/sys/user/max_user_namespaces": "0\n" },
      "sudo sysctl --write kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000",
    ],
  ] as const)("names what is closed, of %j", async ([files, expected], { folder }) => {
    await writeFiles(folder, files);
    expect(allowUsers(folder)).toBe(expected);
  });
});
