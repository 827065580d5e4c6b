import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight, Ellipsis, X } from 'lucide-react';
import { type MouseEvent, type ReactNode, type RefObject, useRef, useState } from 'react';
import { Link } from 'react-aria-components';
import { Button, IconButton } from './button';
import { useCommands } from './commands';
import { useKitTexts } from './kit.texts';
import { MenuAt, type MenuGroup } from './menu';
import { ProblemState } from './problem';
import { Skeleton } from './skeleton';
import './data-table.css';

export interface Column<Row> {
  id: string;
  title: string;
  cell: (row: Row) => ReactNode;
  align?: 'end';
  /** As CSS has it; columns without one share what is left. */
  width?: string;
  /** The field of the route's `sort` parameter. */
  sort?: string;
  /** Below 640 px: `main` and `state` are the first line, all `more` the second; `never` is left out. */
  phone?: 'main' | 'state' | 'more' | 'never';
}

export interface Selection {
  ids: ReadonlySet<string>;
  onChange: (ids: ReadonlySet<string>) => void;
  /** What can be done with those selected. */
  actions: ReactNode;
}

export interface DataTableProps<Row> {
  /** Read out, not seen. */
  label: string;
  columns: readonly Column<Row>[];
  /** Those of the page; `undefined` before the first answer. */
  rows: readonly Row[] | undefined;
  idOf: (row: Row) => string;
  /** How a row is called where it is spoken of: its name or id. */
  nameOf: (row: Row) => string;
  /** Another page is on its way; the rows of the last one stay, dimmed. */
  waiting?: boolean;
  error?: unknown;
  onRetry?: () => void;
  /** In place of the rows, when there are none. */
  empty?: ReactNode;
  /** Where a row leads. */
  href?: (row: Row) => string;
  /** What a row does when it leads nowhere. */
  onOpen?: (row: Row) => void;
  actions?: (row: Row) => readonly MenuGroup[];
  /** `-createdAt` is the newest first. */
  sort?: string;
  onSort?: (sort: string) => void;
  selection?: Selection;
  paging?: { next: string | null; prev: string | null; onGo: (cursor: string) => void };
  /** Rows that came since, and are not among these. */
  fresh?: { count: number; onShow: () => void };
  /** A ribbon at the edge, for rows that want to be seen. */
  toneOf?: (row: Row) => 'bad' | 'warn' | 'good' | 'accent' | undefined;
}

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

function HeadCell<Row>({
  column: { title, align, sort: field },
  sort = '',
  onSort,
}: {
  column: Column<Row>;
  sort?: string;
  onSort?: (sort: string) => void;
}) {
  if (!field || !onSort) {
    return (
      <th role="columnheader" data-align={align}>
        {title}
      </th>
    );
  }
  const direction = sort === field ? 'ascending' : sort === `-${field}` ? 'descending' : undefined;
  return (
    <th role="columnheader" data-align={align} aria-sort={direction ?? 'none'}>
      <button
        type="button"
        className="ui-table-sort"
        onClick={() => onSort(direction === 'descending' ? field : `-${field}`)}
      >
        {title}
        {direction === 'ascending' ? <ArrowUp /> : <ArrowDown data-idle={!direction || undefined} />}
      </button>
    </th>
  );
}

function BodyRow<Row>({
  row,
  table,
  menuIsOpen,
  onMenu,
}: {
  row: Row;
  table: DataTableProps<Row>;
  menuIsOpen: boolean;
  onMenu: (row: Row, button: Element) => void;
}) {
  const { columns, idOf, nameOf, href, onOpen, actions, selection, toneOf } = table;
  const t = useKitTexts();
  const id = idOf(row);
  const isSelected = selection?.ids.has(id);
  const hasActions = actions && actions(row).some(({ entries }) => entries.length > 0);
  return (
    <tr
      role="row"
      tabIndex={-1}
      data-id={id}
      data-selected={isSelected || undefined}
      data-opens={href || onOpen ? true : undefined}
      data-tone={toneOf?.(row)}
    >
      {selection && (
        <td role="cell" className="ui-table-check" data-phone="check">
          <input
            type="checkbox"
            className="ui-table-box"
            aria-label={t.table.select(nameOf(row))}
            checked={isSelected}
            onChange={(event) => selection.onChange(toggled(selection.ids, id, event.target.checked))}
          />
        </td>
      )}
      {columns.map((column, i) => {
        const content = column.cell(row);
        const isFirst = i === 0;
        return (
          <td
            key={column.id}
            role="cell"
            data-align={column.align}
            data-phone={column.phone ?? (isFirst ? 'main' : 'more')}
            data-title={column.align === 'end' ? column.title : undefined}
            data-empty={content === null || content === undefined || content === '' ? true : undefined}
          >
            {isFirst && (href || onOpen) ? (
              <RowLink href={href?.(row)} onPress={href ? undefined : () => onOpen?.(row)}>
                {content}
              </RowLink>
            ) : (
              content
            )}
          </td>
        );
      })}
      {actions && (
        <td role="cell" data-phone="actions">
          {hasActions && (
            // A menu of RAC in each of fifty rows costs a quarter of a second: one is made when it is asked for.
            <button
              type="button"
              className="ui-table-more"
              aria-label={t.table.actionsOf(nameOf(row))}
              aria-haspopup="menu"
              aria-expanded={menuIsOpen}
              onClick={(event: MouseEvent) => onMenu(row, event.currentTarget)}
            >
              <Ellipsis />
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

/** Its area is the whole row, by CSS; what else can be pressed lies above it. */
const RowLink = ({ href, onPress, children }: { href?: string; onPress?: () => void; children: ReactNode }) => (
  <Link className="ui-table-link" href={href} onPress={onPress}>
    {children}
  </Link>
);

function SkeletonRow<Row>({
  index,
  table: { columns, selection, actions },
}: {
  index: number;
  table: DataTableProps<Row>;
}) {
  return (
    <tr role="row" aria-hidden>
      {selection && <td className="ui-table-check" data-phone="check" />}
      {columns.map(({ id, align, phone }, i) => (
        <td key={id} data-align={align} data-phone={phone ?? (i === 0 ? 'main' : 'more')}>
          <Skeleton width={`${i === 0 ? 45 + ((index * 17) % 40) : 35 + ((index * 13 + i * 7) % 30)}%`} />
        </td>
      ))}
      {actions && <td data-phone="actions" />}
    </tr>
  );
}

function SelectAll({ ids, selection }: { ids: readonly string[]; selection: Selection }) {
  const t = useKitTexts();
  const count = ids.filter((id) => selection.ids.has(id)).length;
  const all = count > 0 && count === ids.length;
  return (
    <input
      type="checkbox"
      className="ui-table-box"
      aria-label={t.table.selectAll}
      checked={all}
      ref={(box) => {
        if (box) box.indeterminate = count > 0 && !all;
      }}
      onChange={() => selection.onChange(all ? new Set() : new Set(ids))}
    />
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

function toggled(ids: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const next = new Set(ids);
  if (on) next.add(id);
  else next.delete(id);
  return next;
}
