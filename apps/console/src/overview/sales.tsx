import { SalesNumbers } from '../sales/sales-numbers';
import { useSalesBoard } from '../sales/sales.api';

const MONTHS = 6;

/** How sales are, where anything is sold. */
export function Sales() {
  const { data } = useSalesBoard({ months: MONTHS });
  return data && data.currencies.length > 0 ? <SalesNumbers board={data} href="/console/sales" short /> : null;
}
