import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Door } from '#contract/api';
import type { Command } from '#contract/api-door';
import type { CommandAct } from '#contract/command';
import { doorCommands } from '../api-door.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { actsFor, ORDER_READERS } from '../order-acts.ts';
import { useLoad } from '../use-load.ts';
import { useStream } from '../use-stream.ts';
import { wordOf } from '../words/words.ts';
import { Button, type ButtonKind } from './button.tsx';
import type { IconName } from './icon.tsx';
import { ProblemNotice } from './notice.tsx';
import { OrderChip, OrderSheet } from './order-sheet.tsx';
import { Skeleton } from './skeleton.tsx';

const LOOKS: Readonly<Record<CommandAct, { readonly icon: IconName; readonly kind: ButtonKind }>> = {
  'alarm-acknowledge': { icon: 'check', kind: 'primary' },
  release: { icon: 'lockOpen', kind: 'secondary' },
  'hold-open-start': { icon: 'doorOpen', kind: 'secondary' },
  'hold-open-end': { icon: 'door', kind: 'secondary' },
  'presence-reset': { icon: 'people', kind: 'secondary' },
  'lockdown-start': { icon: 'ban', kind: 'danger' },
  'lockdown-end': { icon: 'checkCircle', kind: 'primary' },
};

const SHOWN = 5;

/** What those in charge may order at a door, and what became of the latest orders. */
export function DoorOrders({ door }: { readonly door: Door }): JSX.Element | null {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const nowMs = app.nowMs.value;
  const [asked, setAsked] = useState<CommandAct | null>(null);
  if (!me.roles.some((role) => ORDER_READERS.includes(role))) return null;
  const { alarm, isAcknowledged, lockdown, holdOpenUntil } = door.state;
  const acts = actsFor(me.roles, {
    alarm,
    isAcknowledged,
    isLockedDown: lockdown !== null,
    isHeldOpen: holdOpenUntil !== null && Date.parse(holdOpenUntil) > nowMs,
  });
  return (
    <>
      {acts.length === 0 ? null : (
        <section class="card orders">
          <h2>{words.orders.title}</h2>
          <p class="soft small">{words.orders.lead}</p>
          <div class="order-acts">
            {acts.map((act) => (
              <Button key={act} {...LOOKS[act]} onClick={() => setAsked(act)}>
                {words.orders.names[act]}
              </Button>
            ))}
          </div>
        </section>
      )}
      <OrderHistory doorId={door.id} />
      {asked === null ? null : <OrderSheet door={door} act={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function OrderHistory({ doorId }: { readonly doorId: string }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const orders = useLoad(`orders ${doorId}`, () => doorCommands(app.api, doorId, SHOWN));
  useStream(
    (message) => {
      if (message.kind === 'command' && message.doorId === doorId) void orders.reload();
    },
    () => void orders.reload(),
  );
  const items = orders.data?.items;
  return (
    <section class="block">
      <h2>{words.orders.history}</h2>
      {orders.problem === undefined ? null : (
        <ProblemNotice problem={orders.problem} onRetry={() => void orders.reload()} />
      )}
      {items === undefined ? (
        orders.problem === undefined ? (
          <Skeleton rows={2} kind="row" />
        ) : null
      ) : items.length === 0 ? (
        <p class="soft">{words.orders.historyEmpty}</p>
      ) : (
        <div class="list">
          {items.map((order) => (
            <OrderRow key={order.id} order={order} />
          ))}
        </div>
      )}
    </section>
  );
}

function OrderRow({ order }: { readonly order: Command }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const when = time.dayAndClock(Date.parse(order.orderedAt), app.nowMs.value);
  return (
    <div class="row order-row">
      <span class="row-main">
        <span class="strong">{words.orders.names[order.act]}</span>
        <span class="soft small">
          {wordOf(words.orders.reasons, order.why)} · {words.orders.by(order.byName, time.inSentence(when))}
          {order.refusal === null ? '' : ` · ${wordOf(words.orders.refusals, order.refusal)}`}
        </span>
      </span>
      <OrderChip state={order.state} />
    </div>
  );
}
