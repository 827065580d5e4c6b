import { paymentsGuestShopReadOptions } from '@switchboard/api-client';
import { Select } from '@switchboard/ui';
import { useQueries } from '@tanstack/react-query';
import { useSetSearch } from '../../search';
import { useShopTexts } from './shop.texts';

/** For those who have something of several. @param bots the one that is shown first */
export function BotChoice({ bots }: { bots: readonly string[] }) {
  const t = useShopTexts();
  const set = useSetSearch();
  const names = useQueries({
    queries: bots.map((botId) => ({ ...paymentsGuestShopReadOptions({ path: { botId } }), staleTime: Infinity })),
  });
  return (
    <Select
      label={t.whichBot}
      hideLabel
      required
      value={bots[0]}
      onChange={(bot) => set({ bot })}
      choices={bots.map((id, i) => ({ id, label: names[i]?.data?.name ?? id }))}
    />
  );
}
