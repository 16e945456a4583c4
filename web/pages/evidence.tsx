import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Integrity } from '#contract/api';
import type { BundleReport } from '#contract/bundle';
import type { BundleFailure } from '#contract/bundle-failure';
import { evidencePath, type ApiProblem } from '../api-client.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { periodOf } from '../event-filter.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';

type CheckState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'downloading'; readonly received: number }
  | { readonly kind: 'verifying'; readonly percent: number }
  | { readonly kind: 'intact'; readonly report: BundleReport }
  | { readonly kind: 'broken'; readonly failure: BundleFailure }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'no-crypto' }
  | { readonly kind: 'problem'; readonly problem: ApiProblem };

/** Does the book hold? Answered by this browser; what the server says of itself stands apart. */
export function EvidencePage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const [check, setCheck] = useState<CheckState>({ kind: 'idle' });
  const fileInput = useRef<HTMLInputElement>(null);
  const mayExport = me.roles.includes('auditor');
  const isBusy = check.kind === 'downloading' || check.kind === 'verifying';

  async function verifyBytes(zip: Uint8Array): Promise<void> {
    setCheck({ kind: 'verifying', percent: 0 });
    // Cryptography and schemas come only now: nobody else has to load them.
    const { checkEvidence } = await import('../evidence-check.ts');
    const result = await checkEvidence(zip, (percent) => setCheck({ kind: 'verifying', percent }));
    if (result.kind !== 'verdict') return setCheck(result);
    setCheck(
      result.verdict.ok
        ? { kind: 'intact', report: result.verdict.value }
        : { kind: 'broken', failure: result.verdict.error },
    );
  }

  async function verifyServer(): Promise<void> {
    setCheck({ kind: 'downloading', received: 0 });
    const answer = await app.api.downloadEvidence((received) => setCheck({ kind: 'downloading', received }));
    if (answer.ok) await verifyBytes(answer.value);
    else setCheck({ kind: 'problem', problem: answer.error });
  }

  async function verifyFile(file: File | undefined): Promise<void> {
    if (file !== undefined) await verifyBytes(new Uint8Array(await file.arrayBuffer()));
    if (fileInput.current !== null) fileInput.current.value = '';
  }

  return (
    <Page title={words.auditor.evidenceTitle} lead={words.auditor.evidenceLead}>
      <section class="card check" aria-live="polite">
        <CheckAnswer check={check} />
        <div class="check-actions">
          {mayExport ? (
            <Button kind="primary" icon="shield" isBusy={isBusy} onClick={() => void verifyServer()}>
              {words.auditor.verify}
            </Button>
          ) : null}
          <Button icon="upload" isDisabled={isBusy} onClick={() => fileInput.current?.click()}>
            {words.auditor.verifyFile}
          </Button>
          <input
            ref={fileInput}
            class="visually-hidden"
            type="file"
            accept=".zip,application/zip"
            tabIndex={-1}
            aria-label={words.auditor.verifyFile}
            onChange={(event) => void verifyFile(event.currentTarget.files?.[0])}
          />
        </div>
      </section>
      {mayExport ? <ExportBox /> : null}
      <ServerAnswer />
    </Page>
  );
}

function CheckAnswer({ check }: { readonly check: CheckState }): JSX.Element | null {
  const app = useApp();
  const words = useWords();
  const number = (value: number): string => value.toLocaleString(words.language.intl);
  switch (check.kind) {
    case 'idle':
      return null;
    case 'downloading':
      return (
        <div class="check-progress">
          <p class="strong">{words.auditor.downloading}</p>
          <p class="soft">{number(Math.ceil(check.received / 1024))} KiB</p>
        </div>
      );
    case 'verifying':
      return (
        <div class="check-progress">
          <p class="strong">{words.auditor.verifying}</p>
          <progress max={100} value={check.percent} aria-label={words.auditor.verifyPercent(check.percent)} />
        </div>
      );
    case 'problem':
      return <ProblemNotice problem={check.problem} />;
    case 'unreadable':
      return <Notice tone="refused" title={words.auditor.unreadableBundle} isAnswer />;
    case 'no-crypto':
      return <Notice tone="waiting" title={words.auditor.noCrypto} isAnswer />;
    case 'broken':
      return (
        <div class="verdict tone-refused">
          <p class="verdict-word">
            <Icon name="shieldCross" />
            {words.auditor.brokenTitle}
          </p>
          <p>{words.auditor.brokenText}</p>
          <Facts
            rows={[
              [words.auditor.file, <span class="mono">{check.failure.file}</span>],
              check.failure.line === null ? null : [words.auditor.line, number(check.failure.line)],
              check.failure.seq === null ? null : [words.auditor.record, number(check.failure.seq)],
              [words.auditor.reasonLabel, wordOf(words.bundleReasons, check.failure.reason)],
            ]}
          />
          <p class="small soft" lang="en">
            {check.failure.words}
          </p>
        </div>
      );
    case 'intact': {
      const { report } = check;
      return (
        <div class="verdict">
          <p class="verdict-word tone-granted">
            <Icon name="shield" />
            {words.auditor.intactTitle}
          </p>
          <p>
            {words.auditor.intactText(number(report.counts.records), number(report.counts.logs))}{' '}
            {words.auditor.madeAt} {app.time.value.full(Date.parse(report.createdAt))}.
          </p>
          <Facts
            rows={[
              [
                words.auditor.fingerprint,
                <>
                  <span class="mono hash">{report.fingerprint}</span>
                  <br />
                  <span class="soft small">
                    {words.auditor.fingerprintHint}
                    {report.isSingleOfficial ? ` ${words.auditor.singleOfficial}` : ''}
                  </span>
                </>,
              ],
            ]}
          />
          <div class="scroll" tabIndex={0} role="group" aria-label={words.auditor.logName}>
            <table class="plain-table">
              <thead>
                <tr>
                  <th scope="col">{words.auditor.logName}</th>
                  <th scope="col" class="num">
                    {words.auditor.logSize}
                  </th>
                  <th scope="col" class="num">
                    {words.auditor.logCheckpoints}
                  </th>
                  <th scope="col">{words.auditor.logSealed}</th>
                  <th scope="col">{words.auditor.logRoot}</th>
                </tr>
              </thead>
              <tbody>
                {report.logs.map((log) => (
                  <tr key={log.origin}>
                    <td class="mono">{log.origin}</td>
                    <td class="num">{number(log.size)}</td>
                    <td class="num">{number(log.checkpoints)}</td>
                    <td>
                      {log.cosignedAtSeconds === null
                        ? ''
                        : app.time.value.dense(log.cosignedAtSeconds * 1000)}
                    </td>
                    <td class="mono">{log.root.slice(0, 12)}…</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      );
    }
  }
}

function ExportBox(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const period = periodOf(
    { from: from === '' ? undefined : from, until: until === '' ? undefined : until },
    app.time.value.timeZone,
  );
  return (
    <section class="block">
      <h2>{words.auditor.exportTitle}</h2>
      <p class="soft">{words.auditor.exportLead}</p>
      <div class="export-row">
        <Field label={words.auditTrail.from}>
          {(links) => (
            <input
              {...links}
              type="date"
              value={from}
              onChange={(event) => setFrom(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={words.auditTrail.until}>
          {(links) => (
            <input
              {...links}
              type="date"
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
          )}
        </Field>
        <ButtonLink icon="download" href={evidencePath(period)} downloadName="palang-bukti.zip">
          {words.auditor.exportButton}
        </ButtonLink>
      </div>
      <p class="soft small">{words.auditor.exportAll}</p>
    </section>
  );
}

function ServerAnswer(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const integrity = useLoad('integrity', () => app.api.integrity());
  return (
    <section class="block">
      <h2>{words.auditor.serverSays}</h2>
      <p class="soft">{words.auditor.serverSaysText}</p>
      {integrity.data === undefined ? (
        integrity.problem === undefined ? (
          <Skeleton rows={1} />
        ) : (
          <ProblemNotice problem={integrity.problem} onRetry={() => void integrity.reload()} />
        )
      ) : (
        <ServerVerdict integrity={integrity.data} />
      )}
    </section>
  );
}

function ServerVerdict({ integrity }: { readonly integrity: Integrity }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const findings = integrity.logs.flatMap((log) => (log.finding === null ? [] : [log.finding]));
  return (
    <Notice
      tone={integrity.isIntact ? 'neutral' : 'refused'}
      icon={integrity.isIntact ? 'check' : 'shieldCross'}
      title={integrity.isIntact ? words.auditor.serverIntact : words.auditor.serverBroken}
    >
      <p class="soft small">{app.time.value.full(Date.parse(integrity.checkedAt))}</p>
      {findings.map((finding) => (
        <p key={`${finding.file} ${finding.line}`} class="mono small">
          {finding.file}
          {finding.line === null ? '' : `:${finding.line}`} {wordOf(words.bundleReasons, finding.reason)}
        </p>
      ))}
    </Notice>
  );
}
