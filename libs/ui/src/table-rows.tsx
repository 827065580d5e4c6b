import { ArrowDown, ArrowUp, Ellipsis } from 'lucide-react';
import type { MouseEvent, ReactNode } from 'react';
import { Link } from 'react-aria-components';
import { useKitTexts } from './kit.texts';
import type { MenuGroup } from './menu';
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

interface Selection {
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

export function HeadCell<Row>({
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

export function BodyRow<Row>({
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

export function SkeletonRow<Row>({
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

export function SelectAll({ ids, selection }: { ids: readonly string[]; selection: Selection }) {
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

function toggled(ids: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const next = new Set(ids);
  if (on) next.add(id);
  else next.delete(id);
  return next;
}
