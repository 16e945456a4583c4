import type { JournalRecord } from '#contract/record';
import type { MqttLink } from './mqtt-link.ts';

/** What a building system may know of a door: no personal data in any of it. */
export interface PublishedDoor {
  readonly lock: string;
  readonly contact: string;
  readonly alarm: string;
  /** How many are known to be inside. */
  readonly occupancy: number;
  /** How many more may be inside: nobody saw whether they entered. */
  readonly unsure: number;
  readonly lockdown: boolean;
  readonly holdOpen: boolean;
  readonly fire: boolean;
  /** Clock trust, 0 to 3. */
  readonly clock: number;
  /** Ms since 1970. */
  readonly at: number;
}

export interface DoorPublisher {
  publishState(door: string, state: PublishedDoor): void;
  publishEvent(record: JournalRecord): void;
}

/** Names the topic on which a gateway says that it is there. */
export const onlineTopic = (site: string, gateway: string): string => `palang/${site}/${gateway}/online`;

/** Names the topic of a door's retained state. */
export const stateTopic = (site: string, door: string): string => `palang/${site}/${door}/state`;

/** Publishes doors and events under `palang/<site>/`. @see rule GS9 */
export const createDoorPublisher = (link: MqttLink, site: string): DoorPublisher => ({
  publishState: (door, state) =>
    link.publish(stateTopic(site, door), JSON.stringify(state), { isRetained: true }),
  publishEvent: ({ gw, ep, sq, t, tq, ty, door, dir, rs }) => {
    // Whoever forces somebody to open may watch a dashboard: that alert goes to the server alone.
    if (door === undefined || ty === 'access.duress') return;
    // Field by field: commitments and the facts of a kind of event stay in the journal.
    const event = { id: `${gw}/${ep}/${sq}`, at: t, clock: tq, type: ty, door, dir, reason: rs };
    link.publish(`palang/${site}/${door}/event`, JSON.stringify(event));
  },
});
