import type { Capabilities } from './capabilities.ts';
import type { Command } from './commands.ts';
import type { Link, LinkRequest, LinkState } from './link-state.ts';

export interface NextCommand {
  readonly command: Command;
  readonly request: LinkRequest | undefined;
}

const own = (command: Command): NextCommand => ({ command, request: undefined });
const POLL: Command = { type: 'POLL' };

/** Lock commands first: nobody should wait at a door for a display. */
function nextOnline({ queue, survey }: Link): NextCommand {
  const request = queue.find(({ command }) => command.type === 'OUT') ?? queue[0];
  if (request !== undefined) return { command: request.command, request };
  return own(survey[0] ?? POLL);
}

const NEXT: Readonly<Record<LinkState, (link: Link) => NextCommand | undefined>> = {
  offline: () => undefined,
  challenging: ({ rndA }) => rndA && own({ type: 'CHLNG', rndA }),
  scrypting: ({ device }) => device && own({ type: 'SCRYPT', cryptogram: device.panelProof }),
  identifying: () => own({ type: 'ID' }),
  'reading-capabilities': () => own({ type: 'CAP' }),
  online: nextOnline,
};

/** First question: which command next. */
export const nextCommand = (link: Link): NextCommand | undefined => NEXT[link.state](link);

/** The status questions for what the device has, asked when it comes online and now and then later. */
export const surveyOf = ({ inputs, outputs, readers }: Capabilities): readonly Command[] => [
  { type: 'LSTAT' },
  ...(inputs > 0 ? [{ type: 'ISTAT' } as const] : []),
  ...(outputs > 0 ? [{ type: 'OSTAT' } as const] : []),
  ...(readers > 0 ? [{ type: 'RSTAT' } as const] : []),
];
