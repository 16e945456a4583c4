import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AccessRequest, Door, Me, Purpose } from '#contract/api';
import { createApiClient, API_PATH, type ApiClient, type ApiProblem } from './api-client.ts';
import { openLiveStream, type LiveStream, type StreamPorts } from './live-stream.ts';
import { createTimeFormat, type TimeFormat } from './time-format.ts';
import type { Words } from './words/id.ts';
import { FIRST_WORDS, LANGUAGES, type Language } from './words/words.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Who sits before the app: not known yet, nobody, somebody, or nobody can tell because the server is away. */
export type Session =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nobody'; readonly hasEnded: boolean }
  | { readonly kind: 'person'; readonly me: Me }
  | { readonly kind: 'unreachable'; readonly problem: ApiProblem };

/** What a technician last saw, kept on the device so that it can be shown, marked as old, without the server. */
export interface KeptRights {
  readonly atMs: number;
  readonly personId: string;
  readonly requests: readonly AccessRequest[];
}

/** Names that the lists need: read once, again when the language or the person changes nothing about them. */
export interface Places {
  readonly doors: readonly Door[];
  readonly purposes: readonly Purpose[];
}

/** Somebody has to prove again that they are the one who signed in; a call waits for it. */
export interface StepUpAsk {
  readonly finish: (isDone: boolean) => void;
}

/** What the app needs from the browser. */
export interface AppPorts extends StreamPorts {
  readonly fetch: typeof fetch;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly applyLanguage: (language: Language) => void;
  readonly applyTheme: (theme: Theme) => void;
}

export interface App {
  readonly api: ApiClient;
  readonly session: ReadonlySignal<Session>;
  readonly words: ReadonlySignal<Words>;
  readonly language: ReadonlySignal<Language>;
  readonly theme: ReadonlySignal<Theme>;
  readonly time: ReadonlySignal<TimeFormat>;
  /** Now by the server's clock, ms since 1970; moves every few seconds. */
  readonly nowMs: ReadonlySignal<number>;
  readonly stream: ReadonlySignal<LiveStream | null>;
  readonly places: ReadonlySignal<Places | null>;
  readonly keptRights: ReadonlySignal<KeptRights | null>;
  /** What the sheet of the step-up answers; null while nothing asks. */
  readonly stepUpAsk: ReadonlySignal<StepUpAsk | null>;
  /** Requests that wait for a decision of this person; the badge of the navigation. */
  readonly waitingCount: Signal<number>;
  setLanguage(language: Language): Promise<void>;
  setTheme(theme: Theme): void;
  start(): Promise<void>;
  /** Takes a person who has just signed in. */
  enter(me: Me): void;
  leave(): Promise<void>;
  keepRights(requests: readonly AccessRequest[]): void;
  refreshPlaces(): Promise<void>;
  purposeName(code: string): string;
  doorName(id: string): string;
}

const KEYS = {
  purposes: 'palang.purposes',
  language: 'palang.language',
  theme: 'palang.theme',
  me: 'palang.me',
  rights: 'palang.rights',
} as const;
const TICK_MS = 5000;
/** The Date header counts whole seconds and travels; smaller differences are noise. */
const CLOCK_NOISE_MS = 5000;

function readStored<T>(storage: AppPorts['storage'], key: string): T | null {
  const text = storage.getItem(key);
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Creates the state of the app. Nothing is fetched before `start`. */
export function createApp(ports: AppPorts): App {
  const { storage } = ports;
  const session = signal<Session>({ kind: 'unknown' });
  const words = signal<Words>(FIRST_WORDS);
  const language = signal<Language>('id');
  const theme = signal<Theme>(readTheme());
  const stream = signal<LiveStream | null>(null);
  const places = signal<Places | null>(null);
  const keptRights = signal<KeptRights | null>(readStored<KeptRights>(storage, KEYS.rights));
  const keptPurposes = signal<readonly Purpose[]>(
    readStored<readonly Purpose[]>(storage, KEYS.purposes) ?? [],
  );
  const stepUpAsk = signal<StepUpAsk | null>(null);
  const waitingCount = signal(0);
  const clockOffsetMs = signal(0);
  const deviceMs = signal(ports.nowMs());
  const nowMs = computed(() => deviceMs.value + clockOffsetMs.value);
  const time = computed(() => {
    const zone = session.value.kind === 'person' ? session.value.me.site.timeZone : 'Asia/Jakarta';
    return createTimeFormat(words.value, zone);
  });

  function readTheme(): Theme {
    const kept = storage.getItem(KEYS.theme);
    return THEMES.find((each) => each === kept) ?? 'auto';
  }

  const api = createApiClient({
    fetch: ports.fetch,
    onSignedOut: () => {
      if (session.value.kind === 'person') forget(true);
    },
    onStepUp: askStepUp,
    onServerTime: (serverMs) => {
      const offset = serverMs - ports.nowMs();
      const isNoise = Math.abs(offset) < CLOCK_NOISE_MS;
      clockOffsetMs.value = isNoise ? 0 : offset;
    },
  });

  let asked: Promise<boolean> | null = null;

  function askStepUp(): Promise<boolean> {
    // Calls that need it at the same time wait for one answer.
    asked ??= new Promise<boolean>((resolve) => {
      const ask: StepUpAsk = {
        finish: (isDone) => {
          // A sheet that goes away says so once more, when another may be open already.
          if (stepUpAsk.value !== ask) return;
          stepUpAsk.value = null;
          asked = null;
          resolve(isDone);
        },
      };
      stepUpAsk.value = ask;
    });
    return asked;
  }

  function forget(hasEnded: boolean): void {
    stepUpAsk.value?.finish(false);
    stream.value?.close();
    stream.value = null;
    places.value = null;
    keptRights.value = null;
    storage.removeItem(KEYS.me);
    storage.removeItem(KEYS.rights);
    session.value = { kind: 'nobody', hasEnded };
  }

  function enter(me: Me): void {
    if (keptRights.value !== null && keptRights.value.personId !== me.id) {
      keptRights.value = null;
      storage.removeItem(KEYS.rights);
    }
    storage.setItem(KEYS.me, JSON.stringify(me));
    session.value = { kind: 'person', me };
    stream.value?.close();
    const opened = openLiveStream(ports, `${API_PATH}/stream`, () => void api.me());
    stream.value = opened;
    opened.onResume(() => void refreshPlaces());
    opened.onMessage((message) => {
      if (message.kind !== 'door' || places.value === null) return;
      const { door } = message;
      const doors = places.value.doors.map((each) => (each.id === door.id ? door : each));
      places.value = { ...places.value, doors };
    });
    void refreshPlaces();
  }

  async function refreshPlaces(): Promise<void> {
    const [doors, purposes] = await Promise.all([api.doors(), api.purposes()]);
    if (!doors.ok || !purposes.ok) return;
    places.value = { doors: doors.value.items, purposes: purposes.value.items };
    keptPurposes.value = purposes.value.items;
    storage.setItem(KEYS.purposes, JSON.stringify(purposes.value.items));
  }

  async function setLanguage(next: Language): Promise<void> {
    words.value = await LANGUAGES[next].load();
    language.value = next;
    storage.setItem(KEYS.language, next);
    ports.applyLanguage(next);
  }

  return {
    api,
    session,
    words,
    language,
    theme,
    time,
    nowMs,
    stream,
    places,
    keptRights,
    stepUpAsk,
    waitingCount,
    setLanguage,
    setTheme(next) {
      theme.value = next;
      storage.setItem(KEYS.theme, next);
      ports.applyTheme(next);
    },
    async start() {
      ports.applyTheme(theme.value);
      const tick = (): void => {
        deviceMs.value = ports.nowMs();
      };
      ports.every(TICK_MS, tick);
      ports.onWake(tick);
      const kept = storage.getItem(KEYS.language);
      const chosen = Object.keys(LANGUAGES).find((each): each is Language => each === kept) ?? 'id';
      const [answer] = await Promise.all([api.me(), setLanguage(chosen)]);
      if (answer.ok) return enter(answer.value);
      const keptMe = readStored<Me>(storage, KEYS.me);
      if (answer.error.code === 'not-signed-in') return forget(keptMe !== null);
      // Without the server the person of the last session stays, with nothing but what this device kept.
      if (keptMe !== null && answer.error.code === 'offline') return enter(keptMe);
      session.value = { kind: 'unreachable', problem: answer.error };
    },
    enter,
    async leave() {
      await api.signOut();
      forget(false);
    },
    keepRights(requests) {
      if (session.value.kind !== 'person') return;
      const kept: KeptRights = {
        atMs: nowMs.value,
        personId: session.value.me.id,
        requests: requests.slice(0, 20),
      };
      keptRights.value = kept;
      storage.setItem(KEYS.rights, JSON.stringify(kept));
    },
    refreshPlaces,
    purposeName(code) {
      const purpose = keptPurposes.value.find((each) => each.code === code);
      if (purpose === undefined) return code;
      return language.value === 'id' ? purpose.nameId : purpose.nameEn;
    },
    doorName: (id) => places.value?.doors.find((each) => each.id === id)?.name ?? id,
  };
}

export const AppContext = createContext<App | null>(null);

/** The app around a component. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('a component is used outside of the app');
  return app;
}

/** The words of the language in use. */
export const useWords = (): Words => useApp().words.value;

/** The person who is signed in; pages are shown to nobody else. */
export function useMe(): Me {
  const session = useApp().session.value;
  if (session.kind !== 'person') throw new Error('a page is shown without a person');
  return session.me;
}
