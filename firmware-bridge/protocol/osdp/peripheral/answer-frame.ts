import { isSameBytes } from '../byte-order.ts';
import { allZeroKey, defaultKey } from '../channel-key.ts';
import { commandTypeOf, parseCommand } from '../commands.ts';
import {
  encodeFrame,
  isSealedType,
  nextSqn,
  withMark,
  type Frame,
  type SecurityBlock,
  type Sqn,
} from '../frame.ts';
import { HANDSHAKE_BLOCK } from '../handshake.ts';
import { NAK } from '../nak.ts';
import { encodeReply, type Reply } from '../replies.ts';
import { openFrame, sealFrame, type SecureSession } from '../secure-frame.ts';
import {
  deriveSessionKeys,
  deviceCryptogram,
  initialReplyMac,
  isSameSecret,
  panelCryptogram,
} from '../session-keys.ts';
import { executeCommand, nak } from './execute-command.ts';
import { takeFaults, type Fault } from './faults.ts';
import {
  rebootPeripheral,
  type Peripheral,
  type PeripheralEvent,
  type PeripheralPorts,
} from './peripheral-state.ts';

/** After so long without a command the device takes the panel for gone. */
const PANEL_GONE_MS = 8000;

export interface Answer {
  readonly device: Peripheral;
  /** Mark included; undefined when the device keeps silent. */
  readonly reply: Uint8Array | undefined;
  readonly events: readonly PeripheralEvent[];
  /** What the line does to the reply. */
  readonly faults: readonly Fault[];
}

interface Prepared {
  readonly device: Peripheral;
  readonly reply: Reply;
  readonly events: readonly PeripheralEvent[];
  /** The session that the reply goes through, with the C-MAC of the command. */
  readonly through: SecureSession | undefined;
  readonly security: SecurityBlock | undefined;
  readonly sqn: Sqn;
}

/** Answers one command addressed to the device, faults included. `rndB`: 8 random bytes. */
export function answerFrame(
  ports: PeripheralPorts,
  before: Peripheral,
  frame: Frame,
  { nowMs, rndB }: { readonly nowMs: number; readonly rndB: Uint8Array },
): Answer {
  const { faults, plan } = takeFaults(before.faults, commandTypeOf(frame.code));
  const has = (kind: Fault['kind']): boolean => faults.some((fault) => fault.kind === kind);
  const planned = { ...before, faults: plan };
  if (has('command-lost')) return { device: planned, reply: undefined, events: [], faults };
  const device = has('reboot')
    ? rebootPeripheral(planned, nowMs)
    : nowMs - planned.lastHeardAtMs >= PANEL_GONE_MS
      ? { ...planned, sqn: 0 as const, session: undefined, challenged: undefined, lastCommand: undefined }
      : planned;
  const heard = { ...device, lastHeardAtMs: nowMs };
  if (has('busy'))
    return { device: heard, reply: clearReply(frame, { type: 'BUSY' }, 0), events: [], faults };
  const forced = faults.find((fault) => fault.kind === 'nak');
  // What it could not read, it cannot have counted.
  if (forced?.reason === NAK.checkBytes)
    return { device: heard, reply: clearReply(frame, nak(forced.reason), frame.sqn), events: [], faults };
  // The panel did not hear the reply: it gets the same again, and nothing is done twice.
  if (heard.lastCommand !== undefined && isSameBytes(frame.bytes, heard.lastCommand))
    return { device: heard, reply: heard.lastReply, events: [], faults };

  const prepared = prepare(ports, heard, frame, nowMs, rndB, forced?.reason);
  const finished = finish(ports, prepared, frame);
  if (!has('key-forgotten')) return { ...finished, events: prepared.events, faults };
  const { key, isInInstallMode } = heard;
  return { ...finished, device: { ...finished.device, key, isInInstallMode }, events: [], faults };
}

const addressOf = (frame: Frame): { readonly address: number; readonly isReply: true } => ({
  address: frame.address,
  isReply: true,
});

function clearReply(frame: Frame, reply: Reply, sqn: Sqn, security?: SecurityBlock): Uint8Array {
  return withMark(
    encodeFrame({ ...addressOf(frame), sqn, check: frame.check, security, ...encodeReply(reply) }),
  );
}

/** Seals and remembers the reply; a key that was just set ends the session that carried it. */
function finish(
  { aes }: PeripheralPorts,
  { device, reply, through, security, sqn }: Prepared,
  frame: Frame,
): { readonly device: Peripheral; readonly reply: Uint8Array } {
  const isKeySet = commandTypeOf(frame.code) === 'KEYSET' && reply.type === 'ACK';
  const sealed =
    through === undefined
      ? undefined
      : sealFrame(aes, through, { ...addressOf(frame), sqn, check: frame.check, ...encodeReply(reply) });
  const bytes = sealed ? withMark(sealed.bytes) : clearReply(frame, reply, sqn, security);
  const session = sealed && through ? { ...through, replyMac: sealed.mac } : device.session;
  return {
    device: {
      ...device,
      session: isKeySet ? undefined : session,
      lastCommand: frame.bytes,
      lastReply: bytes,
    },
    reply: bytes,
  };
}

function prepare(
  ports: PeripheralPorts,
  heard: Peripheral,
  frame: Frame,
  nowMs: number,
  rndB: Uint8Array,
  forcedNak: number | undefined,
): Prepared {
  const blank = { events: [], through: undefined, security: undefined } as const;
  if (frame.sqn !== 0 && frame.sqn !== heard.sqn)
    return { ...blank, device: heard, reply: nak(NAK.sequence), sqn: heard.sqn };
  const device = frame.sqn === 0 ? { ...heard, session: undefined, challenged: undefined } : heard;
  const counted = { ...device, sqn: nextSqn(frame.sqn) };
  const refuse = (reason: number, next: Peripheral = counted): Prepared => ({
    ...blank,
    device: next,
    reply: nak(reason),
    sqn: frame.sqn,
  });
  const block = frame.security?.type;
  if (block === HANDSHAKE_BLOCK.chlng) return answerChallenge(ports, counted, frame, rndB, refuse);
  if (block === HANDSHAKE_BLOCK.scrypt) return answerProof(ports, counted, frame, refuse);
  if (block !== undefined && isSealedType(block)) {
    const { session } = counted;
    const opened = session && openFrame(ports.aes, session, frame);
    if (session === undefined || !opened?.ok)
      return refuse(NAK.securityRequired, { ...counted, session: undefined });
    const through = { ...session, commandMac: opened.value.mac };
    return execute({ ...counted, session: through }, frame, opened.value.data, nowMs, through, forcedNak);
  }
  if (block !== undefined) return refuse(NAK.securityUnsupported);
  if (counted.session !== undefined) return { ...refuse(NAK.securityRequired), through: counted.session };
  const type = commandTypeOf(frame.code);
  if (counted.config.requiresSecurity && type !== 'ID' && type !== 'CAP') return refuse(NAK.securityRequired);
  return execute(counted, frame, frame.data, nowMs, undefined, forcedNak);
}

function execute(
  device: Peripheral,
  frame: Frame,
  data: Uint8Array,
  nowMs: number,
  through: SecureSession | undefined,
  forcedNak: number | undefined,
): Prepared {
  const way = { through, security: undefined, sqn: frame.sqn };
  if (forcedNak !== undefined) return { ...way, device, reply: nak(forcedNak), events: [] };
  const command = parseCommand(frame.code, data);
  if (!command.ok)
    return {
      ...way,
      device,
      reply: nak(command.error === 'length' ? NAK.length : NAK.record),
      events: [],
    };
  return { ...way, ...executeCommand(device, command.value, nowMs) };
}

type Refuse = (reason: number, next?: Peripheral) => Prepared;

function answerChallenge(
  { aes }: PeripheralPorts,
  device: Peripheral,
  frame: Frame,
  rndB: Uint8Array,
  refuse: Refuse,
): Prepared {
  const indicator = frame.security?.data[0];
  const key = indicator === 0 ? installKeyOf(device) : pairedKeyOf(device);
  if (!device.config.hasSecurity || key === undefined || frame.data.length !== 8)
    return refuse(NAK.securityUnsupported);
  const rndA = frame.data;
  const keys = deriveSessionKeys(aes, key, rndA);
  return {
    device: {
      ...device,
      session: undefined,
      challenged: { keys, panelProof: panelCryptogram(aes, keys, rndA, rndB) },
    },
    reply: {
      type: 'CCRYPT',
      clientUid: device.config.clientUid,
      rndB,
      cryptogram: deviceCryptogram(aes, keys, rndA, rndB),
    },
    events: [],
    through: undefined,
    security: { type: HANDSHAKE_BLOCK.ccrypt, data: Uint8Array.of(indicator ?? 0) },
    sqn: frame.sqn,
  };
}

const installKeyOf = ({ isInInstallMode }: Peripheral): Uint8Array | undefined =>
  isInInstallMode ? defaultKey : undefined;

/** A reader in install mode that has no key yet works with zeros, as seen on real ones. */
const pairedKeyOf = ({ key, isInInstallMode }: Peripheral): Uint8Array | undefined =>
  key ?? (isInInstallMode ? allZeroKey : undefined);

function answerProof({ aes }: PeripheralPorts, device: Peripheral, frame: Frame, refuse: Refuse): Prepared {
  const { challenged } = device;
  if (challenged === undefined || !isSameSecret(challenged.panelProof, frame.data))
    return refuse(NAK.securityUnsupported, { ...device, challenged: undefined });
  const rMac = initialReplyMac(aes, challenged.keys, challenged.panelProof);
  return {
    device: {
      ...device,
      challenged: undefined,
      session: { keys: challenged.keys, commandMac: new Uint8Array(16), replyMac: rMac },
    },
    reply: { type: 'RMAC_I', rMac },
    events: [],
    through: undefined,
    security: { type: HANDSHAKE_BLOCK.rmac, data: Uint8Array.of(1) },
    sqn: frame.sqn,
  };
}
