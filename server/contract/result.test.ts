import { describe, expect, it } from 'vitest';
import { err, Fault, ok, unreachable } from './result.ts';

describe('outcomes and faults', () => {
  it('C26: an outcome says by its form which it is', () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 });
    expect(err('expired')).toEqual({ ok: false, error: 'expired' });
  });

  it('C26: a fault says its code and whether to try again, and keeps its cause', () => {
    const cause = new Error('EIO');
    const fault = new Fault('link-lost', { retryable: true, cause });
    expect(fault).toMatchObject({
      name: 'Fault',
      code: 'link-lost',
      message: 'link-lost',
      retryable: true,
      cause,
    });
    expect(new Fault('x', { retryable: false })).not.toHaveProperty('cause');
  });

  it('C26: a case that cannot be ends the process without showing the value', () => {
    expect(() => unreachable('secret' as never)).toThrow(/^unreachable case of type string$/);
  });
});
