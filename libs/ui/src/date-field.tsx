import { lazy, Suspense } from 'react';
import type { FieldWords } from './field';
import { Skeleton } from './skeleton';

export interface DateFieldProps extends FieldWords {
  name?: string;
  /** A day as `2026-11-27`. */
  value: string | null;
  onChange: (day: string | null) => void;
  min?: string;
}

// A calendar weighs as much as a page: the page does not wait for it.
const DateFieldPart = lazy(() => import('./date-field-part'));

/** One day, or none. */
export const DateField = (props: DateFieldProps) => (
  <Suspense fallback={<Skeleton height={32} />}>
    <DateFieldPart {...props} />
  </Suspense>
);
