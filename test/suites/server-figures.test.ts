import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessEvent } from '#contract/api';
import type { Density, Figures } from '#contract/api-figures';
import {
  bodyOf,
  DOOR,
  enrolFakeGateway,
  openTestServer,
  type TestClient,
  type TestServer,
} from './server-harness.ts';

interface EventPage {
  readonly items: readonly AccessEvent[];
  readonly nextCursor: string | null;
}

describe('figures over HTTP', () => {
  let server: TestServer;
  let auditor: TestClient;
  let all: readonly AccessEvent[];

  beforeAll(async () => {
    server = await openTestServer();
    auditor = await server.signIn('auditor', ['auditor']);
    const gateway = await enrolFakeGateway(server, await server.signIn('admin', ['administrator']));
    for (let minute = 0; minute < 60; minute++) {
      if (minute % 3 === 0) {
        const rs = minute % 2 === 0 ? 'expired' : 'no-permit';
        gateway.append({ ty: 'access.denied', door: DOOR, dir: 'in', rs, x: { checked: [] } });
      } else {
        gateway.append({ ty: minute === 50 ? 'door.forced' : 'door.closed', door: DOOR, x: {} });
      }
      server.clock.advance(60_000);
    }
    const { status } = await gateway.upload(gateway.batch(0));
    if (status !== 200) throw new Error(`the upload answered ${status}`);
    all = (await bodyOf<EventPage>(await auditor.get('events?limit=500'))).items;
  });
  afterAll(() => server.close());

  it('SH100: entered at any row, the list goes on as it does from the start', async () => {
    for (const offset of [1, 7, 59]) {
      const page = await bodyOf<EventPage>(await auditor.get(`events?offset=${offset}&limit=5`));
      expect(page.items).toEqual(all.slice(offset, offset + 5));
    }
    const denied = all.filter(({ type }) => type === 'access.denied');
    const page = await bodyOf<EventPage>(await auditor.get('events?type=access.denied&offset=4&limit=3'));
    expect(page.items).toEqual(denied.slice(4, 7));
    const { asOf } = await bodyOf<Density>(await auditor.get('figures/density'));
    const frozen = await bodyOf<EventPage>(await auditor.get(`events?asOf=${asOf - 10}&offset=3&limit=2`));
    expect(frozen.items).toEqual(all.slice(13, 15));
    const beyond = await bodyOf<EventPage>(await auditor.get('events?offset=100000&limit=5'));
    expect(beyond).toEqual({ items: [], nextCursor: null });
  });

  it('SH101: the density counts what the list shows, refusals and alarms apart', async () => {
    const density = await bodyOf<Density>(await auditor.get('figures/density'));
    expect(density.total).toBe(all.length);
    const sum = (of: (each: Density['stretches'][number]) => number): number =>
      density.stretches.reduce((total, each) => total + of(each), 0);
    expect(sum(({ all: count }) => count)).toBe(all.length);
    expect(sum(({ denied }) => denied)).toBe(20);
    expect(sum(({ alarms }) => alarms)).toBe(all.filter(({ severity }) => severity === 'alarm').length);
    const narrowed = await bodyOf<Density>(await auditor.get('figures/density?reason=expired&q=nobody'));
    expect(narrowed).toMatchObject({ total: 0, from: null, stretches: [] });
  });

  it('SH101: an empty week looks empty and keeps its length', async () => {
    const week = 'from=2026-03-13T00:00:00.000Z&until=2026-03-20T00:00:00.000Z';
    const density = await bodyOf<Density>(await auditor.get(`figures/density?${week}`));
    expect(density).toMatchObject({ total: 0, stretches: [] });
    const period = await bodyOf<Figures>(
      await auditor.get('figures/period?from=2026-03-12T00:00:00.000Z&until=2026-03-13T00:00:00.000Z'),
    );
    expect(period.denials).toEqual([
      { reason: 'no-permit', count: 10 },
      { reason: 'expired', count: 10 },
    ]);
    expect(period.alarms).toEqual([{ day: '2026-03-12', type: 'door.forced', count: 1 }]);
  });

  it('SH101: who may read only their own gets no figures about others', async () => {
    const technician = await server.signIn('teknisi', ['technician']);
    expect((await technician.get('figures/density')).status).toBe(403);
    expect((await technician.get('figures/period')).status).toBe(403);
  });
});
