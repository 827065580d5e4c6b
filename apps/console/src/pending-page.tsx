import { Card, Page, type PageProps, ProblemState, SkeletonLines, useKitTexts } from '@switchboard/ui';

/** A page before its one thing is there, or what became of asking for it. */
export function PendingPage({
  error,
  refetch,
  ...page
}: Pick<PageProps, 'title' | 'way'> & { error: unknown; refetch: () => unknown }) {
  const kit = useKitTexts();
  return (
    <Page {...page}>
      {error ? (
        <ProblemState error={error} retry={() => void refetch()} />
      ) : (
        <Card>
          <SkeletonLines lines={8} label={kit.loading} />
        </Card>
      )}
    </Page>
  );
}
