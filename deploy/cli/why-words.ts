import type { EventType } from '#contract/event';
import type { CommittedField } from '#contract/record';
import type { ReleaseCause } from '../../gateway/door/step-door.ts';
import type { Language } from '../../web/words/words.ts';

/** What `palang why` says beyond the words of the app, which names events, reasons and rules. */
export interface WhyWords {
  /** What an event did to the door; the others neither opened it nor kept it shut. */
  readonly answers: Readonly<Partial<Record<EventType, string>>>;
  readonly neither: string;
  readonly opened: Readonly<Record<ReleaseCause | 'unknown', string>>;
  readonly was: string;
  /** Heads the record that the first one rests on. */
  readonly because: (event: string) => string;
  readonly utc: string;
  readonly heldBy: string;
  readonly committed: Readonly<Record<CommittedField, string>>;
  readonly notOpened: string;
}

/** By language: one that the app has and this table does not is a compile error. */
export const WHY_WORDS: Readonly<Record<Language, WhyWords>> = {
  id: {
    answers: {
      'access.granted': 'Pintu boleh dibuka: semua aturan terpenuhi.',
      'access.denied': 'Pintu tetap tertutup.',
      'exit.recorded': 'Pintu boleh dibuka: keluar tidak pernah ditolak.',
      'door.forced': 'Pintu terbuka padahal kunci tidak dilepas.',
      'lock.released': 'Kunci dilepas.',
    },
    neither: 'Peristiwa ini tidak membuka pintu dan tidak menahannya.',
    opened: {
      granted: 'Pintu dibuka setelah akses diberikan.',
      exit: 'Pintu dibuka setelah kartu ditempelkan untuk keluar.',
      'exit-button': 'Pintu dibuka setelah tombol keluar ditekan.',
      operator: 'Pintu dibuka setelah kunci dilepas atas perintah petugas.',
      'hold-open': 'Pintu dibuka selama pintu ditahan terbuka atas perintah.',
      unknown: 'Pintu didapati terbuka; kapan dan oleh siapa tidak terlihat.',
    },
    was: 'Terakhir terlihat',
    because: (event) => `Berdasarkan ${event}`,
    utc: 'UTC',
    heldBy: 'Ada di server',
    committed: { sub: 'Orang', pm: 'Izin', cred: 'Kartu' },
    notOpened: 'tidak ada dalam bukti ini',
  },
  en: {
    answers: {
      'access.granted': 'The door was allowed to open: every rule was satisfied.',
      'access.denied': 'The door stayed shut.',
      'exit.recorded': 'The door was allowed to open: leaving is never refused.',
      'door.forced': 'The door opened although the lock had not been released.',
      'lock.released': 'The lock was released.',
    },
    neither: 'This event neither opened the door nor kept it shut.',
    opened: {
      granted: 'The door was opened after access was granted.',
      exit: 'The door was opened after a card was presented to leave.',
      'exit-button': 'The door was opened after the exit button was pressed.',
      operator: 'The door was opened after the lock was released by order.',
      'hold-open': 'The door was opened while it was held open by order.',
      unknown: 'The door was found open; when it opened, and for whom, nobody saw.',
    },
    was: 'Last seen',
    because: (event) => `Resting on ${event}`,
    utc: 'UTC',
    heldBy: 'At the server',
    committed: { sub: 'Person', pm: 'Permit', cred: 'Card' },
    notOpened: 'not in this evidence',
  },
};
