import { keepPreviousData, type QueryKey, useQuery, type UseQueryOptions } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useSetSearch } from './search';

interface ListPage<Row> {
  readonly data: Row[];
  readonly page: { next: string | null; prev: string | null };
}

/**
 * A list as `DataTable` takes it; while its next page is loaded, the last one stays.
 * @param onGo takes the cursor of another page, `undefined` for the first; without it, the address keeps it as `after`
 */
export function useList<Answer extends ListPage<unknown>, Refused, Key extends QueryKey>(
  options: UseQueryOptions<Answer, Refused, Answer, Key>,
  onGo?: (cursor: string | undefined) => void,
) {
  const set = useSetSearch();
  const { data, error, isLoading, isPlaceholderData, refetch } = useQuery({
    ...options,
    placeholderData: keepPreviousData as never,
  });
  const after = cursorOf(options.queryKey);
  const isEmpty = data?.data.length === 0;
  // The rows of the last page may have been dealt with one by one: nothing is there, and much may be before it.
  const isEmptied = isEmpty && after !== undefined && !isPlaceholderData;
  const seen = useRef<{ after?: string; prev: string | null }>(undefined);
  const latest = useRef({ set, onGo });
  useEffect(() => {
    latest.current = { set, onGo };
  });
  useEffect(() => {
    if (data && !isPlaceholderData && !isEmpty) seen.current = { after, prev: data.page.prev };
  }, [data, isPlaceholderData, isEmpty, after]);
  useEffect(() => {
    if (!isEmptied) return;
    const prev = (seen.current?.after === after && seen.current?.prev) || undefined;
    if (latest.current.onGo) latest.current.onGo(prev);
    else latest.current.set({ after: prev }, { replace: true });
  }, [isEmptied, after]);
  return {
    data,
    list: {
      rows: isEmpty && (isEmptied || isPlaceholderData) ? undefined : (data?.data as Answer['data'] | undefined),
      // Not while what is shown is asked for once more: some lists do so every few seconds.
      waiting: isLoading || isPlaceholderData,
      error,
      onRetry: () => void refetch(),
      paging: data && { ...data.page, onGo: onGo ?? ((cursor: string) => set({ after: cursor })) },
    },
  };
}

/** The page that a query asks for, as the generated client writes it into its key. */
const cursorOf = ([request]: QueryKey): string | undefined =>
  (request as { query?: { after?: string } } | undefined)?.query?.after;
