import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '#contract/bytes';
import { checkConfig, type ContactConfig } from '../config.ts';
import { MAX_PAYLOAD_BYTES, createContactMap, type ContactStatement } from './contact-maps.ts';

const TOPIC = 'zigbee2mqtt/lantai-1/pintu';
const zigbee = createContactMap({ preset: 'zigbee2mqtt', topic: TOPIC, maxSilenceMs: 1000 });
const custom = createContactMap({
  preset: 'custom',
  topic: 'rumah/pintu',
  pointer: '/params/input:0/state',
  closed: ['ON', '1'],
  open: ['off', '0'],
  availability: { topic: 'rumah/ada', online: ['true'], offline: ['false'] },
  maxSilenceMs: 1000,
});
const plain = createContactMap({
  preset: 'custom',
  topic: 'esp/pintu/state',
  closed: ['OFF'],
  open: ['ON'],
  maxSilenceMs: 1000,
});

const closed: ContactStatement = { kind: 'contact', contact: 'closed' };
const open: ContactStatement = { kind: 'contact', contact: 'open' };
const unreadable: ContactStatement = { kind: 'unreadable' };
const none: ContactStatement = { kind: 'none' };
const gone = (of: string): ContactStatement => ({ kind: 'availability', of, isAvailable: false });
const back = (of: string): ContactStatement => ({ kind: 'availability', of, isAvailable: true });

describe('createContactMap', () => {
  it.each([
    ['{"battery":100,"contact":true,"linkquality":156,"tamper":false}', closed],
    ['{"contact":false}', open],
    ['{"contact":"TRUE"}', closed],
    ['{"contact":"opened"}', unreadable],
    ['{"contact":null}', unreadable],
    ['{"contact":{}}', unreadable],
    ['{"contact":1}', unreadable],
  ])('GS1: zigbee2mqtt %s', (payload, expected) => {
    expect(zigbee.decode(TOPIC, utf8(payload))).toEqual(expected);
  });

  it('GS1: a sensor may say a bare word, and each maps its own way round', () => {
    expect(plain.decode('esp/pintu/state', utf8('on'))).toEqual(open);
    expect(plain.decode('esp/pintu/state', utf8(' OFF\n'))).toEqual(closed);
    expect(plain.decode('esp/pintu/state', utf8(''))).toEqual(unreadable);
    expect(custom.decode('rumah/pintu', utf8('{"params":{"input:0":{"state":1}}}'))).toEqual(closed);
    expect(custom.decode('rumah/pintu', utf8('{"params":{"input:0":{"state":"Off"}}}'))).toEqual(open);
  });

  it('GS2: what is too large, cut or not text is a fault', () => {
    const padded = `{"contact":true,"x":"${'y'.repeat(MAX_PAYLOAD_BYTES)}"}`;
    for (const payload of [utf8(padded), utf8('{"contact":tr'), Uint8Array.of(0xff, 0xfe), utf8('')]) {
      expect(zigbee.decode(TOPIC, payload)).toEqual(unreadable);
    }
  });

  it('GS3: the prototype of an object says nothing', () => {
    const map = (pointer: string) =>
      createContactMap({
        preset: 'custom',
        topic: 't',
        pointer,
        closed: ['x'],
        open: ['y'],
        maxSilenceMs: 1,
      });
    expect(map('/constructor/name').decode('t', utf8('{}'))).toEqual(none);
    expect(map('/__proto__/a').decode('t', utf8('{}'))).toEqual(none);
    expect(map('/__proto__').decode('t', utf8('{"__proto__":"x"}'))).toEqual(closed);
    expect(map('/a~1b/c~0d').decode('t', utf8('{"a/b":{"c~d":"y"}}'))).toEqual(open);
    expect(map('/length').decode('t', utf8('"x"'))).toEqual(none);
  });

  it('GS4: availability of the sensor and of its bridge, in both forms', () => {
    expect(zigbee.topics).toEqual([TOPIC, `${TOPIC}/availability`, 'zigbee2mqtt/bridge/state']);
    for (const topic of zigbee.topics.slice(1)) {
      expect(zigbee.decode(topic, utf8('offline'))).toEqual(gone(topic));
      expect(zigbee.decode(topic, utf8('{"state":"offline"}'))).toEqual(gone(topic));
      expect(zigbee.decode(topic, utf8('{"state":"online"}'))).toEqual(back(topic));
      expect(zigbee.decode(topic, utf8('{"state":7}'))).toEqual(none);
    }
    expect(custom.decode('rumah/ada', utf8('false'))).toEqual(gone('rumah/ada'));
    expect(plain.topics).toEqual(['esp/pintu/state']);
  });

  it('GS4: a message without the contact, and another topic, change nothing', () => {
    expect(zigbee.decode(TOPIC, utf8('{"battery":80}'))).toEqual(none);
    expect(zigbee.decode('zigbee2mqtt/lain', utf8('{"contact":true}'))).toEqual(none);
  });

  it('GS2: no bytes make a map throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
        for (const map of [zigbee, custom, plain]) {
          for (const topic of map.topics) map.decode(topic, payload);
        }
      }),
      { seed: 20260312 },
    );
    fc.assert(
      fc.property(fc.json(), (payload) => {
        expect(zigbee.decode(TOPIC, utf8(payload)).kind).not.toBe('availability');
      }),
      { seed: 20260312 },
    );
  });
});

/** As a configuration file gives it, so with what the schema adds. */
function contactOf(contact: object): ContactConfig {
  const checked = checkContact(contact);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const found = checked.value.doors[0]?.contact;
  return found === undefined || 'reader' in found ? fail() : found;
}
const fail = (): never => {
  throw new Error('no contact');
};
const checkContact = (contact: object): ReturnType<typeof checkConfig> =>
  checkConfig(
    JSON.stringify({
      id: 'gw-arsip',
      server: { url: 'https://palang.contoh', keyFile: 'key', trustFile: 'trust' },
      dataDir: 'data',
      mqtt: { url: 'mqtts://broker.contoh:8883' },
      doors: [
        {
          id: 'arsip',
          readers: { entry: { protocol: 'line', port: '/dev/ttyS1' } },
          lock: { driver: 'line', reader: 'entry', output: 0, releaseMs: 3000 },
          contact,
        },
      ],
    }),
  );

const GEN2 = 'shellyplus1-a8032abe54dc';
const notifyStatus = (params: string): string =>
  `{"src":"${GEN2}","dst":"${GEN2}/events","method":"NotifyStatus","params":{"ts":1631186545.04,${params}}}`;
const esphome = { preset: 'esphome', topic: 'rumah/esp-arsip/binary_sensor/pintu/state' };
const tasmotaSensor = { preset: 'tasmota', topic: 'tele/arsip/SENSOR' };
const tasmotaResult = { preset: 'tasmota', topic: 'stat/arsip/RESULT' };
const gen1 = { preset: 'shelly-gen1', topic: 'shellies/shellydw2-73BF12/sensor/state' };
const gen2 = { preset: 'shelly-gen2', topic: GEN2 };
const attribute = { preset: 'zigbee2mqtt', topic: TOPIC, output: 'attribute' };

describe('presets', () => {
  it.each<[object, string, string, ContactStatement]>([
    [attribute, `${TOPIC}/contact`, 'true', closed],
    [attribute, `${TOPIC}/contact`, 'false', open],
    [attribute, `${TOPIC}/contact`, 'unavailable', unreadable],
    [attribute, TOPIC, '{"contact":true}', none],
    [attribute, `${TOPIC}/availability`, '{"state":"offline"}', gone(`${TOPIC}/availability`)],
    [esphome, esphome.topic, 'ON', open],
    [esphome, esphome.topic, 'OFF', closed],
    [esphome, esphome.topic, 'NAN', unreadable],
    [{ ...esphome, inverted: true }, esphome.topic, 'ON', closed],
    [{ ...esphome, inverted: true }, esphome.topic, 'OFF', open],
    [esphome, 'rumah/esp-arsip/status', 'offline', gone('rumah/esp-arsip/status')],
    [esphome, 'rumah/esp-arsip/status', 'online', back('rumah/esp-arsip/status')],
    [tasmotaSensor, tasmotaSensor.topic, '{"Time":"2024-02-24T22:20:38","Switch1":"ON"}', open],
    [tasmotaSensor, tasmotaSensor.topic, '{"Time":"2024-02-24T22:20:38","Switch1":"OFF"}', closed],
    [{ ...tasmotaSensor, inverted: true }, tasmotaSensor.topic, '{"Switch1":"ON"}', closed],
    [{ ...tasmotaSensor, switch: 2 }, tasmotaSensor.topic, '{"Switch1":"ON","Switch2":"OFF"}', closed],
    [tasmotaSensor, tasmotaSensor.topic, '{"Time":"2024-02-24T22:20:38","DS18B20":{"Id":"0"}}', none],
    [tasmotaSensor, 'tele/arsip/LWT', 'Offline', gone('tele/arsip/LWT')],
    [tasmotaSensor, 'tele/arsip/LWT', 'Online', back('tele/arsip/LWT')],
    [tasmotaResult, tasmotaResult.topic, '{"Switch1":{"Action":"ON"}}', open],
    [tasmotaResult, tasmotaResult.topic, '{"Switch1":{"Action":"OFF"}}', closed],
    [tasmotaResult, tasmotaResult.topic, '{"Switch1":{"Action":"TOGGLE"}}', unreadable],
    [tasmotaResult, tasmotaResult.topic, '{"POWER":"ON"}', none],
    [tasmotaResult, 'stat/arsip/POWER', 'ON', none],
    [tasmotaResult, 'tele/arsip/LWT', 'Offline', gone('tele/arsip/LWT')],
    [gen1, gen1.topic, 'open', open],
    [gen1, gen1.topic, 'close', closed],
    [gen1, gen1.topic, 'unknown', unreadable],
    [gen2, `${GEN2}/events/rpc`, notifyStatus('"input:0":{"id":0,"state":true}'), closed],
    [gen2, `${GEN2}/events/rpc`, notifyStatus('"input:0":{"id":0,"state":false}'), open],
    [gen2, `${GEN2}/events/rpc`, notifyStatus('"input:0":{"id":0,"state":null}'), unreadable],
    [gen2, `${GEN2}/events/rpc`, notifyStatus('"input:1":{"id":1,"state":false}'), none],
    [gen2, `${GEN2}/events/rpc`, notifyStatus('"sys":{"uptime":17}'), none],
    [gen2, `${GEN2}/status/input:0`, '{"id":0,"state":true}', closed],
    [{ ...gen2, inverted: true }, `${GEN2}/status/input:0`, '{"id":0,"state":true}', open],
    [{ ...gen2, input: 1 }, `${GEN2}/status/input:1`, '{"id":1,"state":false}', open],
    [{ ...gen2, input: 1 }, `${GEN2}/status/input:0`, '{"id":0,"state":false}', none],
    [gen2, `${GEN2}/online`, 'false', gone(`${GEN2}/online`)],
    [gen2, `${GEN2}/online`, 'true', back(`${GEN2}/online`)],
  ])('GS12: %j on %s: %s', (contact, topic, payload, expected) => {
    const map = createContactMap(contactOf(contact));
    expect(map.decode(topic, utf8(payload))).toEqual(expected);
    expect(expected.kind === 'none' || map.topics.includes(topic)).toBe(true);
    expect(map.decode(topic, utf8(' '.repeat(MAX_PAYLOAD_BYTES) + payload)).kind).toMatch(/none|unreadable/);
  });

  it.each([esphome, tasmotaSensor, tasmotaResult, gen1, gen2, attribute])(
    'GS3: no word of a prototype is one of %j',
    (contact) => {
      const map = createContactMap(contactOf(contact));
      for (const topic of map.topics) {
        for (const payload of [
          '__proto__',
          'constructor',
          '{"__proto__":{"state":true,"Switch1":"ON"}}',
          '[]',
        ]) {
          expect(map.decode(topic, utf8(payload)).kind).toMatch(/none|unreadable/);
        }
      }
    },
  );

  it.each([
    [{ ...tasmotaResult, topic: 'stat/arsip/POWER' }, 'POWER toggles and is no contact'],
    [{ ...tasmotaResult, topic: 'stat/arsip/POWER1' }, 'POWER toggles and is no contact'],
    [{ ...esphome, topic: 'rumah/esp-arsip/switch/pintu/state' }, 'PREFIX/binary_sensor/OBJECT_ID/state'],
    [{ ...gen1, topic: 'shellies/shellydw2-73BF12/online' }, 'shellies/DEVICE/sensor/state'],
    [{ ...gen2, topic: `${GEN2}/events/rpc` }, 'the prefix of the device alone'],
    [{ ...gen2, topic: `${GEN2}/+` }, 'without wildcards'],
    [
      { preset: 'custom', topic: 'x', closed: ['ON'], open: ['on'], maxSilenceMs: 1000 },
      'the one and the other',
    ],
    [
      {
        preset: 'custom',
        topic: 'x',
        closed: ['ON'],
        open: ['off'],
        availability: { topic: 'y', online: ['1'], offline: ['0', '1'] },
        maxSilenceMs: 1000,
      },
      'the one and the other',
    ],
  ])('GS13: %j is refused', (contact, message) => {
    expect(checkContact(contact)).toMatchObject({
      ok: false,
      error: [{ message: expect.stringContaining(message) as string }],
    });
  });

  it.each([
    [{ preset: 'zigbee2mqtt', topic: TOPIC }, 2 * 3_600_000, true],
    [attribute, 2 * 3_600_000, true],
    [esphome, undefined, true],
    [{ ...esphome, maxSilenceMs: 60_000 }, 60_000, true],
    [tasmotaSensor, 900_000, true],
    [{ ...tasmotaSensor, maxSilenceMs: 60_000 }, 60_000, true],
    [tasmotaResult, undefined, true],
    // It sleeps: being offline is how it lives.
    [gen1, 25 * 3_600_000, false],
    [gen2, undefined, true],
  ])('GS14: %j is watched by a silence of %s ms, by its last will: %s', (contact, maxSilenceMs, hasWill) => {
    const config = contactOf(contact);
    expect(config.maxSilenceMs).toBe(maxSilenceMs);
    const map = createContactMap(config);
    const words = ['offline', 'Offline', 'false'].map(utf8);
    const isMissed = map.topics.some((topic) =>
      words.some((word) => map.decode(topic, word).kind === 'availability'),
    );
    expect(isMissed).toBe(hasWill);
  });

  it('GS14: a contact of its own map says how long it may be silent', () => {
    const custom = { preset: 'custom', topic: 'x', closed: ['1'], open: ['0'] };
    expect(checkContact(custom)).toMatchObject({ ok: false });
    expect(checkContact({ ...custom, maxSilenceMs: 1000 })).toMatchObject({ ok: true });
  });
});
