import { useEffect, useRef } from 'react';
import type { Chat } from '../../src/phone/phone.api';
import { moveFocus } from './arrow-keys';

type Command = Chat['commands'][number];

/** Above the composer: opened by its button it takes the focus; while one types, the composer keeps it. */
export function CommandList({
  id,
  label,
  commands,
  active,
  takesFocus,
  onPick,
  onClose,
}: {
  id: string;
  label: string;
  commands: Command[];
  active?: number;
  takesFocus: boolean;
  onPick: (command: Command) => void;
  onClose: () => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (takesFocus) list.current?.querySelector('button')?.focus();
  }, [takesFocus]);
  return (
    <ul
      ref={list}
      id={id}
      className="commands"
      aria-label={label}
      onKeyDown={(event) => (event.key === 'Escape' ? onClose() : moveFocus(event))}
    >
      {commands.map((command, i) => (
        <li key={command.command}>
          <button
            type="button"
            id={`${id}-${i}`}
            data-testid={`command-${command.command}`}
            className={i === active ? 'command active' : 'command'}
            // The composer would lose its focus, and with it the list would close before the click.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onPick(command)}
          >
            <span className="command-name">/{command.command}</span>
            <span className="command-text">{command.description}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
