import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { DENY_REASONS, EVENT_TYPE_NAMES } from '#contract/event';
import type { JournalRecord } from '#contract/record';
import { makeBundle, type EvidenceOptions } from '../../test/contract/evidence-fixture.ts';
import { runCaptured } from '../../test/contract/run-captured.ts';
import { english } from '../../web/words/en.ts';
import { indonesian } from '../../web/words/id.ts';
import { whyCommand } from './why-command.ts';

const root = mkdtempSync(join(tmpdir(), 'palang-why-'));
let count = 0;

afterAll(() => rmSync(root, { recursive: true }));

/** Writes a bundle whose records say this, genuine in all its signatures. */
async function bundleOf(
  facts: Readonly<Record<number, Partial<JournalRecord>>>,
  options: EvidenceOptions = {},
): Promise<string> {
  const folder = join(root, String((count += 1)));
  const files = await makeBundle({ ...options, facts: (sq) => facts[sq] ?? {} });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const run = (...args: string[]) => runCaptured({ why: whyCommand }, 'why', ...args);

const GRANTED: Partial<JournalRecord> = {
  dir: 'in',
  pol: 12,
  x: { checked: ['journal-unavailable', 'no-permit', 'expired'] },
};
const DENIED: Partial<JournalRecord> = { ...GRANTED, rs: 'expired', tq: 1 };
const story = await bundleOf({
  4: DENIED,
  7: GRANTED,
  8: { ty: 'door.opened', x: { cause: 'granted', of: 7 } },
  9: { ty: 'access.outcome', rs: 'entered', x: { of: 7 } },
  10: { ty: 'door.opened', x: { cause: 'unknown', was: 'closed', isInitial: true } },
  11: { ty: 'door.forced' },
});

describe('palang why', () => {
  it('DC16: a denial names the rule that denied, after those that did not, in English', async () => {
    const { exitCode, out, errors } = await run('gw-arsip/1/4', '--bundle', story, '--lang', 'en');
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    expect(out).toBe(
      [
        'Access denied: Permit expired',
        'The door stayed shut.',
        '',
        'Record         gw-arsip/1/4',
        'Door           ruang-server, In',
        'Happened       2025-11-24 01:04:00.000 UTC',
        'Clock quality  1: battery clock',
        'Permit list    12',
        'At the server  2025-11-24 01:05:00 UTC',
        '',
        'What the door checked',
        '  Yes  Recording possible',
        '  Yes  An approved permit exists',
        '  No   Permit expired: denied here',
        '',
      ].join('\n'),
    );
  });

  it('DC16: without --lang the answer is Indonesian', async () => {
    const { out } = await run('gw-arsip/1/4', '--bundle', story);
    expect(out).toContain(`${indonesian.events['access.denied']}: ${indonesian.denials.expired.name}\n`);
    expect(out).toContain('Pintu tetap tertutup.\n');
    expect(out).toContain(`  Tidak  ${indonesian.denials.expired.name}: di sini ditolak\n`);
    expect(await run('gw-arsip/1/4', '--bundle', story, '--lang', 'nl')).toEqual({
      exitCode: 2,
      out: '',
      errors: 'palang why: --lang is one of: id, en\n',
    });
  });

  it('DC16: an opening leads to the grant that it rests on, with every rule of it', async () => {
    const { out } = await run('gw-arsip/1/8', '--bundle', story, '--lang', 'en');
    expect(out).toMatch(/^Door opened\nThe door was opened after access was granted\.\n/);
    const [, base = ''] = out.split('\nResting on gw-arsip/1/7\n');
    expect(base).toMatch(/^Access granted\nThe door was allowed to open: every rule was satisfied\.\n/);
    expect(base).toContain('  Yes  Permit has not ended\n');
    expect(base).not.toContain('denied here');
    const outcome = await run('gw-arsip/1/9', '--bundle', story, '--lang', 'en');
    expect(outcome.out).toMatch(/^Access outcome: Entered\n/);
    expect(outcome.out).toContain('\nResting on gw-arsip/1/7\n');
  });

  it('DC16: an opening that nobody saw, a forced one and what is no opening are called so', async () => {
    const unseen = await run('gw-arsip/1/10', '--bundle', story, '--lang', 'en');
    expect(unseen.out).toContain('The door was found open; when it opened, and for whom, nobody saw.\n');
    expect(unseen.out).toContain('Last seen      Closed\n');
    const forced = await run('gw-arsip/1/11', '--bundle', story, '--lang', 'en');
    expect(forced.out).toContain('The door opened although the lock had not been released.\n');
    const other = await run('gw-arsip/1/2', '--bundle', story, '--lang', 'en');
    expect(other.out).toContain('This event neither opened the door nor kept it shut.\n');
  });

  it.each(['id', 'en'] as const)('DC16: every event and every reason has its words, %s', async (lang) => {
    const words = { id: indonesian, en: english }[lang];
    const records = Math.max(EVENT_TYPE_NAMES.length, DENY_REASONS.length) + 1;
    const events = await bundleOf(
      Object.fromEntries(EVENT_TYPE_NAMES.map((ty, index) => [index + 1, { ty, x: {} }])),
      { records },
    );
    const refusals = await bundleOf(
      Object.fromEntries(
        DENY_REASONS.map((rs, index) => [index + 1, { ty: 'access.denied', rs, x: { checked: [rs, rs] } }]),
      ),
      { records },
    );
    for (const [index, ty] of EVENT_TYPE_NAMES.entries()) {
      const { out } = await run(`gw-arsip/1/${index + 1}`, '--bundle', events, '--lang', lang);
      expect(out.split('\n')[0]).toBe(words.events[ty]);
    }
    for (const [index, reason] of DENY_REASONS.entries()) {
      const { out } = await run(`gw-arsip/1/${index + 1}`, '--bundle', refusals, '--lang', lang);
      expect(out).toContain(`${words.passed[reason]}\n`);
      expect(out).toContain(`${words.denials[reason].name}: ${words.auditor.checkedFailed}\n`);
    }
  });

  it('DC16: --json says the same to a program', async () => {
    const { out } = await run('gw-arsip/1/4', '--bundle', story, '--json');
    expect(JSON.parse(out)).toEqual({
      event: 'gw-arsip/1/4',
      type: 'access.denied',
      door: 'ruang-server',
      direction: 'in',
      at: '2025-11-24T01:04:00.000Z',
      clockTrust: 1,
      heldAt: '2025-11-24T01:05:00.000Z',
      policyVersion: 12,
      reason: 'expired',
      cause: null,
      checked: [
        { rule: 'journal-unavailable', hasPassed: true },
        { rule: 'no-permit', hasPassed: true },
        { rule: 'expired', hasPassed: false },
      ],
      restsOn: null,
    });
    const opened = await run('gw-arsip/1/8', '--bundle', story, '--json');
    expect(JSON.parse(opened.out)).toMatchObject({
      cause: 'granted',
      restsOn: { event: 'gw-arsip/1/7', type: 'access.granted' },
    });
  });

  it('DC16: a reason of a newer version shows its name, and never draws on the terminal', async () => {
    const strange = await bundleOf({
      4: { rs: 'too-tall', x: { checked: ['\u001b[2J', 'too-tall'] } },
    });
    const { out } = await run('gw-arsip/1/4', '--bundle', strange, '--lang', 'en');
    expect(out).toContain('Access denied: too-tall\n');
    expect(out).toContain('  Yes  unknown\n  No   too-tall: denied here\n');
    expect(out).not.toContain('\u001b');
  });

  it('DC17: nobody is pointed at unless it was asked for and the evidence opens it', async () => {
    for (const args of [[], ['--json']]) {
      const { out } = await run('gw-arsip/1/8', '--bundle', story, ...args);
      expect(out).not.toMatch(/s_orang|pm_izin|c_kartu/);
    }
    const opened = await run('gw-arsip/1/8', '--bundle', story, '--lang', 'en', '--with-opening');
    expect(opened.out).toContain('Person         s_orang-3\nPermit         pm_izin-3\n');
    const json = await run('gw-arsip/1/7', '--bundle', story, '--with-opening', '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      openings: { sub: 's_orang-3', pm: 'pm_izin-3', cred: 'c_kartu-7' },
    });
    const closed = await bundleOf({ 7: GRANTED }, { openings: () => [] });
    const unnamed = await run('gw-arsip/1/7', '--bundle', closed, '--lang', 'en', '--with-opening');
    expect(unnamed.out).toContain('Person         not in this evidence\n');
  });

  it('DC17: a record that was changed, or that rests on one, explains nothing', async () => {
    const changed = await bundleOf({ 7: GRANTED, 8: { ty: 'door.opened', x: { cause: 'granted', of: 7 } } });
    const path = join(changed, 'journal/gw-arsip/1.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"mo":7', '"mo":6'));
    for (const event of ['gw-arsip/1/7', 'gw-arsip/1/8']) {
      expect(await run(event, '--bundle', changed)).toEqual({
        exitCode: 1,
        out: '',
        errors: 'palang why: the evidence of this event does not verify: changed\n',
      });
    }
    expect(await run('gw-arsip/1/99', '--bundle', changed)).toMatchObject({ exitCode: 1, out: '' });
  });

  it('DC17: without --bundle it asks this machine, which must have a site', async () => {
    vi.stubEnv('PALANG_HOME', join(root, 'nowhere'));
    expect(await run('gw-arsip/1/7')).toEqual({
      exitCode: 2,
      out: '',
      errors: 'palang why: there is no site here; check PALANG_HOME\n',
    });
    vi.unstubAllEnvs();
  });

  it('DC17: an id that is none and a place without a bundle are unusable', async () => {
    expect(await run('pintu', '--bundle', story)).toMatchObject({ exitCode: 2, out: '' });
    expect(await run('--bundle', story)).toMatchObject({ exitCode: 2, out: '' });
    expect(await run('gw-arsip/1/7', '--bundle', join(root, 'none'))).toMatchObject({ exitCode: 2, out: '' });
  });
});
