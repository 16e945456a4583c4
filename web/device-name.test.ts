import { describe, expect, it } from 'vitest';
import { deviceNameOf } from './device-name.ts';

describe('device name', () => {
  it('W59: a browser is named in two words, the special one before those that it names too', () => {
    const chrome =
      'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile';
    expect(deviceNameOf(`${chrome} Safari/537.36`)).toBe('Chrome, Android');
    expect(deviceNameOf(`${chrome} Safari/537.36 EdgA/130.0`)).toBe('Edge, Android');
    expect(
      deviceNameOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile Safari/604.1'),
    ).toBe('Safari, iPhone');
    expect(deviceNameOf('Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0')).toBe(
      'Firefox, Linux',
    );
  });

  it('W59: what is not known stays as it is', () => {
    expect(deviceNameOf('curl/8.5.0')).toBe('curl/8.5.0');
  });
});
