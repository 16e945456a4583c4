/** A cell that a spreadsheet would run as a formula is shown as what it is. */
const safe = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const cellOf = (cell: string | number): string =>
  typeof cell === 'number' ? String(cell) : `"${safe(cell).replaceAll('"', '""')}"`;

/**
 * Writes rows as CSV (RFC 4180) with a byte order mark, which spreadsheets need to see that it is UTF-8.
 * @see rule W25
 */
export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  `\uFEFF${rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('')}`;
