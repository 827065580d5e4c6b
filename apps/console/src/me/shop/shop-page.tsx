import { Empty, Page, type PageProps } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { ShoppingBag } from 'lucide-react';
import { type ReactNode, Suspense } from 'react';
import { lazyPart } from '../../lazy-part';
import { PendingPage } from '../../pending-page';
import { type Shop, shopQuery, useMyBot, useMyBots } from './shop.api';
import { useShopTexts } from './shop.texts';

type Words = Pick<PageProps, 'title' | 'about' | 'way' | 'width'>;

/** A page about what one bot sells, once it is known which, and what that is. */
export function ShopPage({
  children,
  actions,
  ...page
}: Words & { actions?: (shop: Shop) => ReactNode; children: (shop: Shop) => ReactNode }) {
  const botId = useMyBot();
  const { data, error, refetch } = useQuery({ ...shopQuery(botId ?? ''), enabled: botId !== undefined });
  if (botId === undefined) return <BotPage {...page}>{() => null}</BotPage>;
  if (!data) return <PendingPage {...page} error={error} refetch={refetch} />;
  return (
    <Page {...page} aside={<OfWhichBot />} actions={actions?.(data)}>
      {children(data)}
    </Page>
  );
}

/** A page about one bot, once it is known which. */
export function BotPage({ children, ...page }: Words & { children: (botId: string) => ReactNode }) {
  const t = useShopTexts().noShop;
  const botId = useMyBot();
  return (
    <Page {...page} aside={<OfWhichBot />}>
      {botId === undefined ? (
        <Empty icon={<ShoppingBag />} title={t.title}>
          {t.text}
        </Empty>
      ) : (
        children(botId)
      )}
    </Page>
  );
}

/** Most have something of one alone. */
const BotChoice = lazyPart(() => import('./bot-choice'), 'BotChoice');

function OfWhichBot() {
  const { bots } = useMyBots();
  if (bots.length < 2) return null;
  return (
    <Suspense>
      <BotChoice bots={bots} />
    </Suspense>
  );
}
