/** People are round, bots are rounded squares, so that one sees at a glance who is who. */
export function Avatar({
  name,
  hue,
  bot = false,
  size = 48,
}: {
  name: string;
  hue: number;
  bot?: boolean;
  size?: number;
}) {
  const initials = name
    .split(/\s+/)
    .filter((word) => /^[\p{L}\p{N}]/u.test(word))
    .slice(0, 2)
    .map((word) => [...word][0]!.toUpperCase())
    .join('');
  return (
    <span
      className={bot ? 'avatar avatar-bot' : 'avatar'}
      style={{ '--hue': hue, '--size': `${size}px` } as React.CSSProperties}
      aria-hidden="true"
    >
      {initials || '#'}
    </span>
  );
}

/** Neighbouring ids get colours far apart: 137.5° is the golden angle. */
export const hueOf = (id: number) => Math.round((Math.abs(id) * 137.5) % 360);
