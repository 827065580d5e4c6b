import { useEffect, useState } from 'react';

/** A draft arrives in pieces about this far apart; each piece is typed out in the time until the next. */
const pieceMs = 500;

/** How many characters of a growing text to show, so that it appears typed rather than in leaps. */
export function useReveal(length: number, growing: boolean): number {
  const [shown, setShown] = useState(growing ? 0 : length);
  useEffect(() => {
    if (!growing || matchMedia('(prefers-reduced-motion: reduce)').matches) return setShown(length);
    let frame = 0;
    let from: number | undefined;
    const began = performance.now();
    const step = (now: number) => {
      const share = Math.min(1, (now - began) / pieceMs);
      setShown((current) => {
        from ??= Math.min(current, length);
        return Math.round(from + (length - from) * share);
      });
      if (share < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [length, growing]);
  return growing ? shown : length;
}
