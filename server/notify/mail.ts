import { createTransport } from 'nodemailer';

/** The server that takes mail, and the sender. */
export interface MailSettings {
  /** `smtp://USER:PASSWORD@HOST:PORT` or `smtps://...` */
  readonly url: string;
  readonly from: string;
}

/** Sends mail. */
export interface Mailer {
  /**
   * Sends one short message that says only that there is something to read.
   * @param message.id becomes the Message-ID: a repeat has the same
   * @throws what the mail server answers
   */
  send(message: { readonly id: string; readonly to: string }): Promise<void>;
  close(): void;
}

const WORDS = {
  id: {
    subject: 'Palang Pintu: ada pemberitahuan untuk Anda',
    text: (link: string) =>
      `Ada pemberitahuan baru untuk Anda.\n\nBuka: ${link}\n\nMembuka tautan ini tidak memutuskan apa pun.\n`,
  },
  en: {
    subject: 'Palang Pintu: there is something for you to read',
    text: (link: string) =>
      `There is a new notification for you.\n\nOpen: ${link}\n\nOpening this link decides nothing.\n`,
  },
} as const;

/**
 * Makes what sends mail; the text names nobody, no place and no reason.
 * @param site.link page that the mail leads to
 * @see rule SH87
 */
export function createMailer(
  { url, from }: MailSettings,
  site: { readonly link: URL; readonly locale: 'id' | 'en' },
): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { subject, text } = WORDS[site.locale];
  return {
    send: async ({ id, to }) => {
      await transport.sendMail({
        from,
        to,
        subject,
        text: text(site.link.href),
        messageId: `<${id}@${site.link.hostname}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
    close: () => transport.close(),
  };
}
