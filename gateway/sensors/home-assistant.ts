import { onlineTopic, stateTopic } from './door-publisher.ts';

/** One retained message by which Home Assistant learns of something to show. */
export interface Discovery {
  readonly topic: string;
  readonly payload: string;
}

interface Shown {
  readonly component: 'binary_sensor' | 'sensor';
  readonly name: string;
  /** What Home Assistant reads out of the door's state. */
  readonly template: string;
  readonly deviceClass?: string;
}

const isSo = (condition: string): string => `{{ 'ON' if ${condition} else 'OFF' }}`;

/** Sensors alone: a lock, a switch or a button would ask for a command topic, and there is none. */
const SHOWN: Readonly<Record<string, Shown>> = {
  contact: {
    component: 'binary_sensor',
    name: 'Contact',
    deviceClass: 'door',
    // Neither open nor closed is shown as unknown.
    template: "{{ {'open': 'ON', 'closed': 'OFF'}.get(value_json.contact, 'None') }}",
  },
  lock: { component: 'sensor', name: 'Lock', template: '{{ value_json.lock }}' },
  alarm: {
    component: 'binary_sensor',
    name: 'Alarm',
    deviceClass: 'problem',
    template: isSo("value_json.alarm != 'none'"),
  },
  lockdown: {
    component: 'binary_sensor',
    name: 'Lockdown',
    deviceClass: 'safety',
    template: isSo('value_json.lockdown'),
  },
  fire: {
    component: 'binary_sensor',
    name: 'Fire alarm',
    deviceClass: 'smoke',
    template: isSo('value_json.fire'),
  },
  holdOpen: { component: 'binary_sensor', name: 'Held open', template: isSo('value_json.holdOpen') },
  occupancy: { component: 'sensor', name: 'People inside', template: '{{ value_json.occupancy }}' },
};

/** Tells what Home Assistant is told of a door: sensors to show, none to operate. @see rules GS22, GS23 */
export function discoveryOf(site: string, gateway: string, door: string): readonly Discovery[] {
  const id = `palang_${site}_${door}`;
  const device = { identifiers: [id], name: `Palang Pintu ${door}`, manufacturer: 'Palang Pintu' };
  return Object.entries(SHOWN).map(([key, { component, name, template, deviceClass }]) => ({
    topic: `homeassistant/${component}/${id}/${key}/config`,
    payload: JSON.stringify({
      name,
      unique_id: `${id}_${key}`,
      state_topic: stateTopic(site, door),
      value_template: template,
      ...(deviceClass !== undefined && { device_class: deviceClass }),
      availability_topic: onlineTopic(site, gateway),
      device,
    }),
  }));
}
