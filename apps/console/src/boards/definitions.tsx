import { analyticsBoardsListDefinitionsOptions } from '@switchboard/api-client';
import { Dialog, DialogBody, ProblemState, SkeletonLines, useKitTexts, useLanguage } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useBoardTexts } from './boards.texts';

/** What the numbers of the boards mean, in the words of the service that counts them. */
export function Definitions({ onClose }: { onClose: () => void }) {
  const t = useBoardTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const { data, error, refetch } = useQuery({
    ...analyticsBoardsListDefinitionsOptions({ query: { locale: language } }),
    staleTime: Infinity,
  });
  return (
    <Dialog look="side" title={t.definitions} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        {error && !data && <ProblemState error={error} retry={() => void refetch()} />}
        {!data && !error && <SkeletonLines lines={8} label={kit.loading} />}
        <dl className="definitions">
          {data?.definitions.map(({ id, name, text }) => (
            <div key={id}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </DialogBody>
    </Dialog>
  );
}
