import { Ago, Badge, ButtonLink, Card, Meter, Row, type Tone, useFormats, useNow } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { ArrowRightLeft, CalendarPlus, PackagePlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { shopQuery, type Subscription, useLocalized } from '../shop/shop.api';
import type { Access } from './accesses.api';
import { useSubscriptionsTexts } from './subscriptions.texts';
import './subscriptions.css';

const DAY = 86_400_000;
const tones: Readonly<Record<Subscription['status'], Tone>> = {
  trial: 'accent',
  active: 'good',
  grace: 'warn',
  paused: 'neutral',
  expired: 'bad',
  ended: 'bad',
};

/** How long it is paid, how much of it is used, and what makes it more. */
export function SubscriptionState({
  subscription,
  access,
  isAwaited,
  actions,
}: {
  subscription: Subscription;
  access: Access | undefined;
  /** There is to be one, and is none yet. */
  isAwaited: boolean;
  /** In place of what changes it. */
  actions?: ReactNode;
}) {
  const t = useSubscriptionsTexts();
  const localized = useLocalized();
  const formats = useFormats();
  const { status, planName, use } = subscription;
  const price = (amountMinor: number) => formats.price({ amountMinor, currency: use?.currency ?? '' });
  const isOver = status === 'expired' || status === 'ended';
  const notes: Readonly<Record<string, string>> = t.access;
  const note = access ? notes[access.state] : isAwaited && notes['preparing'];
  return (
    <Card
      title={
        <Row>
          {localized(planName)}
          <Badge tone={tones[status]} dot>
            {t.statuses[status]}
          </Badge>
        </Row>
      }
    >
      <Time subscription={subscription} />
      {note && !isOver && status !== 'paused' && (
        <p className="note" role="status">
          {note}
        </p>
      )}
      {access && !isOver && <Use access={access} />}
      {!isOver && use && (
        <p className="soft">
          {t.byUse.title}:{' '}
          {use.limitMinor === 0 ? t.byUse.none : t.byUse.owedOf(price(use.owedMinor), price(use.limitMinor))}
        </p>
      )}
      {actions ?? <Changes subscription={subscription} isOver={isOver} />}
    </Card>
  );
}

function Time({ subscription: { status, validUntil, servedUntil } }: { subscription: Subscription }) {
  const t = useSubscriptionsTexts();
  const formats = useFormats();
  const now = useNow();
  const days = (Date.parse(validUntil) - now) / DAY;
  if (status === 'grace') return <p className="note">{t.notes.grace(formats.date(servedUntil))}</p>;
  if (status === 'expired') return <p className="note">{t.notes.expired(formats.date(validUntil))}</p>;
  if (status === 'ended') return <p className="note">{t.notes.ended}</p>;
  return (
    <div className="subscription-time">
      <strong>{days > 1 ? t.left(Math.ceil(days)) : t.lastDay}</strong>
      <span>{status === 'paused' ? t.notes.paused : t.until(formats.date(validUntil))}</span>
    </div>
  );
}

function Use({ access: { traffic, devices } }: { access: Access }) {
  const t = useSubscriptionsTexts();
  const formats = useFormats();
  const used = formats.traffic(traffic.usedBytes);
  return (
    <>
      <Meter
        label={t.traffic}
        value={traffic.usedBytes}
        // Without a limit nothing of it is used up.
        most={traffic.limitBytes ?? Infinity}
        words={traffic.limitBytes === null ? t.unlimited(used) : t.usedOf(used, formats.traffic(traffic.limitBytes))}
        about={
          <>
            {traffic.resetsAt && t.begins(formats.date(traffic.resetsAt))}
            {traffic.resetsAt && traffic.asOf && ' · '}
            {traffic.asOf && (
              <>
                {t.countedAt} <Ago at={traffic.asOf} />
              </>
            )}
          </>
        }
      />
      {devices.limit !== null && (
        <Meter
          label={t.devicesUsed}
          value={devices.used}
          most={devices.limit}
          words={t.devices.used(devices.used, devices.limit)}
          // All of them in use is as it should be.
          isUsual
        />
      )}
    </>
  );
}

function Changes({
  subscription: { id, botId, features, planId },
  isOver,
}: {
  subscription: Subscription;
  isOver: boolean;
}) {
  const t = useSubscriptionsTexts();
  const buy = `/me/buy?bot=${botId}&subscription=${id}`;
  const { data: shop } = useQuery({ ...shopQuery(botId), enabled: !isOver });
  const adds = shop?.packages.flatMap((item) => Object.keys(item.adds)) ?? [];
  const hasPackages = adds.some((name) => typeof features[name] === 'number');
  return (
    <div className="subscription-changes">
      <ButtonLink href={`${buy}&item=${planId}`} look="primary" icon={<CalendarPlus />}>
        {isOver ? t.again : t.extend}
      </ButtonLink>
      {!isOver && (
        <ButtonLink href={buy} icon={<ArrowRightLeft />}>
          {t.change}
        </ButtonLink>
      )}
      {hasPackages && (
        <ButtonLink href={`${buy}&what=package`} icon={<PackagePlus />}>
          {t.packages}
        </ButtonLink>
      )}
    </div>
  );
}
