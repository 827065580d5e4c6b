import { createHash } from 'node:crypto';

/** A number from 0 up to 1 that is always the same for the same key. Source: FNV-1a with the last steps of MurmurHash3. */
export function chance(...key: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of key.join('/')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Of a list, by weights or evenly. */
export function pick<T>(list: readonly T[], at: number, weights?: readonly number[]): T {
  if (!weights) return list[Math.floor(at * list.length)]!;
  let left = at * weights.reduce((sum, weight) => sum + weight, 0);
  return list.find((_, i) => (left -= weights[i]!) < 0) ?? list.at(-1)!;
}

/** A UUID of version 8 by name: see `DemoId` of the contracts. */
export function demoId(...name: readonly (string | number)[]): string {
  return idOf(createHash('sha256').update(name.join('/')).digest('hex'));
}

/** One that begins with its moment, as those of real rows do: lists in the order of ids are in that of time. */
export function demoIdAt(at: Date, ...name: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(name.join('/')).digest('hex');
  return idOf(at.getTime().toString(16).padStart(12, '0') + hex.slice(12));
}

function idOf(hex: string): string {
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
