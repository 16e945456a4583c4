/** NAK codes by number, as far as the standard gives them a meaning. */
export const NAK = {
  checkBytes: 0x01,
  length: 0x02,
  unknownCommand: 0x03,
  sequence: 0x04,
  securityUnsupported: 0x05,
  securityRequired: 0x06,
  biometricType: 0x07,
  biometricFormat: 0x08,
  record: 0x09,
  generic: 0xff,
} as const;

/**
 * What a NAK asks of the link: `repeat` the frame, `restart` at sequence 0, `distrust` the session, or nothing but to
 * give up this one command.
 */
export type NakConsequence = 'repeat' | 'restart' | 'distrust' | 'decline';

export function consequenceOfNak(code: number): NakConsequence {
  switch (code) {
    case NAK.checkBytes:
      return 'repeat';
    case NAK.sequence:
      return 'restart';
    case NAK.securityUnsupported:
    case NAK.securityRequired:
      return 'distrust';
    default:
      return 'decline';
  }
}
