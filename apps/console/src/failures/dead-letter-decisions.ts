import { serviceKitDeadLettersDiscard, serviceKitDeadLettersReplay } from '@switchboard/api-client';
import { notify, useConfirm } from '@switchboard/ui';
import { refresh, tellProblem } from '../http/api';
import type { Service } from '../services';
import { useFailureTexts } from './failures.texts';

/** Those of a kind, or some of them by their ids. */
export interface Which {
  service: Service;
  consumer?: string;
  type?: string;
  reason?: string;
  ids?: string[];
  count: number;
}

/** Tries dead events again or gives them up, after asking; each answers whether it was done. */
export function useDecisions() {
  const t = useFailureTexts();
  const confirm = useConfirm();
  const finish = async (work: () => Promise<string>): Promise<boolean> => {
    try {
      notify({ text: await work() });
      return true;
    } catch (error) {
      tellProblem(error);
      return false;
    } finally {
      await refresh('serviceKitDeadLetters');
    }
  };
  const chosen = ({ consumer, type, reason, ids }: Which) => (ids ? { ids } : { consumer, type, reason });
  return {
    async replay(which: Which): Promise<boolean> {
      const { service, count } = which;
      const agreed = await confirm({ title: t.replayTitle(count), text: t.replayText, action: t.replay });
      if (agreed === undefined) return false;
      return finish(async () => {
        const { data } = await serviceKitDeadLettersReplay({ path: { service }, body: chosen(which) });
        return t.replayed(data.replayed);
      });
    },
    async discard(which: Which): Promise<boolean> {
      const { service, count } = which;
      const why = await confirm({
        ...{ title: t.discardTitle(count), text: t.discardText, action: t.discard, look: 'danger' },
        reason: { label: t.why, hint: t.whyHint },
      });
      if (why === undefined) return false;
      return finish(async () => {
        const { data } = await serviceKitDeadLettersDiscard({ path: { service }, body: { ...chosen(which), why } });
        return t.discarded(data.discarded);
      });
    },
  };
}
