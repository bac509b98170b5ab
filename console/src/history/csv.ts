/** Text that a spreadsheet would take for a formula, and run, is given to it as text: with a quote in front. */
const formula = /^\s*[=+\-@\t\r＝＋－＠]/;

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** csv is a table as RFC 4180 has it, with the mark by which spreadsheets know UTF-8. */
export const csv = (lines: readonly (readonly unknown[])[]): string => `\uFEFF${lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('')}`;
