import { execFileSync } from "node:child_process";

/**
 * Compiles the program once before all tests. The tests of the command line run what `npx
 * kovn-build` runs.
 */
export default function compile(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}
