import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDoorControl, type DoorControl } from '../../firmware-bridge/simulator/door-control.ts';
import { openSimulatedDoor, type SimulatedDoor } from '../../firmware-bridge/simulator/simulated-door.ts';
import { openMemoryWorld, type MemoryWorld } from './firmware-world.ts';

describe('the control server of a simulated door', () => {
  let world: MemoryWorld;
  let door: SimulatedDoor;
  let control: DoorControl;

  beforeEach(async () => {
    world = await openMemoryWorld();
    door = await openSimulatedDoor({ clock: world.clock, openPort: world.openPort, linksDir: 'unused' });
    control = await openDoorControl(door, { port: 0 });
  });
  afterEach(async () => {
    await control.close();
    await door.close();
  });

  const post = async (path: string, body: unknown = {}, headers: Record<string, string> = {}) => {
    const response = await fetch(control.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  };
  const get = async (path: string): Promise<unknown> => (await fetch(control.url + path)).json();

  it('FB91: each hand moves the door', async () => {
    expect(await get('/state')).toEqual(JSON.parse(JSON.stringify(door.state())));
    expect(await post('/push')).toEqual({ status: 200, body: { hasMoved: false } });
    expect((await post('/force')).status).toBe(200);
    expect((await post('/hold', { isHeld: true })).status).toBe(200);
    expect((await post('/tamper', { isActive: true })).status).toBe(200);
    expect((await post('/exit-button')).status).toBe(200);
    expect((await post('/unplug', { port: 'exit' })).status).toBe(200);
    expect(await get('/state')).toMatchObject({
      leaf: 'open',
      isHeld: true,
      isTampered: true,
      isExitPressed: true,
      plugged: { exit: false },
    });
    expect((await post('/replug', { port: 'exit' })).status).toBe(200);
    expect((await post('/hold', { isHeld: false })).status).toBe(200);
    expect((await post('/close')).status).toBe(200);
    expect(await get('/state')).toMatchObject({ leaf: 'closed', plugged: { exit: true } });
    expect(await get('/lock-line')).toEqual([]);
    expect(await get('/ports')).toEqual(door.ports);
  });

  it('FB91: a card, a key and injected bytes arrive on the wire', async () => {
    const link = await world.openLink({ path: door.ports.entry, baud: 9600 });
    let heard = '';
    link.onBytes((bytes) => (heard += Buffer.from(bytes).toString('hex')));
    expect((await post('/inject', { port: 'entry', hex: '00ff' })).status).toBe(200);
    expect((await post('/card', { reader: 'entry', card: '6f007b3972' })).status).toBe(200);
    expect((await post('/key', { key: 'enter' })).status).toBe(200);
    await world.until('the card', () => heard.includes('0236463030374233393732354603'));
    expect(heard.startsWith('00ff0236')).toBe(true);
  });

  it('FB91: what does not fit is refused by name and moves nothing', async () => {
    const before = door.state();
    const bad: readonly (readonly [string, unknown])[] = [
      ['/card', { reader: 'panel', card: '6F007B3972' }],
      ['/card', { reader: 'entry', card: '6F007B397' }],
      ['/card', { reader: 'entry', card: '6F007B3972', heldMs: -1 }],
      ['/key', { key: '*' }],
      ['/hold', { isHeld: 'yes' }],
      ['/tamper', {}],
      ['/unplug', { port: '__proto__' }],
      ['/inject', { port: 'entry', hex: '0' }],
      ['/force', '{'],
      ['/force', '[]'],
      ['/force', `"${'x'.repeat(20_000)}"`],
    ];
    for (const [path, body] of bad) {
      expect(await post(path, body), `POST ${path}`).toEqual({ status: 400, body: { error: 'bad-request' } });
    }
    expect((await post('/state')).status).toBe(405);
    expect((await fetch(`${control.url}/force`)).status).toBe(405);
    expect((await post('/constructor')).status).toBe(404);
    expect(door.state()).toEqual(before);
  });

  it('FB91: a page of another origin cannot move the door', async () => {
    expect((await post('/force', {}, { origin: 'https://elsewhere.example' })).status).toBe(403);
    expect(door.state().leaf).toBe('closed');
  });

  it('FB92: the event stream tells the state at once and after each change', async () => {
    const stop = new AbortController();
    const response = await fetch(`${control.url}/events`, { signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body?.getReader();
    const leaves: string[] = [];
    let text = '';
    while (leaves.length < 2) {
      const read = await reader?.read();
      text += Buffer.from(read?.value ?? []).toString();
      const told = text.split('\n\n').filter((event) => event.includes('data: '));
      leaves.splice(
        0,
        leaves.length,
        ...told.map((event) => (event.includes('"leaf":"open"') ? 'open' : 'closed')),
      );
      if (leaves.length === 1) door.forceDoor();
    }
    expect(leaves).toEqual(['closed', 'open']);
    stop.abort();
  });
});
