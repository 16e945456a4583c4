import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import {
  BOUNCE_MS,
  DOOR_MODES,
  MAX_WAITING,
  UNKNOWN_DOOR,
  alarmOf,
  isAlarmShown,
  isHeldSoon,
  nextTickMs,
  stepDoor,
  type DoorEffect,
  type DoorInput,
  type DoorState,
} from './step-door.ts';

const SETTINGS = { heldOpenMs: 30_000, relock: 'on-open' } as const;
const WINDOW_MS = 7000;

type Bare<I> = I extends unknown ? Omit<I, 'atMs'> : never;
type BareInput = Bare<DoorInput>;

const opens = (isInitial = false): BareInput => ({ type: 'contact-open', isInitial });
const closes = (isInitial = false): BareInput => ({ type: 'contact-closed', isInitial });
const lost: BareInput = { type: 'contact-unknown', why: 'silent' };
const tick: BareInput = { type: 'tick' };
const granted = (of: number, atMs: number): BareInput => ({
  type: 'released',
  cause: 'granted',
  of,
  untilMs: asMonoMs(atMs + WINDOW_MS),
});
const exit = (of: number, atMs: number): BareInput => ({
  type: 'released',
  cause: 'exit',
  of,
  untilMs: asMonoMs(atMs + WINDOW_MS),
});
const pressed = (atMs: number): BareInput => ({
  type: 'exit-button-pressed',
  untilMs: asMonoMs(atMs + WINDOW_MS),
});

/** Writes effects as short lines, the way a reader of the journal would. */
const tell = (effect: DoorEffect): string => {
  switch (effect.type) {
    case 'journal':
      return [
        effect.ty,
        ...Object.entries(effect.x).map(
          ([key, value]) => `${key}=${JSON.stringify(value).replaceAll('"', '')}`,
        ),
      ].join(' ');
    case 'outcome':
      return `outcome ${effect.of} ${effect.outcome}`;
    case 'relock':
      return 'relock';
  }
};

function run(steps: readonly (readonly [number, BareInput])[], from: DoorState = UNKNOWN_DOOR) {
  let state = from;
  const told: string[] = [];
  for (const [atMs, input] of steps) {
    const step = stepDoor(state, { ...input, atMs: asMonoMs(atMs) } as DoorInput, SETTINGS);
    state = step.state;
    told.push(...step.effects.map(tell));
  }
  return { state, told };
}

const closed = run([[0, closes(true)]]).state;
const open = run([
  [0, closes(true)],
  [1, granted(1, 1)],
  [2, opens()],
]).state;

describe('stepDoor', () => {
  it('DM1: what is found open after a silence is neither a break-in nor an entry', () => {
    const { state, told } = run([
      [0, closes(true)],
      [10, granted(5, 10)],
      [20, lost],
      [30, opens(true)],
      [WINDOW_MS + 10, tick],
    ]);
    expect(told).toEqual([
      'door.closed isInitial=true',
      'door.contact-unknown why=silent',
      'door.opened cause=unknown was=closed isInitial=true',
      'outcome 5 unknown',
    ]);
    expect(state.mode).toBe('open');
  });

  it('DM1: a door of which nothing was heard is not closed', () => {
    expect(UNKNOWN_DOOR.mode).toBe('unknown');
    expect(
      run([
        [0, granted(1, 0)],
        [WINDOW_MS, tick],
      ]).told,
    ).toEqual(['outcome 1 unknown']);
  });

  it('DM2, DM3: a door that opens after a grant was entered, and is relocked', () => {
    expect(
      run(
        [
          [100, granted(7, 100)],
          [900, opens()],
        ],
        closed,
      ).told,
    ).toEqual(['door.opened cause=granted of=7', 'outcome 7 entered', 'relock']);
  });

  it('DM2: a door that opens without a release is forced', () => {
    const { state, told } = run([[100, opens()]], closed);
    expect(told).toEqual(['door.forced']);
    expect(alarmOf(state)).toBe('forced');
  });

  it('DM2: a retained message that says open is found, not forced', () => {
    const { state, told } = run([[100, opens(true)]], closed);
    expect(told).toEqual(['door.opened cause=unknown was=closed isInitial=true']);
    expect(state.mode).toBe('open');
  });

  it('DM2: an exit card explains the opening and waits for no outcome', () => {
    expect(
      run(
        [
          [100, exit(9, 100)],
          [900, opens()],
        ],
        closed,
      ).told,
    ).toEqual(['door.opened cause=exit of=9', 'relock']);
  });

  it('DM3, DM10: a door that opens after the exit button is not forced and not relocked', () => {
    expect(
      run(
        [
          [100, pressed(100)],
          [900, opens()],
        ],
        closed,
      ).told,
    ).toEqual(['exit-button.pressed', 'door.opened cause=exit-button']);
  });

  it('DM3: a grant beside a pressed exit button does not make software end what the button released', () => {
    expect(
      run(
        [
          [100, pressed(100)],
          [200, granted(3, 200)],
          [900, opens()],
        ],
        closed,
      ).told,
    ).not.toContain('relock');
  });

  it('DM10: the exit button ends no alarm', () => {
    const forced = run([[100, opens()]], closed).state;
    expect(alarmOf(run([[200, pressed(200)]], forced).state)).toBe('forced');
  });

  it('DM4: a second grant extends the deadline and a shorter one does not shorten it', () => {
    const first = run([[0, granted(1, 0)]], closed).state;
    expect(nextTickMs(run([[3000, granted(2, 3000)]], first).state)).toBe(3000 + WINDOW_MS);
    const shorter: BareInput = { type: 'released', cause: 'exit', of: 3, untilMs: asMonoMs(10) };
    expect(nextTickMs(run([[5, shorter]], first).state)).toBe(WINDOW_MS);
  });

  it('DM5: a grant that nobody used ends without entry, once', () => {
    const { told } = run(
      [
        [0, granted(1, 0)],
        [WINDOW_MS - 1, tick],
        [WINDOW_MS, tick],
        [WINDOW_MS * 2, tick],
      ],
      closed,
    );
    expect(told).toEqual(['outcome 1 no-entry']);
  });

  it('DM5: a grant while the door stands open ends as unknown', () => {
    expect(
      run(
        [
          [10, granted(2, 10)],
          [10 + WINDOW_MS, tick],
        ],
        open,
      ).told,
    ).toEqual(['outcome 2 unknown']);
  });

  it('DM6: of two grants on one opening the last entered', () => {
    expect(
      run(
        [
          [0, granted(1, 0)],
          [10, granted(2, 10)],
          [20, opens()],
        ],
        closed,
      ).told,
    ).toEqual(['door.opened cause=granted of=2', 'outcome 1 unknown', 'outcome 2 entered', 'relock']);
  });

  it('DM6: a flood of grants keeps few waiting and loses none', () => {
    const flood = Array.from({ length: MAX_WAITING * 3 }, (_, of): [number, BareInput] => [
      of,
      granted(of, of),
    ]);
    const { state, told } = run([...flood, [60_000, tick]], closed);
    expect(told).toHaveLength(MAX_WAITING * 3);
    expect(new Set(told.map((line) => line.split(' ')[1])).size).toBe(MAX_WAITING * 3);
    expect(state.releases).toEqual([]);
  });

  it('DM7: a forced door that goes out of sight stays in alarm until it is seen closed', () => {
    const { state, told } = run(
      [
        [100, opens()],
        [200, lost],
        [300, opens(true)],
        [400, tick],
      ],
      closed,
    );
    expect(alarmOf(state)).toBe('forced');
    expect(told).toEqual([
      'door.forced',
      'door.contact-unknown why=silent',
      'door.opened cause=unknown was=open isInitial=true',
    ]);
    expect(alarmOf(run([[500, closes()]], state).state)).toBe('none');
  });

  it('DM7: a held-open alarm is cleared by the closing, in the order of the journal', () => {
    const held = run([[60_000, tick]], open);
    expect(alarmOf(held.state)).toBe('held-open');
    expect(run([[61_000, closes()]], held.state).told).toEqual(['door.held-open-cleared', 'door.closed']);
  });

  it('DM8: a door that is open at start is recorded and becomes held open', () => {
    expect(
      run([
        [0, opens(true)],
        [29_999, tick],
        [30_000, tick],
      ]).told,
    ).toEqual(['door.opened cause=unknown was=unknown isInitial=true', 'door.held-open afterMs=30000']);
  });

  it('DM9: a leaf that bounces while it falls shut is not forced', () => {
    const { told, state } = run(
      [
        [20_000, closes()],
        [20_050, opens()],
        [20_100, closes()],
        [20_100 + BOUNCE_MS, opens()],
      ],
      open,
    );
    expect(told).toEqual([
      'door.closed',
      'door.opened cause=granted of=1',
      'relock',
      'door.closed',
      'door.forced',
    ]);
    expect(state.mode).toBe('forced');
  });

  it('DM9: a bounce gives no second outcome', () => {
    const { told } = run(
      [
        [10, closes()],
        [20, opens()],
        [30, closes()],
        [60_000, tick],
      ],
      open,
    );
    expect(told.filter((line) => line.startsWith('outcome'))).toEqual([]);
  });

  it('DM11: a refused pulse explains nothing, and its grant ends at once', () => {
    const { told } = run(
      [
        [0, granted(1, 0)],
        [5, { type: 'release-refused', of: 1 }],
        [10, opens()],
      ],
      closed,
    );
    expect(told).toEqual(['outcome 1 no-entry', 'door.forced']);
  });

  it('DM11: a refused pulse leaves what another release explains', () => {
    const { told } = run(
      [
        [0, granted(1, 0)],
        [1, granted(2, 1)],
        [5, { type: 'release-refused', of: 2 }],
        [10, opens()],
      ],
      closed,
    );
    expect(told).toEqual([
      'outcome 2 no-entry',
      'door.opened cause=granted of=1',
      'outcome 1 entered',
      'relock',
    ]);
  });

  it('DM16: the warning comes at two thirds, the alarm at the end', () => {
    const warned = run([[20_002, tick]], open);
    const early = run([[20_001, tick]], open);
    expect([isHeldSoon(early.state), isHeldSoon(warned.state)]).toEqual([false, true]);
    expect([early.told, warned.told]).toEqual([[], []]);
    const held = run([[30_002, tick]], warned.state);
    expect(held.told).toEqual(['door.held-open afterMs=30000']);
    expect(isHeldSoon(held.state)).toBe(false);
  });

  it('DM16: only closing ends the warning, losing the contact does not', () => {
    const lostOnce = run([[20_100, lost]], run([[20_002, tick]], open).state);
    expect(isHeldSoon(lostOnce.state)).toBe(true);
    expect(isHeldSoon(run([[20_200, opens()]], lostOnce.state).state)).toBe(true);
    expect(isHeldSoon(run([[20_300, closes()]], lostOnce.state).state)).toBe(false);
  });

  it('DM16: a tick that comes too late for the warning is the alarm', () => {
    const late = run([[90_000, tick]], open);
    expect(late.told).toEqual(['door.held-open afterMs=30000']);
    expect([isHeldSoon(late.state), nextTickMs(late.state)]).toEqual([false, null]);
  });

  it('DM17: a door is relocked on opening only where it is set up so', () => {
    const opened = (relock: 'on-open' | 'on-time-out', cause: 'granted' | 'operator' | 'hold-open') => {
      const settings = { ...SETTINGS, relock };
      const release = { type: 'released', cause, of: 1, untilMs: asMonoMs(7000), atMs: asMonoMs(0) } as const;
      const released = stepDoor(closed, release, settings).state;
      const input = { type: 'contact-open', isInitial: false, atMs: asMonoMs(1) } as const;
      return stepDoor(released, input, settings).effects.map(tell);
    };
    expect(opened('on-open', 'granted')).toContain('relock');
    expect(opened('on-open', 'operator')).toEqual(['door.opened cause=operator of=1', 'relock']);
    expect(opened('on-time-out', 'granted')).not.toContain('relock');
  });

  it('DM18: while a door is held open it stays released, and is open for long only after that', () => {
    const { state, told } = run(
      [
        [0, { type: 'hold-open-changed', untilMs: asMonoMs(600_000) }],
        [0, { type: 'released', cause: 'hold-open', of: 4, untilMs: asMonoMs(7000) }],
        [5000, opens()],
        [599_999, tick],
        [600_000, { type: 'hold-open-changed', untilMs: null }],
      ],
      closed,
    );
    expect(told).toEqual(['door.opened cause=hold-open of=4']);
    expect(run([[629_999, tick]], state).told).toEqual([]);
    expect(run([[630_000, tick]], state).told).toEqual(['door.held-open afterMs=30000']);
  });

  it('DM18: a hold that ends early, or begins while the leaf is open, moves the deadline with it', () => {
    const longer = run([[10_000, { type: 'hold-open-changed', untilMs: asMonoMs(100_000) }]], open).state;
    expect(longer.heldAtMs).toBe(130_000);
    const ended = run([[50_000, { type: 'hold-open-changed', untilMs: null }]], longer).state;
    expect(ended.heldAtMs).toBe(80_000);
  });

  it('DM19: an opening during a fire is no break-in and never relocked, and after it is one again', () => {
    const burning = run([[0, { type: 'fire-changed', isActive: true }]], closed).state;
    expect(run([[9, opens()]], burning).told).toEqual(['door.opened cause=fire']);
    const admitted = run([[1, granted(3, 1)]], burning).state;
    expect(run([[9, opens()]], admitted).told).toEqual([
      'door.opened cause=granted of=3',
      'outcome 3 entered',
    ]);
    const over = run([[20, { type: 'fire-changed', isActive: false }]], burning).state;
    expect(run([[30, opens()]], over).told).toEqual(['door.forced']);
  });

  it('DM20: an alarm that somebody knows of is silent, recorded once, and stands until the leaf is closed', () => {
    const forced = run([[100, opens()]], closed).state;
    const known = run(
      [
        [200, { type: 'alarm-acknowledged', of: 40 }],
        [300, { type: 'alarm-acknowledged', of: 41 }],
      ],
      forced,
    );
    expect(known.told).toEqual(['alarm.acknowledged of=40 cause=forced']);
    expect([alarmOf(known.state), isAlarmShown(known.state)]).toEqual(['forced', false]);
    const later = run(
      [
        [400, lost],
        [500, opens()],
        [90_000, tick],
      ],
      known.state,
    ).state;
    expect([alarmOf(later), isAlarmShown(later)]).toEqual(['forced', false]);
    const again = run(
      [
        [91_000, closes()],
        [92_000, opens()],
      ],
      later,
    ).state;
    expect([alarmOf(again), isAlarmShown(again)]).toEqual(['forced', true]);
  });

  it('DM20: where no alarm stands there is nothing to acknowledge', () => {
    for (const state of [closed, open, UNKNOWN_DOOR]) {
      expect(run([[5, { type: 'alarm-acknowledged', of: 1 }]], state)).toEqual({ state, told: [] });
    }
  });

  it('DM12: a leaf that went out of sight while open is held open all the same', () => {
    const { state, told } = run(
      [
        [100, lost],
        [40_000, tick],
      ],
      open,
    );
    expect(told).toEqual(['door.contact-unknown why=silent', 'door.held-open afterMs=30000']);
    expect(state.mode).toBe('held-open');
  });

  it('DM13: repeats record nothing', () => {
    const lock = (state: 'released' | 'secured'): BareInput => ({ type: 'lock-reported', lock: state });
    expect(
      run(
        [
          [1, closes()],
          [2, closes(true)],
        ],
        closed,
      ).told,
    ).toEqual([]);
    expect(
      run(
        [
          [3, opens()],
          [4, opens(true)],
        ],
        open,
      ).told,
    ).toEqual([]);
    expect(run([[1, lost]]).told).toEqual([]);
    expect(
      run([
        [1, lock('secured')],
        [2, lock('secured')],
        [3, lock('released')],
      ]).told,
    ).toEqual(['lock.secured', 'lock.released']);
    const twice = run(
      [
        [100, opens()],
        [200, lost],
        [300, lost],
        [400, opens()],
        [500, opens()],
      ],
      closed,
    );
    expect(twice.told).toHaveLength(3);
  });

  it('DM14: an opening after the deadline is forced even where the tick is late', () => {
    expect(
      run(
        [
          [0, granted(1, 0)],
          [WINDOW_MS, opens()],
        ],
        closed,
      ).told,
    ).toEqual(['outcome 1 no-entry', 'door.forced']);
    expect(
      run(
        [
          [0, granted(1, 0)],
          [WINDOW_MS - 1, opens()],
        ],
        closed,
      ).told,
    ).toContain('outcome 1 entered');
  });

  it('DM15: taking any cell out of the table does not compile', { timeout: 60_000 }, () => {
    const path = fileURLToPath(new URL('step-door.ts', import.meta.url));
    const text = readFileSync(path, 'utf8');
    const from = text.indexOf('const always = {');
    const to = text.indexOf('};', text.indexOf('const TABLE: Table = {'));
    const cells = [...text.slice(from, to).matchAll(/^ +(?:'?[a-z-]+'?: [A-Za-z']+|\.\.\.always),$/gm)];
    expect(cells).toHaveLength(6 + DOOR_MODES.length * 6);
    const program = compile(path, text);
    expect(program.errors).toBe(0);
    let last = program.program;
    const needless: string[] = [];
    for (const cell of cells) {
      const at = from + cell.index;
      const cut = compile(path, text.slice(0, at) + text.slice(at + cell[0].length), last);
      last = cut.program;
      if (cut.errors === 0) needless.push(cell[0]);
    }
    expect(needless).toEqual([]);
  });
});

function compile(path: string, text: string, old?: ts.Program): { program: ts.Program; errors: number } {
  const root = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
  const parsed = ts.parseJsonConfigFileContent(
    ts.readConfigFile(root, (file) => ts.sys.readFile(file)).config,
    ts.sys,
    dirname(root),
  );
  // The core needs neither Node's types nor the browser's: each turn has less to bind.
  const options = { ...parsed.options, types: [], lib: ['lib.es2023.d.ts'] };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) =>
    file === path
      ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
      : (old?.getSourceFile(file) ?? readSource(file, ...rest));
  const program = ts.createProgram({ rootNames: [path], options, host, ...(old && { oldProgram: old }) });
  const source = program.getSourceFile(path);
  return { program, errors: program.getSemanticDiagnostics(source).length };
}

describe('every state reachable', () => {
  const gaps = [0, 300, WINDOW_MS, 31_000];
  const MOST_WAITING = 2;

  /** All that can happen next, each after each gap. */
  function inputsOf(state: DoorState, nowMs: number, nextOf: number): BareInput[] {
    const waits = state.releases.filter(({ isWaiting }) => isWaiting).length;
    const known = state.releases.flatMap(({ of }) => of ?? []);
    return [
      opens(),
      opens(true),
      closes(),
      closes(true),
      lost,
      tick,
      pressed(nowMs),
      exit(nextOf, nowMs),
      ...(waits < MOST_WAITING ? [granted(nextOf, nowMs)] : []),
      ...known.map((of): BareInput => ({ type: 'release-refused', of })),
      { type: 'lock-reported', lock: 'released' },
      { type: 'lock-reported', lock: 'secured' },
    ];
  }

  /** A state seen from its own moment, with its records numbered from 0: equal ones behave alike. */
  function shapeOf(state: DoorState, nowMs: number): string {
    const from = (at: number | null): number | null => (at === null ? null : at - nowMs);
    const names = new Map<number, number>();
    const nameOf = (of: number | null): number | null => {
      if (of === null) return null;
      if (!names.has(of)) names.set(of, names.size);
      return names.get(of) ?? null;
    };
    return JSON.stringify({
      ...state,
      heldAtMs: from(state.heldAtMs),
      heldUntilMs: from(state.heldUntilMs),
      warnAtMs: from(state.warnAtMs),
      releases: state.releases.map((each) => ({ ...each, of: nameOf(each.of), untilMs: from(each.untilMs) })),
      openedBy: state.openedBy && { ...state.openedBy, of: nameOf(state.openedBy.of) },
    });
  }

  it('DM1, DM2, DM3, DM6, DM7, DM12: the invariants hold on every path', () => {
    const start = { state: UNKNOWN_DOOR, nowMs: 0 };
    const seen = new Set([shapeOf(UNKNOWN_DOOR, 0)]);
    let frontier = [start];
    const modes = new Set<string>();
    let steps = 0;
    for (let depth = 0; depth < 6; depth++) {
      const next: typeof frontier = [];
      for (const { state, nowMs } of frontier) {
        for (const gap of gaps) {
          const atMs = nowMs + gap;
          const nextOf = 1 + Math.max(0, ...state.releases.map(({ of }) => of ?? 0));
          for (const bare of inputsOf(state, atMs, nextOf)) {
            const input = { ...bare, atMs: asMonoMs(atMs) } as DoorInput;
            const step = stepDoor(state, input, SETTINGS);
            steps += 1;
            check(state, input, step.state, step.effects);
            modes.add(step.state.mode);
            const shape = shapeOf(step.state, atMs);
            if (seen.has(shape)) continue;
            seen.add(shape);
            if (seen.size < 2500) next.push({ state: step.state, nowMs: atMs });
          }
        }
      }
      frontier = next;
    }
    expect(modes).toEqual(new Set(DOOR_MODES));
    expect(steps).toBeGreaterThan(50_000);
  });

  function check(
    before: DoorState,
    input: DoorInput,
    after: DoorState,
    effects: readonly DoorEffect[],
  ): void {
    const say = (): string => JSON.stringify({ before, input, after, effects });
    const told = effects.map(tell);
    const fail = (what: string): never => {
      throw new Error(`${what}: ${say()}`);
    };
    if ((after.mode === 'closed') !== (after.contact === 'closed')) fail('closed without being seen closed');
    if (after.mode === 'open' && after.contact !== 'open') fail('open without being seen open');
    if (after.mode === 'unknown' && after.contact !== 'unknown') fail('unknown while seen');
    if (alarmOf(before) !== 'none' && after.mode !== before.mode && input.type !== 'contact-closed') {
      fail('an alarm ended unseen');
    }
    if (isHeldSoon(before) && !isHeldSoon(after) && !['closed', 'held-open'].includes(after.mode)) {
      fail('a warning ended while the leaf was open');
    }
    if (isHeldSoon(after) && after.mode === 'closed') fail('a warning outlived the closing');
    if (told.includes('door.forced')) {
      const wasSeen = before.mode === 'closed' && input.type === 'contact-open' && !input.isInitial;
      const stillOpen = before.releases.some(({ untilMs }) => untilMs > input.atMs);
      if (!wasSeen || stillOpen) fail('forced although explained or unseen');
    }
    if (told.includes('relock') && !(before.mode === 'closed' && after.mode === 'open'))
      fail('relock unasked');
    // Every grant that waited still waits, or has just got its one outcome.
    const waitingBefore = before.releases.flatMap(({ of, isWaiting }) =>
      isWaiting && of !== null ? [of] : [],
    );
    const isNew = input.type === 'released' && input.cause === 'granted' && input.of !== null;
    const expected = [...waitingBefore, ...(isNew && input.of !== null ? [input.of] : [])].sort(
      (a, b) => a - b,
    );
    const waitingAfter = after.releases.flatMap(({ of, isWaiting }) =>
      isWaiting && of !== null ? [of] : [],
    );
    const settled = effects.flatMap((effect) => (effect.type === 'outcome' ? [effect.of] : []));
    const accounted = [...waitingAfter, ...settled].sort((a, b) => a - b);
    if (JSON.stringify(expected) !== JSON.stringify(accounted)) fail('a grant was lost or settled twice');
    if (effects.some((effect) => effect.type === 'outcome' && effect.outcome === 'entered')) {
      if (before.mode !== 'closed' || input.type !== 'contact-open' || input.isInitial)
        fail('entered unseen');
    }
    const deadline = nextTickMs(after);
    if (deadline !== null && deadline <= input.atMs && input.type === 'tick')
      fail('a deadline outlived its tick');
  }
});
