import type { Capabilities } from './capabilities.ts';
import type { Command, LedColor, LedControl } from './commands.ts';

export type FeedbackSignal = 'granted' | 'denied' | 'wait' | 'alarm' | 'idle';

interface Light {
  readonly color: LedColor;
  /** 0 = steady. */
  readonly blinkMs: number;
  /** 0 = until another signal. */
  readonly forMs: number;
}

interface Sound {
  readonly onMs: number;
  readonly offMs: number;
  /** 0 = until another signal. */
  readonly count: number;
}

interface Feedback {
  readonly light: Light;
  readonly sound: Sound | 'silence';
  readonly text: string;
  /** 0 = until another signal. */
  readonly textForS: number;
}

/**
 * What a reader shows, sounds and says. Each signal differs by colour and by rhythm, so that it can be told without
 * seeing colours or without hearing. Texts fit the 16 columns of the usual display.
 */
export const FEEDBACK: Readonly<Record<FeedbackSignal, Feedback>> = {
  granted: {
    light: { color: 'green', blinkMs: 0, forMs: 3000 },
    sound: { onMs: 200, offMs: 100, count: 1 },
    text: 'Silakan masuk',
    textForS: 3,
  },
  denied: {
    light: { color: 'red', blinkMs: 200, forMs: 3000 },
    sound: { onMs: 200, offMs: 100, count: 3 },
    text: 'Akses ditolak',
    textForS: 3,
  },
  wait: {
    light: { color: 'amber', blinkMs: 500, forMs: 10_000 },
    sound: 'silence',
    text: 'Mohon tunggu',
    textForS: 10,
  },
  alarm: {
    light: { color: 'red', blinkMs: 100, forMs: 0 },
    sound: { onMs: 500, offMs: 500, count: 0 },
    text: 'ALARM PINTU',
    textForS: 0,
  },
  idle: {
    light: { color: 'red', blinkMs: 0, forMs: 0 },
    sound: 'silence',
    text: 'Tempelkan kartu',
    textForS: 0,
  },
};

const DISPLAY_COLUMNS = 16;

function ledOf(reader: number, { color, blinkMs, forMs }: Light): LedControl {
  const pattern = { onMs: blinkMs || 100, offMs: blinkMs, onColor: color, offColor: 'black' } as const;
  const unused = { onMs: 0, offMs: 0, onColor: 'black', offColor: 'black' } as const;
  return forMs > 0
    ? {
        reader,
        led: 0,
        temporary: { control: 'set', ...pattern, timerMs: forMs },
        permanent: { control: 'none', ...unused },
      }
    : {
        reader,
        led: 0,
        // A lasting signal must not hide behind a temporary one that still runs.
        temporary: { control: 'cancel', ...unused, timerMs: 0 },
        permanent: { control: 'set', ...pattern },
      };
}

/** The commands that show a signal on one reader of a device: as many as the device has means for. */
export function feedbackCommands(
  signal: FeedbackSignal,
  capabilities: Capabilities,
  reader = 0,
): readonly Command[] {
  const { light, sound, text, textForS } = FEEDBACK[signal];
  const commands: Command[] = [];
  if (capabilities.leds > 0) commands.push({ type: 'LED', leds: [ledOf(reader, light)] });
  if (capabilities.hasBuzzer)
    commands.push(
      sound === 'silence'
        ? { type: 'BUZ', reader, tone: 'off', onMs: 0, offMs: 0, count: 0 }
        : { type: 'BUZ', reader, tone: 'default', ...sound },
    );
  if (capabilities.textDisplays > 0)
    commands.push({
      type: 'TEXT',
      reader,
      mode: textForS > 0 ? 'temporary' : 'permanent',
      temporaryS: textForS,
      row: 1,
      column: 1,
      // Filled up, so that nothing of a longer text before it stays behind.
      text: text.padEnd(DISPLAY_COLUMNS),
    });
  return commands;
}
