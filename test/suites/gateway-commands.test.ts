import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Random } from '#contract/clock';
import { COMMAND_LIFE_MS, type CommandClaims } from '#contract/command';
import { verifyCommand } from '../../gateway/permits/verify-command.ts';
import { runCommandDesk, type Obedience } from '../../gateway/uplink/command-desk.ts';
import { createPause, type Pause } from '../../gateway/uplink/pause.ts';
import { runWake } from '../../gateway/uplink/policy-sync.ts';
import { createServerClient, type ServerClient } from '../../gateway/uplink/server-client.ts';
import { createFakeServer, type FakeServer } from './gateway-server.ts';
import {
  GATEWAY,
  NONCE,
  TestSite,
  createFakeClock,
  createSeededRandom,
  settle,
  signJws,
  silentLog,
  until,
} from './gateway-world.ts';

const site = new TestSite();
const release = (nonce: string, changes: Partial<CommandClaims> = {}): CommandClaims =>
  site.command({ act: 'release', nonce, ...changes });

describe('verifyCommand', () => {
  const refusalOf = async (jws: string): Promise<string | null> => {
    const verified = await verifyCommand(jws, site.trust, NONCE);
    return verified.ok ? null : verified.error;
  };

  it('GP20: an order of the issuer to this gateway under its nonce is one', async () => {
    const claims = release(NONCE);
    expect(await verifyCommand(site.signCommand(claims), site.trust, NONCE)).toEqual({
      ok: true,
      value: claims,
    });
  });

  it.each([
    ['wrong-nonce', site.signCommand(release('M'.repeat(22)))],
    ['wrong-gateway', site.signCommand(release(NONCE, { gw: 'gw-lain' }))],
    ['wrong-audience', site.signCommand(release(NONCE, { aud: 'lain' }))],
    ['wrong-issuer', site.signCommand(release(NONCE, { iss: 'palang/lain' }))],
    ['signature-invalid', signJws(site.fresh, 'command+jws', release(NONCE))],
    ['signature-invalid', signJws({ ...site.fresh, id: 'issuer-1' }, 'command+jws', release(NONCE))],
    ['signature-invalid', `${site.signCommand(release(NONCE)).slice(0, -4)}AAAA`],
    ['wrong-type', signJws(site.issuer, 'permit+jws', release(NONCE))],
    ['malformed', signJws(site.issuer, 'command+jws', { ...release(NONCE), extra: 1 })],
    ['malformed', signJws(site.issuer, 'command+jws', { ...release(NONCE), forMs: 1_800_001 })],
    ['malformed', 'x'],
  ])('GP21: one that is %s is none', async (why, jws) => {
    expect(await refusalOf(jws)).toBe(why);
  });

  it('GP22: neither another algorithm nor none at all is taken', async () => {
    const alg = (name: string): string => signJws(site.issuer, 'command+jws', release(NONCE), { alg: name });
    expect(await refusalOf(alg('none'))).toBe('signature-invalid');
    expect(await refusalOf(alg('EdDSA'))).toBe('signature-invalid');
  });
});

describe('the command desk', () => {
  let clock: ReturnType<typeof createFakeClock>;
  let random: Random;
  let server: FakeServer;
  let client: ServerClient;
  let pause: Pause;
  let stopping: AbortController;
  let tasks: Promise<void>[];
  let obeyed: CommandClaims[];
  let refused: string[];
  let answer: Obedience;
  /** What happens between the answer of the server and the order. */
  let beforeVerified: () => Promise<void>;

  beforeEach(() => {
    clock = createFakeClock();
    random = createSeededRandom('commands');
    server = createFakeServer(site, () => clock.epochMs());
    client = createServerClient({
      url: 'http://server.test',
      gateway: GATEWAY,
      signer: site.gateway,
      clock,
      random,
      fetch: server.fetch,
    });
    pause = createPause(clock);
    stopping = new AbortController();
    tasks = [];
    obeyed = [];
    refused = [];
    answer = 'obeyed';
    beforeVerified = () => Promise.resolve();
  });
  afterEach(async () => {
    stopping.abort();
    await Promise.all(tasks);
  });

  function open(): void {
    tasks.push(
      runCommandDesk({
        client,
        clock,
        random,
        log: silentLog,
        pause,
        verify: async (jws, nonce) => {
          await beforeVerified();
          return verifyCommand(jws, site.trust, nonce);
        },
        obey: (command) => {
          obeyed.push(command);
          return answer;
        },
        onRefused: (why) => refused.push(why),
        signal: stopping.signal,
      }),
    );
  }

  it('GU20: what waits is fetched at the start and whenever the server calls, each time under a nonce of its own', async () => {
    tasks.push(
      runWake({
        client,
        clock,
        random,
        rest: createPause(clock),
        onPolicy: () => undefined,
        onCommands: () => pause.wake(),
        signal: stopping.signal,
      }),
    );
    open();
    await until(() => server.commandNonces.length > 0);
    await settle();
    const before = server.commandNonces.length;
    let isGiven = false;
    server.commands = (nonce) => {
      if (isGiven) return [];
      isGiven = true;
      return [site.signCommand(release(nonce))];
    };
    server.wake('command');
    await until(() => obeyed.length === 1 && server.commandNonces.length === before + 2);
    expect(new Set(server.commandNonces).size).toBe(server.commandNonces.length);
    expect(server.problems).toEqual([]);
    server.wake('policy');
    await settle();
    expect(server.commandNonces).toHaveLength(before + 2);
  });

  it('GU21: an order under the nonce of another question, or of no question, is not obeyed', async () => {
    const captured: string[] = [];
    server.commands = (nonce) => {
      captured.push(site.signCommand(release(nonce)));
      return captured.length === 1 ? [] : [captured[0] ?? ''];
    };
    open();
    await until(() => captured.length === 1);
    await settle();
    pause.wake();
    await until(() => refused.length === 1);
    expect(refused).toEqual(['wrong-nonce']);
    expect(obeyed).toEqual([]);
  });

  it.each([
    [COMMAND_LIFE_MS, []],
    [COMMAND_LIFE_MS + 1, ['too-old']],
  ])('GU22: after %i ms of elapsed time: %j, whatever the clock on the wall says', async (ms, expected) => {
    let isGiven = false;
    server.commands = (nonce) => {
      if (isGiven) return [];
      isGiven = true;
      return [site.signCommand(release(nonce))];
    };
    beforeVerified = () => clock.advance(ms);
    open();
    await until(() => obeyed.length + refused.length === 1);
    expect(refused).toEqual(expected);
    expect(obeyed).toHaveLength(1 - expected.length);
  });

  it('GU23: a forged order among good ones is left out, and the good ones are obeyed in their order', async () => {
    let isGiven = false;
    server.commands = (nonce) => {
      if (isGiven) return [];
      isGiven = true;
      return [
        site.signCommand(release(nonce, { id: `cm_${'1'.repeat(22)}` })),
        signJws(site.fresh, 'command+jws', release(nonce)),
        site.signCommand(release(nonce, { id: `cm_${'2'.repeat(22)}`, act: 'alarm-acknowledge' })),
      ];
    };
    open();
    await until(() => obeyed.length === 2);
    expect(obeyed.map(({ act }) => act)).toEqual(['release', 'alarm-acknowledge']);
    expect(refused).toEqual(['signature-invalid']);
  });

  it('GU24: a server that offers the same order for ever is not asked for ever', async () => {
    server.commands = (nonce) => [site.signCommand(release(nonce))];
    answer = 'repeated';
    open();
    await until(() => obeyed.length === 1);
    await clock.advance(600_000);
    expect(server.commandNonces).toHaveLength(1);
  });

  it('GU25: a line that is down is tried a few times, and then waits for a call', async () => {
    server.faults = Array.from({ length: 100 }, () => 'request-lost' as const);
    open();
    await clock.advance(1_000_000);
    expect(100 - server.faults.length).toBe(4);
    server.faults = [];
    pause.wake();
    await until(() => server.commandNonces.length === 1);
  });

  it.each(['captive-portal', 'server-broken', 'key-refused', 'huge-answer'] as const)(
    'GU26: %s is an answer without orders',
    async (fault) => {
      server.faults = [fault];
      open();
      await until(() => server.faults.length === 0);
      await settle();
      expect([obeyed, refused]).toEqual([[], []]);
    },
  );
});
