import { analyticsBoardsListDefinitionsOptions } from '@switchboard/api-client';
import { Dialog, DialogBody, useLanguage } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../loaded';
import { useBoardTexts } from './boards.texts';

/** What the numbers of the boards mean, in the words of the service that counts them. */
export function Definitions({ onClose }: { onClose: () => void }) {
  const t = useBoardTexts();
  const { language } = useLanguage();
  const answer = useQuery({
    ...analyticsBoardsListDefinitionsOptions({ query: { locale: language } }),
    staleTime: Infinity,
  });
  return (
    <Dialog look="side" title={t.definitions} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Loaded answer={answer} lines={8}>
          {({ definitions }) => (
            <dl className="definitions">
              {definitions.map(({ id, name, text }) => (
                <div key={id}>
                  <dt>{name}</dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          )}
        </Loaded>
      </DialogBody>
    </Dialog>
  );
}
