import { ButtonLink, Card, Columns, Empty, Page, useKitTexts, SkeletonLines, useFormats } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { KeyRound, ShoppingBag } from 'lucide-react';
import { Suspense } from 'react';
import { lazyPart } from '../../lazy-part';
import { Loaded } from '../../loaded';
import { PendingPage } from '../../pending-page';
import { isVpn, shopQuery, type Subscription, subscriptionsQuery, useMyBot } from '../shop/shop.api';
import { useShopTexts } from '../shop/shop.texts';
import { Trial } from '../shop/trial';
import { useAccesses } from './accesses.api';
import { Connect } from './connect';
import { Renewal } from './renewal';
import { Servers } from './servers';
import { SubscriptionState } from './subscription-state';
import { useSubscriptionsTexts } from './subscriptions.texts';
import { VpnDevices } from './vpn-devices';

/** Of few. */
const ByUse = lazyPart(() => import('./by-use'), 'ByUse');

/** A chart weighs as much as all the rest. */
const Usage = lazyPart(() => import('./usage'), 'Usage');

/** What a person has: each in short, or the only one with all that belongs to it. */
export function SubscriptionsPage() {
  const t = useSubscriptionsTexts();
  const { data, error, refetch } = useQuery(subscriptionsQuery);
  const subscriptions = data?.data;
  const accesses = useAccesses(subscriptions);
  if (!subscriptions) return <PendingPage title={t.title} error={error} refetch={refetch} />;
  const [only] = subscriptions;
  return (
    <Page
      title={subscriptions.length === 1 ? t.titleOfOne : t.title}
      about={subscriptions.length > 1 && t.about}
      actions={subscriptions.length > 0 && <ButtonLink href="/me/buy">{t.more}</ButtonLink>}
    >
      <Cart />
      {!only && <NothingYet />}
      {only && subscriptions.length === 1 && <Everything subscription={only} accesses={accesses} />}
      {subscriptions.length > 1 &&
        subscriptions.map((subscription) => (
          <SubscriptionState
            key={subscription.id}
            subscription={subscription}
            access={accesses.of(subscription)}
            isAwaited={accesses.isAwaited(subscription)}
            actions={
              <div>
                <ButtonLink href={`/me/subscriptions/${subscription.id}`} look="primary">
                  {t.open}
                </ButtonLink>
              </div>
            }
          />
        ))}
    </Page>
  );
}

/** One of several. */
export function SubscriptionPage() {
  const t = useSubscriptionsTexts();
  const { subscriptionId } = useParams({ from: '/me/subscriptions/$subscriptionId' });
  const { data, error, refetch } = useQuery(subscriptionsQuery);
  const subscription = data?.data.find(({ id }) => id === subscriptionId);
  const accesses = useAccesses(subscription && [subscription]);
  const way = [{ title: t.title, href: '/me/subscriptions' }];
  if (!data) return <PendingPage title={t.titleOfOne} way={way} error={error} refetch={refetch} />;
  return (
    <Page title={t.titleOfOne} way={way}>
      {subscription ? <Everything subscription={subscription} accesses={accesses} /> : <NothingYet />}
    </Page>
  );
}

function Everything({
  subscription,
  accesses,
}: {
  subscription: Subscription;
  accesses: ReturnType<typeof useAccesses>;
}) {
  const kit = useKitTexts();
  const { status } = subscription;
  const access = accesses.of(subscription);
  const isOver = status === 'expired' || status === 'ended';
  const state = <SubscriptionState {...{ subscription, access }} isAwaited={accesses.isAwaited(subscription)} />;
  if (isOver) return state;
  const { use } = subscription;
  const money = (
    <>
      {use && (
        <Suspense fallback={<SkeletonLines lines={4} label={kit.loading} />}>
          <ByUse subscription={{ ...subscription, use }} />
        </Suspense>
      )}
      <Renewal subscription={subscription} />
    </>
  );
  if (!isVpn(subscription)) return <Columns main={state} side={money} />;
  return (
    <Columns
      main={
        <>
          {state}
          {!accesses.answer.data && (
            <Card>
              <Loaded answer={accesses.answer} lines={6}>
                {() => null}
              </Loaded>
            </Card>
          )}
          {access?.link && <Connect access={access} link={access.link} />}
          {access && (
            <Suspense fallback={<SkeletonLines lines={6} label={kit.loading} />}>
              <Usage accessId={access.id} />
            </Suspense>
          )}
        </>
      }
      side={
        <>
          {access && <Servers access={access} region={subscription.region} />}
          {access && <VpnDevices accessId={access.id} />}
          {money}
        </>
      }
    />
  );
}

/** What waits for the balance is easily forgotten. */
function Cart() {
  const t = useShopTexts().cart;
  const formats = useFormats();
  const botId = useMyBot();
  const { data } = useQuery({ ...shopQuery(botId ?? ''), enabled: botId !== undefined });
  if (!data?.cart) return null;
  const { orderId, missingMinor: amountMinor, currency } = data.cart;
  return (
    <div className="note me-note">
      <p>{t.text(formats.price({ amountMinor, currency }))}</p>
      <ButtonLink href={`/me/payments/${orderId}`}>{t.open}</ButtonLink>
    </div>
  );
}

function NothingYet() {
  const t = useSubscriptionsTexts();
  const noShop = useShopTexts().noShop;
  const botId = useMyBot();
  const { data: shop } = useQuery({ ...shopQuery(botId ?? ''), enabled: botId !== undefined });
  if (botId === undefined) {
    return (
      <Empty icon={<ShoppingBag />} title={noShop.title}>
        {noShop.text}
      </Empty>
    );
  }
  return (
    <>
      {shop && <Trial shop={shop} />}
      <Empty
        icon={<KeyRound />}
        title={t.none}
        action={
          <ButtonLink href="/me/buy" look="primary">
            {t.choose}
          </ButtonLink>
        }
      >
        {t.noneText}
      </Empty>
    </>
  );
}
