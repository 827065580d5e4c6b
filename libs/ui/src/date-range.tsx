import { lazy, Suspense } from 'react';
import type { FieldWords } from './field';
import { Skeleton } from './skeleton';

/** Days as `2026-11-27`, both of them included. */
export interface Days {
  from: string;
  to: string;
}

export interface DateRangeFieldProps extends FieldWords {
  value: Days;
  onChange: (days: Days) => void;
  min?: string;
  max?: string;
}

// A calendar weighs as much as a page: the page does not wait for it.
const DateRangePart = lazy(() => import('./date-range-part'));

export const DateRangeField = (props: DateRangeFieldProps) => (
  <Suspense fallback={<Skeleton width={260} height={32} />}>
    <DateRangePart {...props} />
  </Suspense>
);
