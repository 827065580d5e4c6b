import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from './button';
import { useKitTexts } from './kit.texts';
import './dialog.css';

interface DialogProps {
  title: ReactNode;
  /** One sentence under the title. */
  about?: ReactNode;
  /** `side` is a sheet at the right edge, on a phone at the bottom. */
  look?: 'middle' | 'side';
  width?: 'narrow' | 'usual' | 'wide';
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
  /** While something is under way that must not be left by a stray click. */
  locked?: boolean;
  /** For what is asked before something is destroyed. */
  alert?: boolean;
  children: ReactNode | ((close: () => void) => ReactNode);
}

export function Dialog({
  title,
  about,
  look = 'middle',
  width = 'usual',
  isOpen,
  onOpenChange,
  locked,
  alert,
  children,
}: DialogProps) {
  const t = useKitTexts();
  return (
    <ModalOverlay
      className="ui-shade"
      data-look={look}
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      isDismissable={!locked && !alert}
      isKeyboardDismissDisabled={locked}
    >
      <Modal className="ui-modal" data-look={look} data-width={width}>
        <AriaDialog className="ui-dialog" role={alert ? 'alertdialog' : 'dialog'}>
          {({ close }) => (
            <>
              <div className="ui-dialog-head">
                <div>
                  <Heading slot="title">{title}</Heading>
                  {about && <p>{about}</p>}
                </div>
                {!locked && <IconButton label={t.close} icon={<X />} size="small" onPress={close} />}
              </div>
              {typeof children === 'function' ? children(close) : children}
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export const DialogBody = ({ children }: { children: ReactNode }) => <div className="ui-dialog-body">{children}</div>;

/** The last line of a dialog: what is done stands at its end. */
export const DialogActions = ({ children }: { children: ReactNode }) => (
  <footer className="ui-dialog-actions">{children}</footer>
);
