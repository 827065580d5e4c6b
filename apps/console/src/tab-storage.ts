const instead = new Map<string, string>();

/** What this tab keeps until it is closed. A frame of another site may be refused storage: then it counts until the page is left. */
export const tabStorage = {
  get(key: string): string | undefined {
    try {
      return sessionStorage.getItem(key) ?? undefined;
    } catch {
      return instead.get(key);
    }
  },
  set(key: string, value: string): void {
    try {
      sessionStorage.setItem(key, value);
    } catch {
      instead.set(key, value);
    }
  },
  remove(key: string): void {
    try {
      sessionStorage.removeItem(key);
    } catch {
      instead.delete(key);
    }
  },
  /** Whatever begins so. */
  clear(prefix: string): void {
    const those = (key: string) => key.startsWith(prefix);
    [...instead.keys()].filter(those).forEach((key) => instead.delete(key));
    try {
      Object.keys(sessionStorage)
        .filter(those)
        .forEach((key) => sessionStorage.removeItem(key));
    } catch {
      // Nothing is kept where nothing can be.
    }
  },
};
