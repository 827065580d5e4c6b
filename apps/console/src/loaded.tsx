import { ProblemState, SkeletonLines, useKitTexts } from '@switchboard/ui';
import type { ReactNode } from 'react';

interface Answer<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** A part of a page once what it shows is there; until then, and when it could not be had, it says so. */
export function Loaded<Data>({
  answer: { data, error, refetch },
  lines,
  children,
}: {
  answer: Answer<Data>;
  /** As many as will be there, about. */
  lines?: number;
  children: (data: Data) => ReactNode;
}) {
  const kit = useKitTexts();
  if (data !== undefined) return children(data);
  return error ? (
    <ProblemState error={error} retry={() => void refetch()} />
  ) : (
    <SkeletonLines lines={lines} label={kit.loading} />
  );
}
