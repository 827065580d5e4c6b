/** Line icons on a 24-unit grid, drawn for this phone. */
const paths = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  more: 'M12 5.5v.01M12 12v.01M12 18.5v.01',
  send: 'M5 12h13M12.5 5.5L19 12l-6.5 6.5',
  save: 'M5 12.500l4.5 4.500L19 7.5',
  attach:
    'M20 11.500l-8.2 8.200a5.3 5.3 0 0 1-7.5-7.500l8.5-8.500a3.5 3.5 0 0 1 5 5l-8.3 8.300a1.8 1.8 0 0 1-2.5-2.500l7.5-7.5',
  microphone: 'M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3',
  commands: 'M8 4h8a4 4 0 0 1 4 4v8a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4zM13.5 8.500l-3 7',
  bin: 'M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7M10.5 11v5M13.5 11v5',
  reply: 'M9.5 6.500L4 12l5.5 5.500M4.5 12H14a6 6 0 0 1 6 6v.5',
  edit: 'M4.5 19.500l1-4L16 5l3 3L8.5 18.500zM14 7l3 3',
  copy: 'M9 9h10.500v10.500H9zM15 5.500V4.500H4.500V15h1',
  link: 'M8 16L16.5 7.500M9.5 7h7.500v7.5',
  down: 'M6 9.500l6 6 6-6',
  file: 'M6.5 3.500h7L18.5 9v11.500h-12zM13.5 3.500V9h5',
  block: 'M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800v4.400M9 14.800v4.4',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0',
  check: 'M5 12.500l4.5 4.500L19 7.5',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.500l3 1.5',
  failed: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v5M12 16v.01',
  place:
    'M12 21c4-4.500 6.5-8 6.5-11a6.5 6.5 0 0 0-13 0c0 3 2.500 6.500 6.5 11zM12 12.200a2.2 2.2 0 1 0 0-4.400 2.2 2.2 0 0 0 0 4.400z',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  stop: 'M7.500 7.500h9v9h-9z',
  audio: 'M5 10v4M9 6.500v11M13 9v6M17 5v14M21 10.500v3',
} as const;

export type IconName = keyof typeof paths | 'play' | 'pause';

const solid = { play: 'M8 5l11.5 7L8 19z', pause: 'M7 5h3.500v14H7zM13.5 5H17v14h-3.500z' } as const;

export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      {name === 'play' || name === 'pause' ? (
        <path d={solid[name]} fill="currentColor" strokeWidth="1" />
      ) : (
        <path d={paths[name]} fill="none" />
      )}
    </svg>
  );
}

export function IconButton({
  icon,
  label,
  ...rest
}: { icon: IconName; label: string } & React.ComponentProps<'button'> & { 'data-testid'?: string }) {
  return (
    <button type="button" title={label} aria-label={label} {...rest} className={`icon-button ${rest.className ?? ''}`}>
      <Icon name={icon} />
    </button>
  );
}
