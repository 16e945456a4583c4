import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useRequestWords } from '../use-request-words.ts';
import { Sheet } from './sheet.tsx';

/** What a browser has that reads barcodes; it is in no type library yet. */
interface BarcodeReader {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}

const readerClass = (): (new () => BarcodeReader) | undefined =>
  (globalThis as { BarcodeDetector?: new () => BarcodeReader }).BarcodeDetector;

/** Tells whether this device can read barcodes by itself. */
export const canScanBarcodes = (): boolean =>
  readerClass() !== undefined && (navigator as Partial<Navigator>).mediaDevices !== undefined;

const LOOK_EVERY_MS = 200;

/** Reads one barcode with the camera; no picture leaves the device. */
export function BarcodeSheet(props: {
  readonly onCode: (code: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const words = useRequestWords();
  const video = useRef<HTMLVideoElement>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const found = useRef(props.onCode);
  found.current = props.onCode;

  useEffect(() => {
    const Reader = readerClass();
    let isOpen = true;
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function watch(): Promise<void> {
      if (Reader === undefined) throw new TypeError('no barcode reader');
      const reader = new Reader();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      const screen = video.current;
      if (!isOpen || screen === null) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      screen.srcObject = stream;
      await screen.play();
      const look = async (): Promise<void> => {
        const code = (await reader.detect(screen))[0]?.rawValue;
        if (!isOpen) return;
        if (code !== undefined && code !== '') found.current(code);
        else timer = setTimeout(() => void look().catch(() => setHasFailed(true)), LOOK_EVERY_MS);
      };
      await look();
    }
    watch().catch(() => isOpen && setHasFailed(true));
    return () => {
      isOpen = false;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);

  return (
    <Sheet title={words.scan} onClose={props.onClose}>
      <p role={hasFailed ? 'alert' : undefined}>{hasFailed ? words.scanFailed : words.scanText}</p>
      {hasFailed ? null : <video ref={video} class="barcode-video" muted playsInline />}
    </Sheet>
  );
}
