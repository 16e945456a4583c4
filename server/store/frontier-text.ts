import { decodeBase64Url, encodeBase64Url } from '#contract/bytes';
import type { Frontier } from '#contract/merkle';
import { Fault } from '#contract/result';

/** Writes the peaks of a frontier as one column. */
export const encodePeaks = (frontier: Frontier): string => frontier.peaks.map(encodeBase64Url).join(' ');

/** Reads the peaks of a frontier. @throws Fault `frontier-damaged` */
export function decodePeaks(size: number, text: string): Frontier {
  const peaks = text === '' ? [] : text.split(' ').map(decodeBase64Url);
  return {
    size,
    peaks: peaks.map((peak) => {
      if (!peak.ok) throw new Fault('frontier-damaged', { retryable: false });
      return peak.value;
    }),
  };
}
