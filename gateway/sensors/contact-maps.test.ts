import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '#contract/bytes';
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
const gone: ContactStatement = { kind: 'availability', isAvailable: false };
const back: ContactStatement = { kind: 'availability', isAvailable: true };

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
      expect(zigbee.decode(topic, utf8('offline'))).toEqual(gone);
      expect(zigbee.decode(topic, utf8('{"state":"offline"}'))).toEqual(gone);
      expect(zigbee.decode(topic, utf8('{"state":"online"}'))).toEqual(back);
      expect(zigbee.decode(topic, utf8('{"state":7}'))).toEqual(none);
    }
    expect(custom.decode('rumah/ada', utf8('false'))).toEqual(gone);
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
