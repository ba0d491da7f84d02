import { openRegular } from "../sys/read-file.ts";
import { parseLabel, type Label } from "./label.ts";

/** Name of the resource of the type RT_RCDATA that has the label, and the number of that type. */
const name = "KOVN";
const rawData = 10;

/** Larger heads and resources are not read. */
const [mostHead, mostSection] = [4096, 16e6];

/** What one may read of a file: its bytes from `offset` on, and fewer of them at its end. */
type Read = (offset: number, length: number) => Promise<Buffer>;

/**
 * Reads the label among the resources of a 64-bit Windows program; undefined where there is none
 * (https://learn.microsoft.com/windows/win32/debug/pe-format#the-rsrc-section).
 */
export async function readPeLabel(path: string): Promise<Label | undefined> {
  const { file, size } = await openRegular(path, { follow: false });
  const read: Read = async (offset, length) => {
    if (offset > size) return Buffer.alloc(0);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const text = await findResource(read);
    return text === undefined ? undefined : parseLabel(text);
  } catch (error) {
    // An offset in the file leads out of what was read: the file is damaged.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function findResource(read: Read): Promise<string | undefined> {
  const head = await read(0, mostHead);
  if (head.toString("latin1", 0, 2) !== "MZ") return undefined;
  const start = head.readUInt32LE(0x3c);
  const optional = start + 24;
  if (head.toString("latin1", start, start + 4) !== "PE\0\0" || head.readUInt16LE(optional) !== 0x20b) return undefined;
  const address = head.readUInt32LE(optional + 112 + 2 * 8);
  const table = optional + head.readUInt16LE(start + 20);
  for (let index = 0; index < head.readUInt16LE(start + 6); index++) {
    const row = table + index * 40;
    if (head.readUInt32LE(row + 12) !== address || address === 0) continue;
    const [size, offset] = [head.readUInt32LE(row + 16), head.readUInt32LE(row + 20)];
    return size > mostSection ? undefined : contentOf(await read(offset, size), address);
  }
  return undefined;
}

/** A resource is found by its type, its name and then its language: three levels of folders. */
function contentOf(section: Buffer, address: number): string | undefined {
  const byType = folderAt(section, 0).find(({ id }) => id === rawData);
  const byName = byType?.folder === undefined ? undefined : folderAt(section, byType.folder).find((one) => one.name === name);
  const [byLanguage] = byName?.folder === undefined ? [] : folderAt(section, byName.folder);
  if (byLanguage === undefined || byLanguage.folder !== undefined) return undefined;
  const offset = section.readUInt32LE(byLanguage.target) - address;
  return section.toString("utf8", offset, offset + section.readUInt32LE(byLanguage.target + 4));
}

interface Entry {
  readonly id: number | undefined;
  readonly name: string | undefined;
  /** Where its data are described, or where its folder is. */
  readonly target: number;
  readonly folder: number | undefined;
}

const isSet = 0x80_00_00_00;

function folderAt(section: Buffer, offset: number): readonly Entry[] {
  const number = section.readUInt16LE(offset + 12) + section.readUInt16LE(offset + 14);
  return Array.from({ length: number }, (_, index) => {
    const row = offset + 16 + index * 8;
    const [id, target] = [section.readUInt32LE(row), section.readUInt32LE(row + 4)];
    const isNamed = id >= isSet;
    return {
      id: isNamed ? undefined : id,
      name: isNamed ? nameAt(section, id - isSet) : undefined,
      target: target % isSet,
      folder: target >= isSet ? target - isSet : undefined,
    };
  });
}

function nameAt(section: Buffer, offset: number): string {
  return section.toString("utf16le", offset + 2, offset + 2 + section.readUInt16LE(offset) * 2);
}

/** What Windows shows of a program, besides the label. */
export interface ResourceVersion {
  readonly version: string;
  readonly revision: number;
}

/**
 * Makes the resources of a program for windres(1): the version that Windows shows, and the label,
 * which windres reads from `file`. The same label gives the same resources.
 */
export function makeResources({ version, revision }: ResourceVersion, label: Label, file: string): string {
  const { source, line, baseCommit, patchedCommit, by = "" } = label;
  const [, major, minor, patch = "0"] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  const numbers = major === undefined ? `0,0,0,${revision}` : [major, minor, patch, revision].join(",");
  const values = {
    CompanyName: by.replace(/ <.*/, ""),
    FileDescription: `${source} ${label.version} for Kube-OVN ${line}`,
    FileVersion: version,
    ProductName: source,
    ProductVersion: version,
    Comments: `line ${line}, base ${baseCommit}, patched commit ${patchedCommit}`,
  };
  const rows = Object.entries(values).map(([key, value]) => `      VALUE "${key}", "${value.replaceAll(/[^ !#-[\]-~]/g, "?")}"`);
  return [
    `${name} RCDATA "${file}"`,
    "1 VERSIONINFO",
    `FILEVERSION ${numbers}`,
    `PRODUCTVERSION ${numbers}`,
    "FILEOS 0x40004",
    "FILETYPE 1",
    "BEGIN",
    '  BLOCK "StringFileInfo"',
    "  BEGIN",
    '    BLOCK "040904B0"',
    "    BEGIN",
    ...rows,
    "    END",
    "  END",
    '  BLOCK "VarFileInfo"',
    "  BEGIN",
    '    VALUE "Translation", 0x409, 0x4B0',
    "  END",
    "END",
    "",
  ].join("\n");
}
