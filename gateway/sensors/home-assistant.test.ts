import { describe, expect, it } from 'vitest';
import { discoveryOf } from './home-assistant.ts';

const told = discoveryOf('pemda-contoh', 'gw-ruang-server', 'ruang-server').map(({ topic, payload }) => ({
  topic,
  payload: JSON.parse(payload) as Record<string, unknown>,
}));

describe('discoveryOf', () => {
  it('GS22: each thing to show has a name of its own, the state of the door and the availability of its gateway', () => {
    expect(told.map(({ topic }) => topic)).toContain(
      'homeassistant/binary_sensor/palang_pemda-contoh_ruang-server/contact/config',
    );
    expect(new Set(told.map(({ payload }) => payload['unique_id'])).size).toBe(told.length);
    for (const { payload } of told) {
      expect(payload).toMatchObject({
        state_topic: 'palang/pemda-contoh/ruang-server/state',
        availability_topic: 'palang/pemda-contoh/gw-ruang-server/online',
      });
      // What it reads out of the state is there.
      const key = /value_json\.([A-Za-z]+)/.exec(String(payload['value_template']))?.[1];
      expect(['contact', 'lock', 'alarm', 'lockdown', 'fire', 'holdOpen', 'occupancy']).toContain(key);
    }
  });

  it('GS23: there are sensors only, and no topic on which anything could be ordered', () => {
    for (const { topic, payload } of told) {
      expect(topic).toMatch(/^homeassistant\/(?:binary_)?sensor\/[A-Za-z0-9_-]+\/[A-Za-z]+\/config$/);
      expect(Object.keys(payload).filter((key) => key.includes('command'))).toEqual([]);
    }
    expect(JSON.stringify(told)).not.toMatch(/[scp]m?_[A-Za-z0-9]{20}/);
  });
});
