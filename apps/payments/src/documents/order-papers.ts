import { formatMoney, type KnownLocale, localized, type Recipient, type SellerDetails } from '@switchboard/contracts';
import type { z } from 'zod';
import type { OrderLine } from '../store-orders/store-order.entity';

/** What stands on a paper of an order. */
export interface Paper {
  readonly kind: 'invoice' | 'packing-slip';
  readonly locale: KnownLocale;
  readonly number: string;
  readonly date: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly delivery: string;
  readonly deliveryMinor: number;
  readonly discountMinor: number;
  readonly totalMinor: number;
  readonly isPaid: boolean;
  readonly seller: z.output<typeof SellerDetails> | null;
  readonly recipient: z.output<typeof Recipient> | null;
  readonly address: string | null;
  readonly note: string | null;
  readonly createdAt: Date;
}

const WORDS = {
  en: {
    ...{ invoice: 'Invoice', slip: 'Packing slip', of: 'of', seller: 'Seller', taxNumber: 'Tax number' },
    ...{ to: 'To', delivery: 'Delivery', note: 'Note', no: 'No.', sku: 'SKU', thing: 'Item', pieces: 'Pieces' },
    ...{ price: 'Price', sum: 'Sum', discount: 'Discount', total: 'Total', paid: 'Paid', unpaid: 'To be paid' },
  },
  ru: {
    ...{ invoice: 'Счёт', slip: 'Упаковочный лист', of: 'от', seller: 'Продавец', taxNumber: 'ИНН' },
    ...{ to: 'Получатель', delivery: 'Доставка', note: 'Примечание', no: '№', sku: 'Артикул', thing: 'Товар' },
    ...{ pieces: 'Шт.', price: 'Цена', sum: 'Сумма', discount: 'Скидка', total: 'Итого', paid: 'Оплачено' },
    unpaid: 'К оплате',
  },
} as const;

/** The paper as pdfmake lays it out: plain data, in which texts of people are texts and nothing else. */
export function documentOf(paper: Paper): object {
  const { kind, locale, number, date, lines, seller, createdAt } = paper;
  const words = WORDS[locale];
  const isInvoice = kind === 'invoice';
  const title = `${isInvoice ? words.invoice : words.slip} ${words.no} ${number}`;
  const nameOf = ({ title, choice }: OrderLine) =>
    [localized(title, locale), Object.values(choice).join(', ')].filter((part) => part !== '').join(' — ');
  const money = (amountMinor: number) => formatMoney({ amountMinor, currency: paper.currency }, locale);
  const right = (text: string) => ({ text, alignment: 'right' });
  const header = [words.no, words.sku, words.thing, words.pieces, ...(isInvoice ? [words.price, words.sum] : [])];
  const rows = lines.map((line, i) => {
    const { sku, quantity, unitMinor } = line;
    const sums = isInvoice ? [right(money(unitMinor)), right(money(unitMinor * quantity))] : [];
    return [String(i + 1), sku, nameOf(line), right(String(quantity)), ...sums];
  });
  return {
    info: { title, creationDate: createdAt },
    pageSize: 'A4',
    pageMargins: [40, 40, 40, 50],
    defaultStyle: { font: 'DejaVu', fontSize: 9 },
    content: [
      { text: title, fontSize: 16, bold: true },
      { text: `${words.of} ${date}`, margin: [0, 2, 0, 12] },
      ...(isInvoice && seller ? sellerLines(seller, words) : []),
      ...deliveryLines(paper, words),
      {
        margin: [0, 12, 0, 8],
        layout: 'lightHorizontalLines',
        table: {
          headerRows: 1,
          widths: isInvoice ? [20, 80, '*', 40, 70, 80] : [20, 110, '*', 50],
          body: [header.map((text) => ({ text, bold: true })), ...rows],
        },
      },
      ...(isInvoice ? totals(paper, words, money) : []),
    ],
  };
}

type Words = (typeof WORDS)[KnownLocale];

const sellerLines = ({ name, taxNumber, address, bank }: z.output<typeof SellerDetails>, words: Words) => [
  { text: `${words.seller}: ${name}`, bold: true },
  ...[taxNumber && `${words.taxNumber} ${taxNumber}`, address, ...bank]
    .filter((line) => line !== '')
    .map((text) => ({ text })),
];

function deliveryLines({ recipient, address, delivery, note }: Paper, words: Words) {
  const to = recipient ? `${recipient.name}, ${recipient.phone}` : '';
  const lines = [
    [words.to, [to, address ?? ''].filter((part) => part !== '').join(', ')],
    [words.delivery, delivery],
    [words.note, note ?? ''],
  ];
  return lines
    .filter(([, text]) => text !== '')
    .map(([name, text]) => ({ margin: [0, 6, 0, 0], text: [{ text: `${name}: `, bold: true }, text] }));
}

function totals(paper: Paper, words: Words, money: (amountMinor: number) => string) {
  const { deliveryMinor, discountMinor, totalMinor, isPaid } = paper;
  const lines: [string, string][] = [
    [words.delivery, money(deliveryMinor)],
    ...(discountMinor > 0 ? [[words.discount, `−${money(discountMinor)}`] as [string, string]] : []),
    [words.total, money(totalMinor)],
  ];
  const shown = lines.map(([name, sum]) => ({ text: `${name}: ${sum}`, alignment: 'right', margin: [0, 2] }));
  return [...shown, { text: isPaid ? words.paid : words.unpaid, alignment: 'right', bold: true, margin: [0, 4] }];
}
