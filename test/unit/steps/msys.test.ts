import { expect, test } from "vitest";
import { parseEnvironment } from "../../../src/steps/msys.ts";

test("cmd's variables are read with the names that bash knows", () => {
  const text = "Path=C:\\bin;C:\\x=y\r\nVCToolsRedistDir=C:\\Redist\\\r\n=C:=C:\\\r\nEMPTY=\r\n\r\n";
  expect(parseEnvironment(text)).toEqual({ PATH: "C:\\bin;C:\\x=y", VCToolsRedistDir: "C:\\Redist\\", EMPTY: "" });
});
