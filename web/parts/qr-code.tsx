import { encodeQR } from 'qr';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

/** White around the squares; readers need it. ISO/IEC 18004 asks for four. */
const MARGIN = 4;

/** A QR code, dark on white in both themes: readers expect it so. */
export function QrCode(props: { readonly text: string; readonly label: string }): JSX.Element {
  const { text, label } = props;
  const { path, size } = useMemo(() => {
    const rows = encodeQR(text, 'raw', { ecc: 'medium', border: MARGIN });
    const squares = rows.flatMap((row, y) =>
      row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
    );
    return { path: squares.join(''), size: rows.length };
  }, [text]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path class="qr-paper" d={`M0 0h${size}v${size}H0z`} />
      <path class="qr-ink" d={path} />
    </svg>
  );
}
