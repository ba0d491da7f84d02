import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { execa } from "execa";

/** A Windows of its own, through Wine. */
export interface Windows {
  /** Runs a program and returns its output. Fails the test when the program fails. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Installs (`/i`) or removes (`/x`) a product. */
  msi(option: "/i" | "/x", file: string): Promise<void>;
  /** The system's PATH. */
  path(): Promise<string>;
  /** Paths of all files and folders of drive C. */
  files(): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** Makes a Windows 10 in the folder `prefix`. */
export async function startWindows(prefix: string): Promise<Windows> {
  const env = { PATH: "/usr/bin:/bin", HOME: "/tmp", WINEPREFIX: prefix, WINEDEBUG: "-all", DISPLAY: "", TZ: "UTC" };
  // Services that Wine leaves running keep the output open, so it goes to a file, which is read
  // when the program has ended.
  const wine = async (...args: readonly string[]) => {
    const { stdout } = await execa(
      "sh",
      ["-c", `wine "$@" >"$WINEPREFIX.out" 2>"$WINEPREFIX.err" && cat "$WINEPREFIX.out"`, "sh", ...args],
      {
        env,
        extendEnv: false,
        stdin: "ignore",
      },
    );
    return stdout.replaceAll("\r", "");
  };
  const server = (option: string) => execa("wineserver", [option], { env, extendEnv: false, reject: false });
  await wine("wineboot", "--init");
  await server("-w");
  // Wine's default is Windows 7, which is too old for the installer.
  await wine("winecfg", "-v", "win10");
  await server("-w");
  const environment = String.raw`HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`;
  return {
    run: (program, ...args) => wine(program, ...args),
    msi: async (option, file) => void (await wine("msiexec", option, `Z:${file.replaceAll("/", "\\")}`, "/qn")),
    path: () => wine("reg", "query", environment, "/v", "PATH"),
    files: async () => {
      // With types, links are not followed. Wine has links to the user's own folders.
      const drive = join(prefix, "drive_c");
      const entries = await readdir(drive, { recursive: true, withFileTypes: true });
      return entries.map((entry) => relative(drive, join(entry.parentPath, entry.name)));
    },
    end: async () => {
      await server("-k");
      await server("-w");
    },
  };
}
