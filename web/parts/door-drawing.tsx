import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DoorState } from '#contract/api';
import { useWords } from '../app-state.ts';
import type { ReaderLight } from '../simulator-state.ts';

/** The keys of the panel in its own order. */
export const PANEL_KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', '0', 'enter'] as const;
export type PanelKey = (typeof PANEL_KEYS)[number];

const KEY_FACES: Readonly<Partial<Record<PanelKey, string>>> = { clear: '✱', enter: '#' };
const KEY = 54;
const KEY_GAP = 5;
const PANEL_X = 238;
const KEYS_X = PANEL_X + 10;
const KEYS_Y = 184;

export interface DoorControls {
  readonly onKey: (key: PanelKey) => void;
  readonly onLeaf: () => void;
  /** Something that was dragged onto the reader: the card it carries. */
  readonly onCard: (card: string) => void;
}

export interface DoorDrawingProps {
  readonly lock: DoorState['lock'];
  readonly contact: DoorState['contact'];
  readonly alarm: DoorState['alarm'];
  readonly light: ReaderLight;
  /** Initials of those inside; a question mark where no name is known. */
  readonly inside: readonly string[];
  readonly controls?: DoorControls;
}

/** The door from outside: reader with its light, keypad, lock, leaf, and who is inside. */
export function DoorDrawing(props: DoorDrawingProps): JSX.Element {
  const words = useWords();
  const { lock, contact, alarm, light, controls } = props;
  const [isOver, setIsOver] = useState(false);
  const isOpen = contact === 'open';
  const state = [
    `${words.door.lock} ${words.door.locks[lock].toLowerCase()}`,
    `${words.door.contact} ${words.door.contacts[contact].toLowerCase()}`,
    alarm === 'none' ? null : words.door.alarmNames[alarm].toLowerCase(),
  ].filter((part) => part !== null);
  return (
    <svg
      class={`door lock-${lock} contact-${contact} alarm-${alarm} light-${light}`}
      viewBox="0 0 440 452"
      role={controls === undefined ? 'img' : 'group'}
      aria-label={words.door.drawing(state.join(', '))}
    >
      <path class="door-floor" d="M0 440h440" />
      <rect class="door-frame" x="10" y="30" width="212" height="410" rx="4" />
      <g class="door-room">
        <rect class="door-room-air" x="22" y="42" width="188" height="398" />
        {[124, 168].map((x) => (
          <g key={x}>
            <rect class="door-rack" x={x} y="150" width="38" height="250" rx="2" />
            {Array.from({ length: 9 }, (_, unit) => (
              <g key={unit}>
                <path class="door-rack-unit" d={`M${x + 5} ${168 + unit * 26}h28`} />
                <circle class="door-rack-light" cx={x + 31} cy={160 + unit * 26} r="1.8" />
              </g>
            ))}
          </g>
        ))}
        <path class="door-room-floor" d="M22 440 60 404h150v36z" />
      </g>
      <Pressable label={words.door.push} onPress={controls?.onLeaf}>
        {isOpen ? (
          <g class="door-leaf">
            <path class="door-leaf-face press-face" d="M22 42 96 70v342L22 440z" />
            <path class="door-leaf-pane" d="M58 118l22 8v128l-22 4z" />
            <path class="door-handle" d="M86 250v34" />
          </g>
        ) : (
          <g class="door-leaf">
            <rect class="door-leaf-face press-face" x="22" y="42" width="188" height="398" />
            <rect class="door-leaf-pane" x="92" y="112" width="48" height="140" rx="4" />
            <path class="door-leaf-kick" d="M36 402h160" />
            <path class="door-handle" d="M190 248v40" />
            <circle class="door-handle-rose" cx="190" cy="248" r="5" />
          </g>
        )}
        {contact === 'unknown' ? (
          <text class="door-unknown" x="116" y="350" text-anchor="middle">
            ?
          </text>
        ) : null}
      </Pressable>
      <g class="door-lock" aria-hidden="true">
        <rect class="door-lock-case" x="207" y="300" width="18" height="38" rx="4" />
        <rect class="door-bolt" x={lock === 'released' ? 209 : 194} y="313" width="16" height="12" rx="2" />
      </g>

      <g
        class={isOver ? 'reader is-over' : 'reader'}
        onDragOver={(event) => {
          if (controls === undefined) return;
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          const card = event.dataTransfer?.getData('text/plain') ?? '';
          if (card !== '') controls?.onCard(card);
        }}
      >
        <rect class="reader-body" x={PANEL_X} y="56" width="192" height="372" rx="14" />
        <rect class="reader-light" x={PANEL_X + 56} y="72" width="80" height="10" rx="5" />
        <path
          class="reader-waves"
          d="M316 142a16 16 0 0 1 0-24M346 118a16 16 0 0 1 0 24M306 150a28 28 0 0 1 0-40M356 110a28 28 0 0 1 0 40"
        />
        <circle class="reader-dot" cx="331" cy="130" r="5" />
      </g>
      <g class="keypad">
        {PANEL_KEYS.map((key, index) => {
          const x = KEYS_X + (index % 3) * (KEY + KEY_GAP);
          const y = KEYS_Y + Math.floor(index / 3) * (KEY + KEY_GAP);
          return (
            <Pressable
              key={key}
              label={
                key === 'clear'
                  ? words.door.keyClear
                  : key === 'enter'
                    ? words.door.keyEnter
                    : words.door.key(key)
              }
              onPress={controls === undefined ? undefined : () => controls.onKey(key)}
            >
              <rect class="key-face press-face" x={x} y={y} width={KEY} height={KEY} rx="8" />
              <text
                class="key-text"
                x={x + KEY / 2}
                y={y + KEY / 2 + 8}
                text-anchor="middle"
                aria-hidden="true"
              >
                {KEY_FACES[key] ?? key}
              </text>
            </Pressable>
          );
        })}
      </g>
      <g class="door-people" aria-hidden="true">
        {props.inside.slice(0, 6).map((initials, index) => (
          <g key={`${initials}${index}`}>
            <circle cx={250 + index * 32} cy="24" r="14" />
            <text x={250 + index * 32} y="29" text-anchor="middle">
              {initials}
            </text>
          </g>
        ))}
      </g>
    </svg>
  );
}

/** A part of the drawing that can be pressed, by finger and by key, where the drawing is a control. */
function Pressable(props: {
  readonly label: string;
  readonly onPress: (() => void) | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { onPress } = props;
  if (onPress === undefined) return <g>{props.children}</g>;
  return (
    <g
      class="press"
      role="button"
      tabIndex={0}
      aria-label={props.label}
      onClick={onPress}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onPress();
      }}
    >
      {props.children}
    </g>
  );
}
