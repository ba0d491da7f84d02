/** True for a C compiler's warning: `file.c:12:3: warning: what [-Wwhich]`. */
export function isWarning(line: string): boolean {
  return line.includes(": warning: ") && /^[^\s:][^:]*:\d+(:\d+)?: warning: /.test(line);
}
