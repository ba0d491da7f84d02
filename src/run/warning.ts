/** True for a line in which a C compiler warns: `file.c:12:3: warning: what [-Wwhich]`. */
export function isWarning(line: string): boolean {
  return line.includes(": warning: ") && /^[^\s:][^:]*:\d+(:\d+)?: warning: /.test(line);
}
