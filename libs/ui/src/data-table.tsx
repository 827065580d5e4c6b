import { ChevronLeft, ChevronRight, X } from 'lucide-react';
import { type RefObject, useRef, useState } from 'react';
import { Button, IconButton } from './button';
import { useCommands } from './commands';
import { useKitTexts } from './kit.texts';
import { MenuAt } from './menu';
import { ProblemState } from './problem';
import { BodyRow, type DataTableProps, HeadCell, SelectAll, SkeletonRow } from './table-rows';
import './data-table.css';

/** In pixels: narrower, the whole table scrolls. */
const LEAST_COLUMN = 100;

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, idOf, waiting, error, empty, actions, selection, paging, fresh } = props;
  const t = useKitTexts();
  const body = useRef<HTMLTableSectionElement>(null);
  const [menu, setMenu] = useState<{ row: Row; button: Element }>();
  const anchor = useRef<Element | null>(null);
  const widths = columns.map(({ id, width }) => <col key={id} style={{ width }} />);
  useRowCommands(body);

  if (error && !rows) {
    return (
      <div className="ui-table-frame">
        <ProblemState error={error} retry={props.onRetry} />
      </div>
    );
  }
  if (rows?.length === 0 && empty) return <div className="ui-table-frame">{empty}</div>;
  const { href, onOpen, onSort } = props;
  // What can be scrolled must be reached by the keyboard, also where nothing in it can be pressed.
  const isInert = !(href ?? onOpen ?? onSort ?? actions ?? selection);
  const openMenu = (row: Row, button: Element) => {
    anchor.current = button;
    setMenu({ row, button });
  };
  return (
    <div className="ui-table-frame" data-waiting={(waiting && rows) || undefined}>
      {fresh && fresh.count > 0 && (
        <button type="button" className="ui-table-fresh" onClick={fresh.onShow}>
          {t.table.fresh(fresh.count)}
        </button>
      )}
      <div className="ui-table-scroll" {...(isInert && { tabIndex: 0, role: 'group', 'aria-label': label })}>
        <table
          className="ui-table"
          role="table"
          aria-label={label}
          aria-busy={waiting || undefined}
          style={{
            ['--least' as string]: `${columns.length * LEAST_COLUMN + (selection ? 40 : 0) + (actions ? 48 : 0)}px`,
          }}
        >
          <colgroup>
            {selection && <col style={{ width: 40 }} />}
            {widths}
            {actions && <col style={{ width: 48 }} />}
          </colgroup>
          <thead role="rowgroup">
            <tr role="row">
              {selection && (
                <th role="columnheader" className="ui-table-check">
                  <SelectAll ids={rows?.map(idOf) ?? []} selection={selection} />
                </th>
              )}
              {columns.map((column) => (
                <HeadCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
              ))}
              {actions && (
                <th role="columnheader">
                  <span className="visually-hidden">{t.table.actions}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody ref={body} role="rowgroup">
            {rows
              ? rows.map((row) => (
                  <BodyRow key={idOf(row)} row={row} table={props} menuIsOpen={menu?.row === row} onMenu={openMenu} />
                ))
              : Array.from({ length: 8 }, (_, i) => <SkeletonRow key={i} index={i} table={props} />)}
          </tbody>
        </table>
      </div>
      {menu && actions && (
        <MenuAt
          label={t.table.actionsOf(props.nameOf(menu.row))}
          groups={actions(menu.row)}
          anchor={anchor}
          onClose={() => setMenu(undefined)}
        />
      )}
      {selection && selection.ids.size > 0 && (
        <div className="ui-table-selection" role="group" aria-label={t.table.selected(selection.ids.size)}>
          <span aria-live="polite">{t.table.selected(selection.ids.size)}</span>
          <div className="ui-row">{selection.actions}</div>
          <IconButton
            label={t.table.clearSelection}
            icon={<X />}
            size="small"
            onPress={() => selection.onChange(new Set())}
          />
        </div>
      )}
      {paging && (paging.next !== null || paging.prev !== null) && <Pages {...paging} />}
    </div>
  );
}

function Pages({ next, prev, onGo }: { next: string | null; prev: string | null; onGo: (cursor: string) => void }) {
  const t = useKitTexts();
  return (
    <nav className="ui-table-pages" aria-label={t.table.pages}>
      <Button
        size="small"
        icon={<ChevronLeft />}
        isDisabled={prev === null}
        onPress={() => prev !== null && onGo(prev)}
      >
        {t.table.newer}
      </Button>
      <Button
        size="small"
        iconEnd={<ChevronRight />}
        isDisabled={next === null}
        onPress={() => next !== null && onGo(next)}
      >
        {t.table.older}
      </Button>
    </nav>
  );
}

/** `J` and `K` go through the rows, `Enter` opens the one that has the focus, `X` selects it, `.` shows its menu. */
function useRowCommands(body: RefObject<HTMLTableSectionElement | null>): void {
  const t = useKitTexts();
  const current = () => document.activeElement?.closest<HTMLTableRowElement>('tbody > tr') ?? null;
  const go = (step: 1 | -1) => {
    const rows = [...(body.current?.rows ?? [])];
    const at = rows.indexOf(current()!);
    rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
  };
  const press = (selector: string) => {
    const row = current();
    if (row && body.current?.contains(row)) row.querySelector<HTMLElement>(selector)?.click();
  };
  const commands = [
    { id: 'row.next', title: t.commands.nextRow, keys: 'j', run: () => go(1) },
    { id: 'row.previous', title: t.commands.previousRow, keys: 'k', run: () => go(-1) },
    { id: 'row.open', title: t.commands.openRow, keys: 'enter', run: () => press('.ui-table-link') },
    { id: 'row.select', title: t.commands.selectRow, keys: 'x', run: () => press('.ui-table-box') },
    { id: 'row.menu', title: t.commands.rowMenu, keys: '.', run: () => press('.ui-table-more') },
  ];
  useCommands(commands.map((command) => ({ ...command, group: t.commands.list, hidden: true })));
}
