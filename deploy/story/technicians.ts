import { credentialSchema, meSchema, pageOf, requestSchema, type AccessRequest } from '#contract/api';
import type { ApiClient } from '../all-in-one/api-client.ts';
import { DEMO_DOOR, type Site } from '../all-in-one/site.ts';
import type { JournalReader } from './journal-reader.ts';
import { permitArrives } from './permit-arrival.ts';

/** Somebody who may ask to enter: their name, their card, and the API as they see it. */
export interface Technician {
  readonly id: string;
  readonly name: string;
  readonly card: string;
  readonly api: ApiClient;
}

/** Signs in the technicians of the demonstration and finds the card of each. */
export async function findTechnicians(site: Site): Promise<readonly [Technician, Technician]> {
  const administrator = await site.signInAs('administrator');
  const credentials = (await administrator.get('/credentials', pageOf(credentialSchema))).items;
  const found: Technician[] = [];
  for (const account of site.demo.accounts.filter((each) => each.role === 'technician')) {
    const api = await site.signInAs({ username: account.username });
    const { name, id } = await api.get('/me', meSchema);
    const lastFour = credentials.find((each) => each.personId === id)?.lastFour;
    const card = site.demo.cards.find((each) => lastFour !== undefined && each.card.endsWith(lastFour))?.card;
    if (card !== undefined) found.push({ id, name, card, api });
  }
  const [first, second] = found;
  if (first === undefined || second === undefined) throw new Error('two technicians with cards are needed');
  return [first, second];
}

/** A request as the app sends it. */
export const draftOf = (fromMs: number, untilMs: number): Record<string, unknown> => ({
  purpose: 'NET-MON',
  description: 'Pemeriksaan rutin perangkat jaringan',
  doorId: DEMO_DOOR,
  validFrom: new Date(fromMs).toISOString(),
  validUntil: new Date(untilMs).toISOString(),
});

/** Files a request for the demonstration's door from now on. */
export function fileRequest(api: ApiClient, forMs: number): Promise<AccessRequest> {
  const nowMs = Date.now();
  return api.post('/requests', draftOf(nowMs, nowMs + forMs), requestSchema);
}

/** Lets a technician in for two hours and waits until the gateway holds the permit. */
export async function admit(site: Site, journal: JournalReader, technician: Technician): Promise<void> {
  const request = await fileRequest(technician.api, 2 * 3_600_000);
  const supervisor = await site.signInAs('supervisor');
  const { permitId } = await supervisor.post(`/requests/${request.id}/approve`, {}, requestSchema);
  await permitArrives(site.home.gatewayDir, journal, permitId);
}
