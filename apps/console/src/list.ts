import { keepPreviousData, type QueryKey, useQuery, type UseQueryOptions } from '@tanstack/react-query';
import { useSetSearch } from './search';

interface ListPage<Row> {
  readonly data: Row[];
  readonly page: { next: string | null; prev: string | null };
}

/**
 * A list as `DataTable` takes it; while its next page is loaded, the last one stays.
 * @param onGo takes the cursor of another page; without it, the address keeps it as `after`
 */
export function useList<Row, Refused, Key extends QueryKey>(
  options: UseQueryOptions<ListPage<Row>, Refused, ListPage<Row>, Key>,
  onGo?: (cursor: string) => void,
) {
  const set = useSetSearch();
  const { data, error, isLoading, isPlaceholderData, refetch } = useQuery({
    ...options,
    placeholderData: keepPreviousData,
  });
  return {
    data,
    list: {
      rows: data?.data,
      // Not while what is shown is asked for once more: some lists do so every few seconds.
      waiting: isLoading || isPlaceholderData,
      error,
      onRetry: () => void refetch(),
      paging: data && { ...data.page, onGo: onGo ?? ((after: string) => set({ after })) },
    },
  };
}
