import { useState } from 'react';
import { tabStorage } from '../../tab-storage';

/**
 * What stands behind the `#` of an address, as a code that is worth something: it goes out of the address and the history at once, and is
 * kept by this tab for whoever has to sign in first.
 * @param kept as what
 */
export function useCodeOfAddress(kept: string): readonly [code: string | undefined, forget: () => void] {
  const [code] = useState(() => {
    const given = decodeURIComponent(window.location.hash.slice(1));
    if (given) {
      tabStorage.set(kept, given);
      window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
    }
    return given || tabStorage.get(kept);
  });
  return [code, () => tabStorage.remove(kept)];
}
