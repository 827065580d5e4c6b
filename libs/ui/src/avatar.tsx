import './avatar.css';

/** The first letters of a name, on a colour that belongs to the id. */
export function Avatar({ id, name, size = 28 }: { id: string; name: string; size?: number }) {
  return (
    <span
      className="ui-avatar"
      aria-hidden
      style={{ width: size, height: size, fontSize: Math.round(size * 0.4), ['--avatar-hue' as string]: hueOf(id) }}
    >
      {initialsOf(name)}
    </span>
  );
}

const initialsOf = (name: string): string =>
  [...name.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu)].slice(0, 2).join('').toLocaleUpperCase() || '?';

function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + char.codePointAt(0)!) % 100_003;
  // The golden angle lays neighbours far apart.
  return Math.round(hash * 137.508) % 360;
}
