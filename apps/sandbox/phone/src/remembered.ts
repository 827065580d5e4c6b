/** A choice kept in this browser. Where storage is forbidden (private windows), it is simply not kept. */
export function remembered<T extends string>(key: string, allowed: readonly T[]) {
  return {
    read(): T | undefined {
      try {
        const value = localStorage.getItem(key);
        return allowed.find((choice) => choice === value);
      } catch {
        return undefined;
      }
    },
    write(value: T): void {
      try {
        localStorage.setItem(key, value);
      } catch {
        return;
      }
    },
  };
}
