import { lazy, type ReactNode, Suspense } from 'react';
import { useCommands } from './commands';
import { useKitTexts } from './kit.texts';

/** Something that a search has found. */
export interface Found {
  id: string;
  title: string;
  about?: ReactNode;
  icon?: ReactNode;
  /** The head under which it stands. */
  group: string;
  open: () => void;
}

export interface PaletteProps {
  isOpen: boolean;
  onOpenChange: (open: boolean) => void;
  /** The head of the command that opens it, in the help. */
  group: string;
  /** What was found elsewhere for the words typed. */
  found?: readonly Found[];
  searching?: boolean;
  onSearch?: (text: string) => void;
}

// Nobody has opened it yet when a page is drawn.
const PaletteDialog = lazy(() => import('./palette-dialog'));

/** Everything that can be done or reached, by some letters of its name. */
export function Palette({ group, ...dialog }: PaletteProps) {
  const t = useKitTexts();
  const { isOpen, onOpenChange } = dialog;
  useCommands([
    { id: 'palette', title: t.palette.title, group, keys: 'mod+k', hidden: true, run: () => onOpenChange(!isOpen) },
  ]);
  return isOpen ? (
    <Suspense>
      <PaletteDialog {...dialog} />
    </Suspense>
  ) : null;
}
