import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Person } from '#contract/api';
import type { Attachment } from '#contract/api-visit';
import { encodeBase64Url } from '#contract/bytes';
import { Fault, ok, type Result } from '#contract/result';
import { newRowId } from '../auth/tokens.ts';
import { checkAttachment, MAX_ATTACHMENTS } from '../domain/attachment-check.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { inTransaction } from '../store/database.ts';
import { attachmentsOf, insertAttachment } from '../store/request-parts.ts';
import { loadVisible, refused } from './request-access.ts';
import type { Refusal, Site } from './site.ts';

const pathOf = (dir: string, hash: string): string => join(dir, hash.slice(0, 2), hash);

/** Keeps a file under its hash: whole or not at all, for the server's owner alone. */
function saveFile(dir: string, hash: string, bytes: Uint8Array): void {
  const path = pathOf(dir, hash);
  if (existsSync(path)) return;
  mkdirSync(join(dir, hash.slice(0, 2)), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

/**
 * Attaches a file to one's own request that nobody has decided. What it is is judged by its content; pictures lose
 * what tells where and by whom they were taken.
 * @see rules SD43, SH50
 */
export async function attachFile(
  site: Site,
  person: Person,
  requestId: string,
  file: { readonly name: string; readonly bytes: Uint8Array },
): Promise<Result<Attachment, Refusal>> {
  const checked = checkAttachment(file.bytes);
  if (!checked.ok) return refused(checked.error);
  const now = site.clock.epochMs();
  const { bytes, type } = checked.value;
  const hash = encodeBase64Url(sha256(bytes));
  const id = newRowId(site.random, 'at');
  return inTransaction(site.db, async (trx): Promise<Result<Attachment, Refusal>> => {
    const request = await loadVisible(trx, site, requestId, person);
    if (request?.requesterId !== person.id) return refused('not-found');
    if (!['draft', 'submitted', 'verified', 'emergency'].includes(request.state))
      return refused('step-not-allowed');
    if ((await attachmentsOf(trx, requestId)).length >= MAX_ATTACHMENTS)
      return refused('attachment-too-large');
    // A name is words of the sender: nothing in it leads anywhere.
    const name = file.name.normalize('NFC').replaceAll(/[\p{C}/\\]/gu, '_');
    saveFile(site.filesDir, hash, bytes);
    await insertAttachment(trx, {
      id,
      request_id: requestId,
      name,
      type,
      size: bytes.length,
      hash,
      added_at: now,
      added_by: person.id,
    });
    return ok({ id, name, type, size: bytes.length, hash, addedAt: new Date(now).toISOString() });
  });
}

/** Reads an attached file, if it is still what was attached. */
export async function readAttachment(
  site: Site,
  person: Person,
  requestId: string,
  id: string,
): Promise<Result<{ readonly attachment: Attachment; readonly bytes: Uint8Array }, Refusal>> {
  const request = await loadVisible(site.db, site, requestId, person);
  if (request === null) return refused('not-found');
  const attachment = (await attachmentsOf(site.db, requestId)).find((each) => each.id === id);
  if (attachment === undefined) return refused('not-found');
  const path = pathOf(site.filesDir, attachment.hash);
  if (!existsSync(path)) return refused('not-found');
  const bytes = new Uint8Array(readFileSync(path));
  if (encodeBase64Url(sha256(bytes)) !== attachment.hash)
    throw new Fault('attachment-damaged', { retryable: false });
  return ok({ attachment, bytes });
}
