import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { drawnRows, type DrawnRows } from './window-rows.ts';

const OVERSCAN = 20;

/**
 * Follows the scrolling of the page over a long list and tells which of its rows to draw.
 * @param list the element whose first row begins at its top
 * @param rowSelector finds a drawn row, whose height is that of all
 * @param guess height of a row in px before one was drawn
 */
export function useWindowRows(
  list: RefObject<HTMLElement | null>,
  total: number,
  rowSelector: string,
  guess: number,
): DrawnRows {
  const [rowHeight, setRowHeight] = useState(guess);
  const [place, setPlace] = useState({ scrolled: 0, viewHeight: window.innerHeight });
  const frame = useRef(0);

  useEffect(() => {
    const look = (): void => {
      frame.current = 0;
      const top = list.current?.getBoundingClientRect().top;
      if (top === undefined) return;
      const next = { scrolled: -top, viewHeight: window.innerHeight };
      setPlace((before) =>
        before.scrolled === next.scrolled && before.viewHeight === next.viewHeight ? before : next,
      );
    };
    const lookSoon = (): void => {
      if (frame.current === 0) frame.current = requestAnimationFrame(look);
    };
    look();
    window.addEventListener('scroll', lookSoon, { passive: true });
    window.addEventListener('resize', lookSoon);
    return () => {
      cancelAnimationFrame(frame.current);
      window.removeEventListener('scroll', lookSoon);
      window.removeEventListener('resize', lookSoon);
    };
  }, [list]);

  // Measured on what is drawn: the height of a row depends on the screen, the font and the zoom.
  useLayoutEffect(() => {
    const height = list.current?.querySelector(rowSelector)?.getBoundingClientRect().height;
    if (height !== undefined && height > 0 && Math.abs(height - rowHeight) > 0.01) setRowHeight(height);
  });

  return drawnRows(total, rowHeight, place.scrolled, place.viewHeight, OVERSCAN);
}
