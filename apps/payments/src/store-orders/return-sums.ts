import type { Order } from '../orders/order.entity';
import type { Pieces } from '../stock/stock.service';
import type { StoreOrder } from './store-order.entity';
import { RETURNABLE } from './store-order.states';

type Lines = Pick<StoreOrder, 'lines'>;

/** So long after it was had a person may ask by themselves to give something back. */
const RETURN_MS = 14 * 86_400_000;

export function returnableUntil({ state, sentAt, doneAt }: StoreOrder): Date | null {
  const had = doneAt ?? sentAt;
  return had && RETURNABLE.includes(state) ? new Date(had.getTime() + RETURN_MS) : null;
}

/** Without any discount. */
export const goodsMinorOf = ({ lines }: Lines): number =>
  lines.reduce((sum, { unitMinor, quantity }) => sum + unitMinor * quantity, 0);

const grossOf = ({ lines }: Lines, pieces: readonly Pieces[]): number =>
  pieces.reduce((sum, { variantId, quantity }) => {
    const line = lines.find((one) => one.variantId === variantId);
    return sum + (line?.unitMinor ?? 0) * quantity;
  }, 0);

/**
 * What was paid for these pieces, after those that have come back before: each has its part of the discount, and what is lost by
 * rounding goes back with a later one, so that all of them together are what was paid for them.
 */
export function paidFor(
  parcel: StoreOrder,
  { totalMinor }: Pick<Order, 'totalMinor'>,
  pieces: readonly Pieces[],
): number {
  const gross = goodsMinorOf(parcel);
  if (gross === 0) return 0;
  const paid = Math.max(0, totalMinor - parcel.delivery.amountMinor);
  const partOf = (minor: number) => Number((BigInt(minor) * BigInt(paid)) / BigInt(gross));
  const before = parcel.lines.reduce((sum, { unitMinor, returned }) => sum + unitMinor * returned, 0);
  return partOf(before + grossOf(parcel, pieces)) - partOf(before);
}
