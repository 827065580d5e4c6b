import {
  Button,
  defineTexts,
  Dialog,
  DialogActions,
  DialogBody,
  MenuButton,
  notify,
  TextField,
  useKitTexts,
} from '@switchboard/ui';
import { useLocation, useRouter } from '@tanstack/react-router';
import { Bookmark, BookmarkPlus, BookmarkX } from 'lucide-react';
import { useState } from 'react';
import { stringifySearch } from '../search';
import { changeSavedFilters, isSameFilter, type SavedFilter, useSavedFilters } from './saved-filters.store';

const useTexts = defineTexts({
  en: {
    title: 'Saved filters',
    save: 'Save these filters…',
    name: 'Name',
    keep: 'Save',
    remove: (name: string) => `Remove “${name}”`,
    removed: (name: string) => `“${name}” is removed`,
    saved: 'Saved in this browser',
  },
  ru: {
    title: 'Сохранённые фильтры',
    save: 'Сохранить эти фильтры…',
    name: 'Название',
    keep: 'Сохранить',
    remove: (name) => `Удалить «${name}»`,
    removed: (name) => `«${name}» удалён`,
    saved: 'Сохранено в этом браузере',
  },
});

/** It takes the place of one of the same name. */
const keep = (filter: SavedFilter) =>
  changeSavedFilters((kept) => [...kept.filter((one) => !isSameFilter(one, filter)), filter]);

/** Keeps the filters of the page one is on, and brings kept ones back. */
export function SavedFilters() {
  const t = useTexts();
  const { navigate } = useRouter();
  const { pathname, search } = useLocation();
  const [naming, setNaming] = useState(false);
  const all = useSavedFilters();
  const here = all.filter(({ path }) => path === pathname);
  const current = stringifySearch({ ...search, after: undefined });
  const remove = (filter: SavedFilter) => {
    changeSavedFilters((kept) => kept.filter((one) => !isSameFilter(one, filter)));
    notify({ text: t.removed(filter.name), undo: () => keep(filter) });
  };
  const isFiltered = stringifySearch({ ...search, after: undefined, tab: undefined }) !== '';
  if (here.length === 0 && !isFiltered) return null;
  return (
    <>
      <MenuButton
        label={t.title}
        placement="bottom end"
        groups={[
          {
            id: 'saved',
            title: here.length > 0 ? t.title : undefined,
            entries: here.map(({ name, search: kept }, i) => ({
              ...{ id: `open ${i}`, label: name, icon: <Bookmark /> },
              onAction: () => void navigate({ href: pathname + kept }),
            })),
          },
          {
            id: 'new',
            entries: current
              ? [{ id: 'save', label: t.save, icon: <BookmarkPlus />, onAction: () => setNaming(true) }]
              : [],
          },
          {
            id: 'remove',
            entries: here
              .filter((one) => one.search === current)
              .map((filter, i) => ({
                ...{ id: `remove ${i}`, label: t.remove(filter.name), icon: <BookmarkX /> },
                onAction: () => remove(filter),
              })),
          },
        ]}
      >
        <Button look="quiet" icon={<Bookmark />}>
          {here.find((one) => one.search === current)?.name ?? t.title}
        </Button>
      </MenuButton>
      {naming && (
        <NameDialog
          onClose={() => setNaming(false)}
          onName={(name) => {
            keep({ path: pathname, name, search: current });
            notify({ text: t.saved });
          }}
        />
      )}
    </>
  );
}

function NameDialog({ onClose, onName }: { onClose: () => void; onName: (name: string) => void }) {
  const t = useTexts();
  const kit = useKitTexts();
  const [name, setName] = useState('');
  return (
    <Dialog width="narrow" title={t.title} isOpen onOpenChange={(open) => !open && onClose()}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!name.trim()) return;
          onName(name.trim());
          onClose();
        }}
      >
        <DialogBody>
          <TextField label={t.name} value={name} onChange={setName} maxLength={60} autoFocus />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <Button type="submit" look="primary" isDisabled={!name.trim()}>
            {t.keep}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
