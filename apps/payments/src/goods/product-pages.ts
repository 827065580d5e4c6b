import type { Cursors, Page } from '@switchboard/service-kit';
import type { SelectQueryBuilder } from 'typeorm';
import type { Product } from './product.entity';

/** A page of products in the order in which they are shown. @param search words, each of which has to be somewhere */
export async function pageOfProducts(
  cursors: Cursors,
  request: Parameters<Cursors['page']>[0],
  rows: SelectQueryBuilder<Product>,
  search: string | undefined,
): Promise<Page<Product>> {
  (search ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .forEach((word, i) => rows.andWhere(SEARCHED.replaceAll(':word', `:word${i}`), { [`word${i}`]: likeOf(word) }));
  const position = cursors.position(request);
  const isBack = position?.direction === 'prev';
  if (position)
    rows.andWhere(`(p.position, p.id) ${isBack ? '<' : '>'} (:at, :id)`, { at: position.key[0], id: position.key[1] });
  const order = isBack ? 'DESC' : 'ASC';
  const found = await rows
    .orderBy('p.position', order)
    .addOrderBy('p.id', order)
    .limit(request.query.limit + 1)
    .getMany();
  return cursors.page(request, found, ({ position: at, id }) => [at, id]);
}

const likeOf = (word: string): string => `%${word.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;

const SEARCHED = `(p.title::text ILIKE :word OR p.attributes::text ILIKE :word OR p.code ILIKE :word
  OR p.id IN (SELECT product_id FROM variants WHERE brand_id = p.brand_id AND sku ILIKE :word))`;
