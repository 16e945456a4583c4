import type { Clock } from '#contract/clock';
import type { TopicFireConfig } from '../config.ts';
import { openContactSensor } from './contact-sensor.ts';
import type { MqttLink } from './mqtt-link.ts';

/** A fire panel speaks on change only, and is not missed for its silence. */
const LONGEST_SILENCE_MS = 7 * 86_400_000;

/**
 * Follows a fire alarm over MQTT. Where it cannot be heard what it said last stands: a broker that is lost in a
 * fire puts no fire out.
 * @see rule GS21
 */
export function openFireSensor(options: {
  readonly config: TopicFireConfig;
  readonly link: MqttLink;
  readonly clock: Clock;
  readonly onFire: (isActive: boolean) => void;
}): { close(): void } {
  const { config, link, clock, onFire } = options;
  const { topic, pointer, active, clear } = config;
  return openContactSensor({
    config: {
      preset: 'custom',
      topic,
      ...(pointer !== undefined && { pointer }),
      open: active,
      closed: clear,
      maxSilenceMs: LONGEST_SILENCE_MS,
    },
    link,
    clock,
    onReading: ({ contact }) => {
      if (contact !== 'unknown') onFire(contact === 'open');
    },
  });
}
