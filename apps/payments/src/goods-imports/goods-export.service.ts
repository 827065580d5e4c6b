import { Injectable } from '@nestjs/common';
import { type ExportGoods, type KnownLocale, nearestLocale, toDecimal } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { type Column, csvOf, type Row, type Table, xlsxOf } from '@switchboard/tables';
import { Readable } from 'node:stream';
import { DataSource, In } from 'typeorm';
import { Product, Variant } from '../goods/product.entity';
import { COLUMNS } from './goods-table';

const AT_ONCE = 500;
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** All goods of a shop as a table, in the columns that are read in again. */
@Injectable()
export class GoodsExportService {
  constructor(private readonly db: DataSource) {}

  async write({ body }: RequestOf<typeof ExportGoods>): Promise<AnswerOf<typeof ExportGoods>> {
    const { brandId, format, delimiter, archived } = body;
    const locale = nearestLocale(body.locale);
    const currencies = await this.db.query<{ currency: string }[]>(
      `SELECT DISTINCT jsonb_object_keys(prices) AS currency FROM variants WHERE brand_id = $1 ORDER BY 1`,
      [brandId],
    );
    const table = this.table(
      brandId,
      currencies.map(({ currency }) => currency),
      { locale, archived },
    );
    const name = locale === 'ru' ? 'Товары' : 'Goods';
    const notes = () => ({ name: locale === 'ru' ? 'Магазин' : 'Shop', rows: [[brandId]] });
    // Excel takes UTF-8 without its mark for something else.
    const file = format === 'csv' ? csvOf(table, { delimiter, bom: true }) : xlsxOf(table, { name, notes });
    const contentType = format === 'csv' ? 'text/csv; charset=utf-8' : XLSX;
    return { body: Readable.from(file), contentType, fileName: `goods-${brandId}.${format}` };
  }

  private table(
    brandId: string,
    currencies: readonly string[],
    { locale, archived }: { locale: KnownLocale; archived: boolean },
  ): Table {
    const named = (name: keyof typeof COLUMNS, type: Column['type'] = 'text') => ({
      name: COLUMNS[name][locale],
      type,
    });
    return {
      zone: 'UTC',
      columns: [
        ...[named('code'), named('sku'), named('titleEn'), named('titleRu'), named('choice')],
        ...currencies.map((currency): Column => ({ name: `${COLUMNS.price[locale]} ${currency}`, type: 'number' })),
        ...[named('pieces', 'integer'), named('weightG', 'integer'), named('archived')],
      ],
      rows: this.rows(brandId, currencies, { locale, archived }),
    };
  }

  private async *rows(
    brandId: string,
    currencies: readonly string[],
    { locale, archived }: { locale: KnownLocale; archived: boolean },
  ): AsyncGenerator<Row> {
    const yesNo = (is: boolean) => (locale === 'ru' ? (is ? 'да' : 'нет') : is ? 'yes' : 'no');
    for (let after = ''; ;) {
      const rows = this.db.manager.createQueryBuilder(Variant, 'v').where('v.brandId = :brandId', { brandId });
      if (!archived) rows.andWhere('v.archivedAt IS NULL');
      const variants = await rows.andWhere('v.sku > :after', { after }).orderBy('v.sku').limit(AT_ONCE).getMany();
      const products = await this.db.manager.findBy(Product, { id: In(variants.map(({ productId }) => productId)) });
      for (const { productId, sku, choice, prices, onHand, weightG, tracked, archivedAt } of variants) {
        const { code, title } = products.find(({ id }) => id === productId)!;
        const chosen = Object.entries(choice).map(([key, value]) => `${key}=${value}`);
        const amounts = currencies.map((currency) => {
          const amountMinor = prices[currency];
          // For a spreadsheet, which knows no other numbers.
          return amountMinor === undefined ? null : Number(toDecimal({ amountMinor, currency }));
        });
        const pieces = tracked ? onHand : null;
        const { en, ru } = title;
        yield [code, sku, en, ru, chosen.join('; '), ...amounts, pieces, weightG, yesNo(archivedAt !== null)];
      }
      if (variants.length < AT_ONCE) return;
      after = variants.at(-1)!.sku;
    }
  }
}
