/** One word of a closed set, kept by this browser. Where storage is refused it is simply not kept. */
export function remembered<const Word extends string>(key: string, words: readonly Word[]) {
  return {
    read(): Word | undefined {
      try {
        const stored = localStorage.getItem(key);
        return words.find((word) => word === stored);
      } catch {
        return undefined;
      }
    },
    write(word: Word): void {
      try {
        localStorage.setItem(key, word);
      } catch {
        // It counts until the page is closed.
      }
    },
  };
}
