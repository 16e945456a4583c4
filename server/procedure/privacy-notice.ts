import { encodeBase64Url, utf8 } from '#contract/bytes';
import { NOTICE_TEXTS, NOTICE_VERSION } from '../domain/privacy-notice.ts';
import { sha256 } from '../signing/node-crypto.ts';

/** The notice as it is shown, with the hash under which requests are filed. @see rule SH42 */
export const privacyNotice = {
  version: NOTICE_VERSION,
  hash: encodeBase64Url(sha256(utf8(`${NOTICE_VERSION}\n${NOTICE_TEXTS.id}\n${NOTICE_TEXTS.en}`))),
  ...NOTICE_TEXTS,
};
