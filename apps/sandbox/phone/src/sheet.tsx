import { useEffect, useRef, type ReactNode } from 'react';
import { moveFocus } from './arrow-keys';
import { Icon, type IconName } from './icons';

/**
 * A modal layer over the phone, as tall as its content. The browser's own dialog keeps the focus inside, closes on Esc
 * and gives the focus back.
 */
export function Sheet({
  label,
  kind = 'sheet',
  onClose,
  children,
}: {
  label: string;
  kind?: 'sheet' | 'alert' | 'lightbox';
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`layer layer-${kind}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      // The composer behind listens to Esc as well.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="layer-panel">{children}</div>
    </dialog>
  );
}

export interface Choice {
  icon: IconName;
  text: string;
  danger?: boolean;
  pick: () => void;
}

export function MenuSheet({
  label,
  choices,
  onClose,
  children,
}: {
  label: string;
  choices: Choice[];
  onClose: () => void;
  children?: ReactNode;
}) {
  return (
    <Sheet label={label} onClose={onClose}>
      {children}
      <ul className="menu" onKeyDown={moveFocus}>
        {choices.map(({ icon, text, danger, pick }) => (
          <li key={text}>
            <button
              type="button"
              className={danger ? 'menu-choice danger' : 'menu-choice'}
              onClick={() => {
                onClose();
                pick();
              }}
            >
              <Icon name={icon} />
              {text}
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
