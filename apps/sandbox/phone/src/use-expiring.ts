import { useEffect, useState } from 'react';

/** The value, until `ms` after it last changed; a new object counts as a change, so a repeated report lasts anew. */
export function useExpiring<T extends object>(value: T | undefined, ms: number): T | undefined {
  const [expired, setExpired] = useState<T>();
  useEffect(() => {
    if (!value) return;
    const timer = setTimeout(() => setExpired(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value === expired ? undefined : value;
}
