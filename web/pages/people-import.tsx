import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { ImportResult } from '#contract/api-people';
import { importPeople } from '../api-people.ts';
import { useApp, useWords } from '../app-state.ts';
import { csvOf } from '../csv.ts';
import { importFileOf, type ImportFile } from '../import-file.ts';
import { Button } from '../parts/button.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { wordOf } from '../words/words.ts';

/** Invented: what a table may look like. */
const EXAMPLE = [
  ['NIP', 'Nama', 'Instansi', 'Jenis', 'Unit kerja', 'Jabatan', 'Dasar', 'Nomor dasar', 'Berlaku sampai'],
  [
    'V-001',
    'Rahmat Contoh',
    'PT Contoh Jaringan',
    'penyedia',
    '',
    'Teknisi',
    'kontrak',
    '12/SPK/2026',
    '31/12/2026',
  ],
  ['198501012010011001', 'Dewi Contoh', 'Dinas Kominfo', 'pegawai', 'Bidang TIK', 'Pranata', '', '', ''],
];

interface Chosen {
  readonly name: string;
  readonly file: ImportFile;
  readonly result: ImportResult;
}

/** People from a table: what would happen stands there before it is done, and all rows go in together or none. */
export function PeopleImportPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const input = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [isTooLarge, setIsTooLarge] = useState(false);
  const [written, setWritten] = useState<ImportResult | null>(null);
  const { isBusy, problem, run } = useAct();

  async function check(picked: File | undefined): Promise<void> {
    if (picked === undefined) return;
    setChosen(null);
    setWritten(null);
    const file = importFileOf(new Uint8Array(await picked.arrayBuffer()));
    if (input.current !== null) input.current.value = '';
    setIsTooLarge(!file.ok);
    if (!file.ok) return;
    const found = await run(() => importPeople(app.api, file.value, true));
    if (found !== null) setChosen({ name: picked.name, file: file.value, result: found.value });
  }

  async function write(): Promise<void> {
    if (chosen === null) return;
    const done = await run(() => importPeople(app.api, chosen.file, false));
    if (done === null) return;
    // Somebody may have changed what the table meets since it was checked: then nothing was written.
    if (done.value.isWritten) setWritten(done.value);
    setChosen(done.value.isWritten ? null : { ...chosen, result: done.value });
  }

  const changes = chosen === null ? 0 : chosen.result.created + chosen.result.updated;
  const canWrite = chosen !== null && chosen.result.errors.length === 0 && changes > 0;
  return (
    <Page
      title={desk.imports.title}
      lead={desk.imports.lead}
      back={{ href: '/people', label: words.admin.peopleTitle }}
      primary={
        canWrite ? (
          <Button kind="primary" icon="check" isBusy={isBusy} onClick={() => void write()}>
            {desk.imports.save(changes)}
          </Button>
        ) : (
          <Button
            kind={written === null ? 'primary' : 'secondary'}
            icon="upload"
            isBusy={isBusy}
            onClick={() => input.current?.click()}
          >
            {written === null ? desk.imports.file : desk.imports.another}
          </Button>
        )
      }
    >
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept=".csv,.xlsx,text/csv"
        tabIndex={-1}
        aria-label={desk.imports.file}
        onChange={(event) => void check(event.currentTarget.files?.[0])}
      />
      <div aria-live="polite" class="stack">
        {written === null ? null : (
          <Notice
            tone="granted"
            title={desk.imports.done}
            action={<a href="/people">{words.admin.peopleTitle}</a>}
          >
            <p>{desk.imports.doneText(written.created, written.updated)}</p>
          </Notice>
        )}
        {isTooLarge ? <Notice tone="refused" title={desk.imports.tooLarge} /> : null}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {isBusy && chosen === null ? <Skeleton rows={2} /> : null}
        {chosen === null ? null : <DryRun name={chosen.name} result={chosen.result} />}
      </div>
      <section class="block">
        <h2>{desk.imports.columns}</h2>
        <p class="soft">{desk.imports.fileHint}</p>
        <p>{desk.imports.columnList}</p>
        <Button
          icon="download"
          onClick={() => {
            const address = URL.createObjectURL(new Blob([csvOf(EXAMPLE)], { type: 'text/csv' }));
            const link = document.createElement('a');
            link.href = address;
            link.download = 'palang-orang.csv';
            link.click();
            URL.revokeObjectURL(address);
          }}
        >
          {desk.imports.example}
        </Button>
      </section>
    </Page>
  );
}

function DryRun(props: { readonly name: string; readonly result: ImportResult }): JSX.Element {
  const desk = useDeskWords();
  const { result } = props;
  const counts = [
    [desk.imports.created, result.created],
    [desk.imports.updated, result.updated],
    [desk.imports.unchanged, result.unchanged],
    [desk.imports.faulty, result.errors.length],
  ] as const;
  const isClean = result.errors.length === 0;
  const isSame = isClean && result.created + result.updated === 0;
  return (
    <section class="block">
      <h2>
        {desk.imports.result} <span class="soft">{props.name}</span>
      </h2>
      <Notice
        tone={isClean ? (isSame ? 'neutral' : 'granted') : 'refused'}
        title={
          isClean
            ? isSame
              ? desk.imports.nothingToSave
              : desk.imports.clean
            : desk.imports.unclean(result.errors.length)
        }
      >
        {isSame ? null : <p>{isClean ? desk.imports.cleanText : desk.imports.uncleanText}</p>}
      </Notice>
      <table class="plain-table count-table">
        <thead>
          <tr>
            {counts.map(([word]) => (
              <th key={word} scope="col" class="num">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            {counts.map(([word, count]) => (
              <td key={word} class="num">
                {count}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      {isClean ? null : (
        <div class="scroll" tabIndex={0} role="group" aria-label={desk.imports.fault}>
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col" class="num">
                  {desk.imports.row}
                </th>
                <th scope="col">{desk.imports.column}</th>
                <th scope="col">{desk.imports.fault}</th>
              </tr>
            </thead>
            <tbody>
              {result.errors.slice(0, 200).map(({ row, column, code }) => (
                <tr key={`${row} ${column} ${code}`}>
                  <td class="num">{row}</td>
                  <td>{column === null ? '' : wordOf(desk.imports.columnNames, column)}</td>
                  <td>{wordOf(desk.imports.faults, code)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
