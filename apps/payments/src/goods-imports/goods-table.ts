import {
  CatalogueCode,
  Currency,
  fractionDigitsOf,
  fromDecimal,
  type LocalizedText,
  Sku,
} from '@switchboard/contracts';
import type { Variant } from '../goods/product.entity';

/** What a row of a table says of one variant: what it does not name stays. */
export interface WantedRow {
  /** In the file. */
  readonly row: number;
  readonly sku: string;
  readonly code?: string | undefined;
  readonly title?: Partial<LocalizedText> | undefined;
  readonly choice?: Variant['choice'] | undefined;
  readonly prices?: Readonly<Record<string, number>> | undefined;
  readonly pieces?: number | undefined;
  readonly weightG?: number | undefined;
  readonly archived?: boolean | undefined;
}

/** Why a row cannot be taken. */
export const ROW_PROBLEMS = {
  sku_invalid: { en: 'This is no SKU.', ru: 'Это не артикул.' },
  sku_twice: { en: 'The table has this SKU already.', ru: 'Такой артикул уже есть в таблице выше.' },
  code_invalid: {
    en: 'A code of a product has small Latin letters, digits and hyphens.',
    ru: 'Код товара пишется строчными латинскими буквами, цифрами и дефисом.',
  },
  choice_invalid: {
    en: 'A variant is written as size=m; colour=black.',
    ru: 'Вариант пишется так: size=m; colour=black.',
  },
  price_invalid: { en: 'This is no price in this currency.', ru: 'Это не цена в этой валюте.' },
  pieces_invalid: { en: 'Pieces are a whole number, 0 or more.', ru: 'Остаток — целое число, не меньше 0.' },
  weight_invalid: { en: 'A weight is a whole number of grams.', ru: 'Вес — целое число граммов.' },
  archived_invalid: { en: 'It says yes or no.', ru: 'Здесь пишется «да» или «нет».' },
  product_needed: { en: 'A new SKU needs the code of its product.', ru: 'Новому артикулу нужен код товара.' },
  title_needed: { en: 'A new product needs a title.', ru: 'Новому товару нужно название.' },
  price_needed: { en: 'A new SKU needs a price.', ru: 'Новому артикулу нужна цена.' },
  other_product: { en: 'The SKU belongs to another product.', ru: 'Артикул принадлежит другому товару.' },
  choice_unknown: {
    en: 'The choice does not name one value of each option of the product.',
    ru: 'В варианте должно быть по одному значению каждого параметра товара.',
  },
  choice_taken: { en: 'The product has a variant of this choice.', ru: 'У товара уже есть такой вариант.' },
  stock_too_low: { en: 'More are reserved for orders.', ru: 'За заказами закреплено больше.' },
  stock_not_tracked: {
    en: 'The pieces of this variant are not counted.',
    ru: 'Для этого варианта остатки не считаются.',
  },
  changed_elsewhere: { en: 'Somebody has changed it meanwhile.', ru: 'Его успели изменить.' },
} as const satisfies Record<string, LocalizedText>;
export type RowProblem = keyof typeof ROW_PROBLEMS;

/** A row that cannot be taken. */
export interface RefusedRow {
  readonly row: number;
  readonly refused: RowRefused;
}

export class RowRefused extends Error {
  override readonly name = 'RowRefused';

  constructor(
    readonly problem: RowProblem,
    readonly column: string | null = null,
  ) {
    super(problem);
  }
}

/** In the order in which they are exported; each is known by either name. A price has its currency behind it. */
export const COLUMNS = {
  code: { en: 'Product code', ru: 'Код товара' },
  sku: { en: 'SKU', ru: 'Артикул' },
  titleEn: { en: 'Title, English', ru: 'Название, английский' },
  titleRu: { en: 'Title, Russian', ru: 'Название, русский' },
  choice: { en: 'Variant', ru: 'Вариант' },
  price: { en: 'Price', ru: 'Цена' },
  pieces: { en: 'Pieces', ru: 'Остаток' },
  weightG: { en: 'Weight, g', ru: 'Вес, г' },
  archived: { en: 'Sold no more', ru: 'Не продаётся' },
} as const;
type ColumnName = keyof typeof COLUMNS;

const YES = ['yes', 'да', 'true', '1'];
const NO = ['no', 'нет', 'false', '0'];

/** Where each column is, and of prices of which currency; undefined where there are no SKUs. */
function columnsOf(header: readonly string[]) {
  const at = new Map<ColumnName, number>();
  const prices = new Map<string, number>();
  header.forEach((cell, i) => {
    const name = cell.trim().toLowerCase();
    const currency = /^(?:price|цена),? ([a-z]{3})$/.exec(name)?.[1]?.toUpperCase();
    if (currency !== undefined) return prices.set(currency, i);
    const known = Object.entries(COLUMNS).find(([, { en, ru }]) => [en, ru].some((one) => one.toLowerCase() === name));
    return known && at.set(known[0] as ColumnName, i);
  });
  return at.has('sku') ? { at, prices } : undefined;
}

/**
 * What the rows of a table want.
 * @param firstRow the number of its header in the file
 * @returns undefined for a table without a column of SKUs
 */
export function wantedRows(
  [header, ...rows]: readonly (readonly string[])[],
  firstRow: number,
): (WantedRow | RefusedRow)[] | undefined {
  const columns = header && columnsOf(header);
  if (!columns) return undefined;
  const { at, prices } = columns;
  const decimals = new Map([...prices].map(([currency, i]) => [currency, decimalOf(rows.map((row) => row[i] ?? ''))]));
  const seen = new Set<string>();
  return rows.flatMap((row, i): (WantedRow | RefusedRow)[] => {
    if (row.every((cell) => cell.trim() === '')) return [];
    const number = firstRow + 1 + i;
    const cell = (name: ColumnName) => textIn(row[at.get(name) ?? -1]);
    const column = (name: ColumnName) => header[at.get(name) ?? -1] ?? null;
    const refuse = (problem: RowProblem, name: string | null): never => {
      throw new RowRefused(problem, name);
    };
    try {
      const sku = Sku.safeParse(cell('sku'));
      if (!sku.success) return refuse('sku_invalid', column('sku'));
      if (seen.has(sku.data)) return refuse('sku_twice', column('sku'));
      seen.add(sku.data);
      const code = cell('code');
      if (code !== undefined && !CatalogueCode.safeParse(code).success) return refuse('code_invalid', column('code'));
      const [en, ru] = [cell('titleEn')?.slice(0, 200), cell('titleRu')?.slice(0, 200)];
      const priced = [...prices].flatMap(([currency, place]) => {
        const text = textIn(row[place]);
        if (text === undefined) return [];
        const minor = amountIn(text, decimals.get(currency)!, currency);
        return minor === undefined ? refuse('price_invalid', header[place] ?? null) : [[currency, minor] as const];
      });
      const wanted: WantedRow = {
        ...{ row: number, sku: sku.data, code },
        title: en === undefined && ru === undefined ? undefined : { ...(en && { en }), ...(ru && { ru }) },
        choice: choiceIn(cell('choice'), () => refuse('choice_invalid', column('choice'))),
        prices: priced.length > 0 ? Object.fromEntries(priced) : undefined,
        pieces: wholeIn(cell('pieces'), () => refuse('pieces_invalid', column('pieces'))),
        weightG: wholeIn(cell('weightG'), () => refuse('weight_invalid', column('weightG'))),
        archived: answerIn(cell('archived'), () => refuse('archived_invalid', column('archived'))),
      };
      return [wanted];
    } catch (error) {
      if (!(error instanceof RowRefused)) throw error;
      return [{ row: number, refused: error }];
    }
  });
}

/** An empty cell says nothing. What an export has defused for spreadsheets is what it was before. */
function textIn(cell: string | undefined): string | undefined {
  const text = cell?.trim().replace(/^'(?=[=+\-@])/, '') ?? '';
  return text === '' ? undefined : text;
}

/** `1 234,50` and `1,234.50`: a whole column is written in one way, which one cell alone may not tell. */
function decimalOf(cells: readonly string[]): ',' | '.' {
  const last = (cell: string) => Math.max(cell.lastIndexOf(','), cell.lastIndexOf('.'));
  const isComma = (cell: string) => cell[last(cell)] === ',' && /,\d{1,2}$/.test(cell.trim());
  return cells.some(isComma) ? ',' : '.';
}

function amountIn(text: string, decimal: ',' | '.', currency: string): number | undefined {
  if (!Currency.safeParse(currency).success) return undefined;
  const bare = text.replaceAll(/[\s\u00A0\u202F]/g, '');
  // In a column of decimal commas this could be either.
  if (decimal === ',' && /^\d+\.\d{1,2}$/.test(bare)) return undefined;
  const plain = decimal === ',' ? bare.replaceAll('.', '').replace(',', '.') : bare.replaceAll(',', '');
  // What a sheet has computed may be 12.499999999999998.
  const rounded = /^\d+\.\d{6,}$/.test(plain) ? Number(plain).toFixed(fractionDigitsOf(currency)) : plain;
  const minor = fromDecimal(rounded, currency)?.amountMinor;
  return minor !== undefined && minor > 0 ? minor : undefined;
}

function choiceIn(text: string | undefined, refuse: () => never): Variant['choice'] | undefined {
  if (text === undefined) return undefined;
  const parts = text
    .split(';')
    .map((part) => /^([a-z0-9][a-z0-9-]{0,39})=([a-z0-9][a-z0-9-]{0,39})$/.exec(part.trim()));
  return Object.fromEntries(parts.map((part) => (part ? [part[1]!, part[2]!] : refuse())));
}

function wholeIn(text: string | undefined, refuse: () => never): number | undefined {
  if (text === undefined) return undefined;
  const bare = text.replaceAll(/[\s\u00A0\u202F]/g, '').replace(/[.,]0+$/, '');
  return /^\d{1,6}$/.test(bare) ? Number(bare) : refuse();
}

function answerIn(text: string | undefined, refuse: () => never): boolean | undefined {
  if (text === undefined) return undefined;
  const answer = text.toLowerCase();
  return YES.includes(answer) ? true : NO.includes(answer) ? false : refuse();
}
