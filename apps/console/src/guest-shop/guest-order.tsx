import { type PaymentsGuestOrder, paymentsGuestOrdersRead } from '@switchboard/api-client';
import {
  Button,
  ButtonLink,
  Card,
  ProblemState,
  problemOf,
  SkeletonLines,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { ExternalLink, Send } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { askedAgain } from '../http/asked-again';
import { useLocalized } from '../me/shop/shop.api';
import { useShopTexts } from '../me/shop/shop.texts';
import { Waiting } from '../me/shop/waiting';
import { OutsideLink } from '../web-app/outside-link';
import { useGuestShopTexts } from './guest-shop.texts';

/** A purchase without an account, from the payment page to the link by which it is taken over. */
export function GuestOrder({
  token,
  onAnew,
  onClaimed,
}: {
  token: string;
  onAnew: () => void;
  /** It is somebody's by now: whoever holds the token has nothing more of it. */
  onClaimed: () => void;
}) {
  const t = useGuestShopTexts().order;
  const kit = useKitTexts();
  const failures = useShopTexts().failures;
  const localized = useLocalized();
  const formats = useFormats();
  const {
    data: order,
    error,
    refetch,
  } = useQuery({
    queryKey: ['guest order', token],
    queryFn: async ({ signal }) => (await paymentsGuestOrdersRead({ body: { token }, signal })).data,
    refetchInterval: askedAgain(isUnderWay),
  });
  const isClaimed = Boolean(order?.claimedAt);
  useEffect(() => {
    if (isClaimed) onClaimed();
  }, [isClaimed, onClaimed]);
  const again = (
    <Button wide size="large" onPress={onAnew}>
      {t.again}
    </Button>
  );
  if (!order) {
    if (!error) return <SkeletonLines lines={4} label={kit.loading} />;
    return (
      <>
        <ProblemState error={error} retry={() => void refetch()} />
        {problemOf(error)?.status === 404 && again}
      </>
    );
  }
  const { state, next, failure, claim, claimedAt, title } = order;
  const amount = formats.price(order);
  const card = (name: ReactNode, inside: ReactNode) => (
    <div aria-live="polite">
      <Card title={name} about={localized(title)}>
        {inside}
      </Card>
    </div>
  );
  if (claimedAt) {
    return card(
      t.claimed,
      <ButtonLink href="/me" look="primary" wide size="large">
        {t.toMine}
      </ButtonLink>,
    );
  }
  if (isPaid(state)) {
    return card(
      t.paid,
      claim ? (
        <>
          <p>{t.ready}</p>
          {claim.botUrl && (
            <OutsideLink href={claim.botUrl} look="primary" wide size="large" icon={<Send />}>
              {t.inTelegram}
            </OutsideLink>
          )}
          <ButtonLink href={claim.path} look={claim.botUrl ? 'plain' : 'primary'} wide size="large">
            {t.onTheWeb}
          </ButtonLink>
          <p className="soft">{t.mailed}</p>
        </>
      ) : (
        <Waiting>{t.serving}</Waiting>
      ),
    );
  }
  if (state !== 'awaiting') {
    const isBack = state === 'refunded' || state === 'partly-refunded';
    return card(
      localized(title),
      <>
        <p>{isBack ? t.refunded : t.over}</p>
        {again}
      </>,
    );
  }
  return card(
    t.toPay(amount),
    <>
      {failure && <p className="note">{wordOf(failures, failure)}</p>}
      {next?.kind === 'open' && (
        <>
          <p>{t.openText}</p>
          <OutsideLink href={next.url} look="primary" wide size="large" iconEnd={<ExternalLink />}>
            {t.open}
          </OutsideLink>
          <Waiting>{t.checking}</Waiting>
        </>
      )}
      {next?.kind === 'stars' && (
        <OutsideLink href={next.link} look="primary" wide size="large" iconEnd={<ExternalLink />}>
          {t.open}
        </OutsideLink>
      )}
      {next?.kind === 'wait' && <Waiting>{t.wait}</Waiting>}
      {again}
    </>,
  );
}

const isUnderWay = ({ state, claim, claimedAt }: PaymentsGuestOrder): boolean =>
  state === 'awaiting' || (isPaid(state) && !claim && !claimedAt);
const isPaid = (state: string | undefined): boolean => state === 'paid' || state === 'fulfilled';
