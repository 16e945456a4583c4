import { CsvError, parse } from 'csv-parse/sync';
import { readSheet } from 'read-excel-file/node';
import { decodeBase64 } from '#contract/bytes';
import { err, ok, type Result } from '#contract/result';
import type { ImportCell } from '../domain/people-import.ts';

/** A table as it was sent. */
export interface TableFile {
  readonly format: 'csv' | 'xlsx';
  /** Text of a CSV file; an XLSX file in base64. */
  readonly content: string;
}

/** What a spreadsheet program of this locale writes: a semicolon where the comma is for decimals. */
function delimiterOf(text: string): string {
  const [heading = ''] = text.split(/\r?\n/, 1);
  return [';', '\t', ','].find((each) => heading.includes(each)) ?? ',';
}

/** Reads the first sheet of a table into cells. */
export async function readTable(
  file: TableFile,
): Promise<Result<readonly (readonly ImportCell[])[], 'not-a-table'>> {
  if (file.format === 'csv') {
    try {
      return ok(
        parse(file.content, {
          bom: true,
          delimiter: delimiterOf(file.content),
          relax_column_count: true,
          skip_empty_lines: false,
        }) as string[][],
      );
    } catch (error) {
      if (error instanceof CsvError) return err('not-a-table');
      throw error;
    }
  }
  const bytes = decodeBase64(file.content);
  if (!bytes.ok) return err('not-a-table');
  try {
    return ok((await readSheet(Buffer.from(bytes.value))) as ImportCell[][]);
  } catch (error) {
    // The package has no class for what it cannot read; nothing else can fail on bytes in memory.
    if (error instanceof Error) return err('not-a-table');
    throw error;
  }
}
