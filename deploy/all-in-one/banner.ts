import { encodeQR } from 'qr';
import type { Demo } from '#contract/api';

/** What the launcher tells once everything runs. */
export interface BannerFacts {
  readonly url: string;
  readonly homePath: string;
  readonly demo: Demo;
  /** Present where the local network is served. */
  readonly lan?: { readonly urls: readonly string[]; readonly fingerprint: string };
  readonly isColoured: boolean;
}

const STEPS = [
  'Sign in as the technician and ask for an entry (Ajukan kunjungan) that begins now (Mulai).',
  'Sign in as the supervisor, in another browser or a private window, and approve it.',
  'Open the virtual door, present the card, push the door: the lock answers on real serial bytes.',
  'Sign in as the auditor: every step is in the log, and its export can be verified.',
];

/** Writes the launcher's greeting: where to go, who may sign in, what to try. */
export function bannerText(facts: BannerFacts): string {
  const paint = (code: string, text: string): string =>
    facts.isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
  const strong = (text: string): string => paint('1', text);
  const faint = (text: string): string => paint('2', text);
  const { accounts, cards } = facts.demo;
  const nameWidth = Math.max(...accounts.map((account) => account.username.length), 8);
  const passwordWidth = Math.max(...accounts.map((account) => account.password.length), 8);
  return [
    '',
    `  ${strong('Palang Pintu')}  ${faint('one room, one door, on real bytes')}`,
    '',
    `  Open        ${paint('1;36', facts.url)}`,
    ...(facts.lan === undefined ? [] : lanLines(facts.lan, (row) => paint('40;97', row))),
    '',
    `  ${strong('Accounts')}    ${faint('for trying out; the same names show on the sign-in page')}`,
    ...accounts.map(
      ({ username, password, role, name }) =>
        `    ${username.padEnd(nameWidth)}  ${password.padEnd(passwordWidth)}  ${faint(`${role}, ${name}`)}`,
    ),
    '',
    `  ${strong('Cards')}`,
    ...cards.map(({ card, label }) => `    ${card}  ${faint(label)}`),
    '',
    `  ${strong('Try')}`,
    ...STEPS.map((step, index) => `    ${index + 1}. ${step}`),
    '',
    `  ${faint(`Data in ${facts.homePath}; logs in its folder log. Ctrl-C stops everything.`)}`,
    '',
  ].join('\n');
}

// Light modules are what is drawn: white on black whatever the colours of the terminal are.
function lanLines(lan: NonNullable<BannerFacts['lan']>, paintRow: (row: string) => string): string[] {
  const [first = ''] = lan.urls;
  return [
    ...lan.urls.map((url, index) => `  ${index === 0 ? 'Phones    ' : '          '}  ${url}`),
    '',
    ...encodeQR(first, 'ascii', { border: 2 })
      .trimEnd()
      .split('\n')
      .map((row) => `  ${paintRow(row)}`),
    '',
    '  The phone will ask whether it may trust a certificate that it does not know. It is ours if its SHA-256 is',
    `    ${lan.fingerprint.slice(0, 47)}`,
    `    ${lan.fingerprint.slice(48)}`,
    '  Whoever is on this network can use the accounts below: this is for trying out, not for a real door.',
  ];
}
