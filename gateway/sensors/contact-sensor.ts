import type { Clock } from '#contract/clock';
import type { ContactConfig } from '../config.ts';
import { createTicker } from '../ticker.ts';
import { createContactMap } from './contact-maps.ts';
import type { MqttLink } from './mqtt-link.ts';
import { BLIND_SENSOR, stepSensor, type ContactReading, type SensorInput } from './step-sensor.ts';

/** Follows one door contact over MQTT; `onReading` hears each change of what is known. */
export function openContactSensor(options: {
  readonly config: ContactConfig;
  readonly link: MqttLink;
  readonly clock: Clock;
  readonly onReading: (reading: ContactReading) => void;
}): { close(): void } {
  const { config, link, clock, onReading } = options;
  const map = createContactMap(config);
  let state = BLIND_SENSOR;
  let isClosed = false;
  const silence = createTicker(clock, () => take({ type: 'tick', atMs: clock.monoMs() }));

  function take(input: SensorInput): void {
    if (isClosed) return;
    const step = stepSensor(state, input, config.maxSilenceMs ?? null);
    state = step.state;
    silence.setDue(state.silentAtMs);
    if (step.reading !== null) onReading(step.reading);
  }

  link.subscribe(map.topics, {
    onMessage: (topic, payload, isRetained) =>
      take({ type: 'message', statement: map.decode(topic, payload), isRetained, atMs: clock.monoMs() }),
    onLost: () => take({ type: 'broker-lost', atMs: clock.monoMs() }),
  });
  return {
    close: () => {
      isClosed = true;
      silence.close();
    },
  };
}
