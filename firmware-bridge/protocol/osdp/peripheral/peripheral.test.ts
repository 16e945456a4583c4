import { createCipheriv, createDecipheriv } from 'node:crypto';
import { expect, it } from 'vitest';
import { createAes128 } from '../aes-128.ts';
import { fromHex, toHex } from '../hex.ts';
import { heldNothing, receive } from '../receive.ts';
import { disturb, takeFaults } from './faults.ts';
import {
  createPeripheralLine,
  stepPeripheralLine,
  type DoorAct,
  type PeripheralLine,
} from './peripheral-line.ts';
import { usualPeripheral, type PeripheralConfig } from './peripheral-state.ts';
import { controlOutput, isOutputOn, restingOutput } from './timed-output.ts';

const aes = createAes128({ createCipheriv, createDecipheriv });
const rndB = fromHex('b0b1b2b3b4b5b6b7');

/** Sends wire bytes one after another, 20 ms apart, and gives back what was answered to each. */
function converse(
  config: Partial<PeripheralConfig>,
  commands: readonly (string | DoorAct)[],
  hasEcho = false,
) {
  let line: PeripheralLine = createPeripheralLine([{ ...usualPeripheral, ...config }], 0, hasEcho);
  const seen: unknown[] = [];
  const replies = commands.map((command, index) => {
    const at = { nowMs: 20 * (index + 1), rndB };
    const output = stepPeripheralLine(
      { aes },
      line,
      typeof command === 'string'
        ? { ...at, type: 'received', bytes: fromHex(command) }
        : { ...at, type: 'acted', address: config.address ?? usualPeripheral.address, act: command },
    );
    line = output.line;
    seen.push(...output.events);
    return output.transmissions.map(({ bytes }) => toHex(bytes)).join(' ');
  });
  return { replies, seen, line };
}

const bare = { address: 0, hasSecurity: false } as const;
const scbk = fromHex('101112131415161718191a1b1c1d1e1f');

it('OS80: answers like devices seen on real lines', () => {
  const { replies } = converse(bare, [
    'ff530008000460ebaa',
    'ff530008000560da99',
    'ff530008000660 89cc',
    'ff530008000760b8ff',
    'ff5300080006640d8c',
    '530008 0005ff 8ceb',
    '53000a000668000540da',
    'ff530008000560da98',
  ]);
  expect(replies).toEqual([
    'ff53800800044059ac',
    'ff538008000540689f',
    'ff5380080006403bca',
    'ff5380080007400af9',
    // Not the number that is next: NAK 4, with that one.
    'ff53800900054104b2c3',
    'ff5380090005410355b3',
    // A bad check: silence.
    '',
    '',
  ]);
});

it('OS80: security is refused and required with the NAK codes seen on real lines', () => {
  const challenge = '530013000d0311017601020304050607082862';
  expect(converse(bare, ['ff530008000460ebaa', challenge]).replies[1]).toBe('ff5380090005410593d3');
  expect(converse({ address: 1, requiresSecurity: true }, ['530108000460ba00']).replies).toEqual([
    'ff53810900044106 6091'.replaceAll(' ', ''),
  ]);
});

it('OS80: a handshake with known numbers gives the bytes seen on a real line', () => {
  const config = { address: 1, key: scbk, clientUid: fromHex('eeff990004030201') };
  const { replies, line } = converse(config, [
    'ff530113000c03110176a0a1a2a3a4a5a6a7a4a8',
    'ff53011b000d031301777def7a38b8039871a89c71e80e6792f8f9d3',
    'ff53010e000e02156036c73d965221',
    'ff53010e000e02156036c73d965221',
    'ff53010e000f0215605f56de74a01b',
  ]);
  expect(replies).toEqual([
    'ff53812b000c03120176eeff990004030201b0b1b2b3b4b5b6b74546ec9436968a80721e7534f0d2f096f315',
    'ff53811b000d0314017834dfb47bca89017746eb538feedacc0b01ae',
    'ff53810e000e0216401c553bc3e687',
    // The same command again gets the same reply, and the chain does not move.
    'ff53810e000e0216401c553bc3e687',
    'ff53810e000f02164063c0250d99dd',
  ]);
  expect(line.devices[0]?.session).toBeDefined();
});

it('OS80: a wrong proof or MAC ends the session, a command in clear does not', () => {
  const config = { address: 1, key: scbk, clientUid: fromHex('eeff990004030201') };
  const handshake = [
    'ff530113000c03110176a0a1a2a3a4a5a6a7a4a8',
    'ff53011b000d031301777def7a38b8039871a89c71e80e6792f8f9d3',
  ];
  const wrongProof = converse(config, [
    handshake[0] ?? '',
    '53011b000d03130177' + '00'.repeat(16) + crcOf('53011b000d03130177' + '00'.repeat(16)),
  ]);
  expect(wrongProof.replies[1]).toBe('ff53810900054105' + crcOf('53810900054105'));
  const wrongMac = converse(config, [
    ...handshake,
    '53010e000e021560 36c73d97' + crcOf('53010e000e02156036c73d97'),
  ]);
  expect(wrongMac.replies[2]).toBe('ff53810900064106' + crcOf('53810900064106'));
  expect(wrongMac.line.devices[0]?.session).toBeUndefined();
  const inClear = converse(config, [...handshake, '530108000660' + crcOf('530108000660')]);
  expect(inClear.replies[2]).toMatch(/^ff53811e000e021841/);
  expect(inClear.line.devices[0]?.session).toBeDefined();
});

it('OS81: the same frame again is answered again and carried out once', () => {
  const out = 'ff53000c000468000 51e00'.replaceAll(' ', '');
  const command = out + crcOf(out.slice(2));
  const { replies, seen } = converse(bare, [command, command, command]);
  expect(new Set(replies).size).toBe(1);
  expect(seen.filter((event) => (event as { type: string }).type === 'executed')).toHaveLength(1);
});

it('OS81: NAK 9 for an output that is not there, nothing is switched', () => {
  const out = '53000c0004680905 0a00'.replaceAll(' ', '');
  const { replies, seen } = converse(bare, [out + crcOf(out)]);
  expect(replies).toEqual(['ff53800900044109' + crcOf('53800900044109')]);
  expect(seen).toEqual([]);
});

it('OS82: the six output controls do what the standard says', () => {
  const at = (control: Parameters<typeof controlOutput>[1]['control'], before = restingOutput) =>
    controlOutput(before, { output: 0, control, timerMs: 1000 }, 0);
  const course = (output: typeof restingOutput): string =>
    [0, 999, 1000].map((nowMs) => (isOutputOn(output, nowMs) ? '1' : '0')).join('');
  expect(course(at('none'))).toBe('000');
  expect(course(at('on'))).toBe('111');
  expect(course(at('off', at('on')))).toBe('000');
  expect(course(at('pulse-on'))).toBe('110');
  expect(course(at('pulse-off', at('on')))).toBe('001');
  expect(course(at('on-after-timer', at('pulse-on')))).toBe('111');
  expect(course(at('off-after-timer', at('pulse-on')))).toBe('110');
  expect(course(at('off', at('pulse-on')))).toBe('000');
  expect(course(at('pulse-on', at('on')))).toBe('111');
});

it('OS83: each fault does to the reply what its name says, and only as often as planned', () => {
  const reply = fromHex('ff5380080004 4059ac');
  const sent = (...faults: Parameters<typeof disturb>[1]) =>
    disturb(reply, faults).map(({ afterMs, bytes }) => `${afterMs} ${toHex(bytes)}`);
  expect(sent()).toEqual(['0 ff53800800044059ac']);
  expect(sent({ kind: 'reply-lost' })).toEqual([]);
  expect(sent({ kind: 'bad-check' })).toEqual(['0 ff5380080004405953']);
  expect(sent({ kind: 'truncated', bytes: 4 })).toEqual(['0 ff538008']);
  expect(sent({ kind: 'duplicated', afterMs: 5 })).toEqual(['0 ff53800800044059ac', '5 ff53800800044059ac']);
  expect(sent({ kind: 'late', byMs: 300 })).toEqual(['300 ff53800800044059ac']);
  expect(sent({ kind: 'split', at: 3, gapMs: 40 })).toEqual(['0 ff5380', '40 0800044059ac']);
  expect(sent({ kind: 'noise', bytes: fromHex('5300') })).toEqual(['0 5300ff53800800044059ac']);
  expect(sent({ kind: 'marks', count: 0 })).toEqual(['0 53800800044059ac']);
  expect(sent({ kind: 'marks', count: 3 })).toEqual(['0 ffffff53800800044059ac']);
  expect(sent({ kind: 'changed', at: 1, xor: 0xff })).toEqual(['0 ffac800800044059ac']);
  for (const kind of ['command-lost', 'reboot', 'busy', 'key-forgotten'] as const)
    expect(sent({ kind })).toEqual(['0 ff53800800044059ac']);
  expect(sent({ kind: 'nak', reason: 9 })).toEqual(['0 ff53800800044059ac']);

  const plan = [
    { fault: { kind: 'busy' }, on: 'OUT', times: 2 },
    { fault: { kind: 'reboot' }, on: 'any', times: 1 },
  ] as const;
  const first = takeFaults(plan, 'POLL');
  expect(first.faults).toEqual([{ kind: 'reboot' }]);
  const second = takeFaults(first.plan, 'OUT');
  expect(second.faults).toEqual([{ kind: 'busy' }]);
  expect(takeFaults(takeFaults(second.plan, 'OUT').plan, 'OUT').faults).toEqual([]);
});

it('OS83: a line with echo gives the panel its own bytes back', () => {
  const { replies } = converse(bare, ['ff530008000460ebaa'], true);
  expect(replies).toEqual(['ff530008000460ebaa ff53800800044059ac']);
});

it('OS84: a device tells what happened at the door, in order, and forgets it when it loses power', () => {
  const acts: readonly DoorAct[] = [
    { type: 'card-presented', bitCount: 26, bits: fromHex('bdd93740') },
    { type: 'keys-pressed', keys: fromHex('31') },
    { type: 'input-changed', input: 1, byte: 1 },
    { type: 'tamper-changed', byte: 1 },
    { type: 'power-changed', byte: 1 },
  ];
  const codes = (replies: readonly string[]): string[] =>
    replies
      .filter((reply) => reply !== '')
      .flatMap((reply) => receive(heldNothing, { bytes: fromHex(reply) }).events)
      .flatMap((event) => (event.type === 'frame' ? [event.frame.code.toString(16)] : []));
  const polls = ['04', '05', '06', '07', '05', '06'].map((control) => {
    const head = `53000800${control}60`;
    return head + crcOf(head);
  });
  expect(codes(converse(bare, [...acts, ...polls]).replies)).toEqual(['50', '53', '49', '48', '48', '40']);
  const off = { type: 'powered', isOn: false } as const;
  const on = { type: 'powered', isOn: true } as const;
  expect(codes(converse(bare, [...acts, off, on, ...polls]).replies)).toEqual(Array(6).fill('40'));
  expect(converse(bare, [off, ...polls]).replies.join('')).toBe('');
  // Its inputs are as the world left them.
  const istat = '530008000465';
  expect(converse(bare, [...acts, off, on, istat + crcOf(istat)]).replies.at(-1)).toMatch(
    /^ff53800a0004490001/,
  );
});

function crcOf(hex: string): string {
  let crc = 0x1d0f;
  for (const byte of fromHex(hex)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return toHex(Uint8Array.of(crc & 0xff, crc >> 8));
}
