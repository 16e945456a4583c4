import { useEffect, useState } from 'preact/hooks';
import type { Command } from '#contract/api-door';
import { doorCommands } from './api-door.ts';
import { useApp } from './app-state.ts';
import { ORDER_LIFE_MS } from './order-acts.ts';
import { useStream } from './use-stream.ts';

/** Long enough for the server to say by itself that it has lapsed. */
const LAPSE_GRACE_MS = 500;
const LATEST = 20;

/** Whether an order may still change. */
export const isOrderOpen = ({ state }: Pick<Command, 'state'>): boolean =>
  state === 'waiting' || state === 'sent';

/** Follows one order until the journal of its door says what became of it, or until it lapsed. */
export function useOrder(first: Command): Command {
  const app = useApp();
  const [order, setOrder] = useState(first);

  async function read(): Promise<void> {
    const answer = await doorCommands(app.api, first.doorId, LATEST);
    const found = answer.ok ? answer.value.items.find(({ id }) => id === first.id) : undefined;
    if (found !== undefined) setOrder(found);
  }

  useStream(
    (message) => {
      if (message.kind !== 'command' || message.commandId !== first.id) return;
      const { state } = message;
      setOrder((before) => ({ ...before, state }));
      // Why it was refused, and when it was done, is told by the list alone.
      if (state === 'done' || state === 'refused') void read();
    },
    () => void read(),
  );

  useEffect(() => {
    // What the gateway did between the order and the first message may have gone unheard.
    void read();
    const timer = setTimeout(() => void read(), ORDER_LIFE_MS + LAPSE_GRACE_MS);
    return () => clearTimeout(timer);
  }, []);
  return order;
}
