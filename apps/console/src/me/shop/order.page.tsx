import { paymentsOrdersCancel, paymentsOrdersPay, paymentsOrdersReadMineOptions } from '@switchboard/api-client';
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Columns,
  Facts,
  FormProblem,
  Form,
  Moment,
  notify,
  Page,
  Row,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ExternalLink, Star } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { refresh, tellProblem } from '../../http/api';
import { askedAgain } from '../../http/asked-again';
import { Loaded } from '../../loaded';
import { PendingPage } from '../../pending-page';
import { launch } from '../../web-app/launch';
import { OutsideLink } from '../../web-app/outside-link';
import { ShareLink } from '../share-link';
import { orderTones } from './order-tones';
import { QuoteSum } from './quote';
import { type Order, shopQuery, totalOf, useLocalized } from './shop.api';
import { useShopTexts } from './shop.texts';
import { Waiting } from './waiting';
import { needsEmail, WayChoice, waysFor } from './way-choice';

/** Of most currencies less is charged by no provider. */
const LEAST_TOP_UP_MINOR = 100;

const isUnderWay = ({ state }: Order): boolean => state === 'awaiting' || state === 'paid';

/** What other pages may have asked before the order was paid or served. */
const CHANGED_BY_ORDERS = [
  ...['paymentsSubscriptions', 'paymentsShop', 'paymentsBalances', 'paymentsGifts', 'paymentsOrdersListMine'],
  'vpnProvisioner',
];

/** An order from the moment it is placed: paying, waiting until that is known here, and what to do then. */
export function OrderPage() {
  const t = useShopTexts().order;
  const localized = useLocalized();
  const { orderId } = useParams({ from: '/me/payments/$orderId' });
  const {
    data: order,
    error,
    refetch,
  } = useQuery({
    ...paymentsOrdersReadMineOptions({ path: { orderId } }),
    refetchInterval: askedAgain(isUnderWay),
  });
  const state = order?.state;
  useEffect(() => {
    if (state !== undefined && state !== 'awaiting') void refresh(...CHANGED_BY_ORDERS);
  }, [state]);
  const way = [{ title: t.way, href: '/me/payments' }];
  if (!order) return <PendingPage title={t.title} way={way} error={error} refetch={refetch} />;
  return (
    <Page
      title={localized(order.title)}
      way={way}
      aside={<Badge tone={orderTones[order.state]}>{wordOf(t.states, order.state)}</Badge>}
    >
      <Columns
        main={
          <>
            {order.state === 'awaiting' && <ToPay order={order} />}
            {/* What has come of it is read out by itself; the fields of another way to pay are not. */}
            <div aria-live="polite">{order.state !== 'awaiting' && <Outcome order={order} />}</div>
          </>
        }
        side={<Details order={order} />}
      />
    </Page>
  );
}

function ToPay({ order }: { order: Order }) {
  const t = useShopTexts();
  const formats = useFormats();
  const { next, failure, quote } = order;
  const { currency } = quote;
  const due = formats.price({ amountMinor: quote.dueMinor, currency });
  const [isChoosing, setChoosing] = useState(false);
  const needsWay = next === null || isChoosing;
  const toppedUp = next?.kind === 'top-up' ? Math.max(next.missingMinor, LEAST_TOP_UP_MINOR) : 0;
  return (
    <Card title={t.order.toPay(due)}>
      {failure && <p className="note">{wordOf(t.failures, failure)}</p>}
      {!needsWay && next.kind === 'open' && (
        <>
          <p>{t.order.openText}</p>
          <OutsideLink href={next.url} look="primary" size="large" wide iconEnd={<ExternalLink />}>
            {t.order.open}
          </OutsideLink>
          <Waiting>{t.order.checking}</Waiting>
        </>
      )}
      {!needsWay && next.kind === 'stars' && (
        <>
          <p>{t.order.starsText}</p>
          <StarsButton link={next.link}>{t.order.payStars(due)}</StarsButton>
          <Waiting>{t.order.checking}</Waiting>
        </>
      )}
      {!needsWay && next.kind === 'top-up' && (
        <>
          <p>{t.order.missing(formats.price({ amountMinor: next.missingMinor, currency }))}</p>
          <ButtonLink
            href={`/me/buy?what=top-up&bot=${order.botId}&currency=${currency}&amount=${toppedUp}`}
            look="primary"
            size="large"
            wide
          >
            {t.order.topUp(formats.price({ amountMinor: toppedUp, currency }))}
          </ButtonLink>
        </>
      )}
      {!needsWay && next.kind === 'wait' && <Waiting>{t.order.wait}</Waiting>}
      {needsWay && <OtherWay order={order} onDone={() => setChoosing(false)} />}
      <Row>
        {!needsWay && (
          <Button look="quiet" onPress={() => setChoosing(true)}>
            {t.order.otherWay}
          </Button>
        )}
        {next !== null && isChoosing && (
          <Button look="quiet" onPress={() => setChoosing(false)}>
            {t.order.back}
          </Button>
        )}
        <CancelButton orderId={order.id} />
      </Row>
    </Card>
  );
}

/** In Telegram the sheet of its own, elsewhere a link that leads there. That it was paid is told by the server alone. */
function StarsButton({ link, children }: { link: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const looks = { look: 'primary', size: 'large', wide: true, icon: <Star /> } as const;
  if (!launch) {
    return (
      <OutsideLink {...looks} href={link}>
        {children}
      </OutsideLink>
    );
  }
  const open = async () => {
    setOpen(true);
    await (await import('../../web-app/telegram')).openInvoice(link).catch(tellProblem);
    setOpen(false);
    await refresh('paymentsOrders');
  };
  return (
    <Button {...looks} isPending={isOpen} onPress={() => void open()}>
      {children}
    </Button>
  );
}

function OtherWay({ order, onDone }: { order: Order; onDone: () => void }) {
  const { order: t, checkout } = useShopTexts();
  const shop = useQuery(shopQuery(order.botId));
  const { currency } = order.quote;
  const [wanted, setWay] = useState<string>();
  const ways = waysFor(shop.data?.payWith ?? [], currency);
  const way = ways.find(({ id }) => id === wanted) ?? ways[0];
  const [email, setEmail] = useState('');
  const needsAddress = way !== undefined && shop.data?.needsEmail === true && needsEmail(shop.data.payWith, way);
  const form = useForm({
    send: (_, key) =>
      paymentsOrdersPay({
        path: { orderId: order.id },
        // Whether the card is kept stays as it was ordered.
        body: {
          ...{ provider: way!.provider!, savedMethodId: way!.savedMethodId },
          email: needsAddress ? email.trim() : undefined,
        },
        headers: { 'Idempotency-Key': key },
      }),
    done: () => refresh('payments').then(onDone),
  });
  return (
    <Loaded answer={shop}>
      {({ payWith }) => (
        <Form form={form}>
          <WayChoice {...{ ways, payWith, currency, value: way?.id }} onChange={setWay} />
          {needsAddress && (
            <TextField
              name="email"
              type="email"
              label={checkout.email}
              autoComplete="email"
              value={email}
              onChange={setEmail}
              isRequired
            />
          )}
          <FormProblem form={form} />
          <SubmitButton form={form} wide size="large" isDisabled={!way}>
            {t.payThis}
          </SubmitButton>
        </Form>
      )}
    </Loaded>
  );
}

function CancelButton({ orderId }: { orderId: string }) {
  const t = useShopTexts().order;
  const confirm = useConfirm();
  const cancel = async () => {
    const question = { title: t.cancelTitle, text: t.cancelText, action: t.cancel, look: 'danger' } as const;
    if ((await confirm(question)) === undefined) return;
    await paymentsOrdersCancel({ path: { orderId }, headers: { 'Idempotency-Key': crypto.randomUUID() } })
      .then(() => notify({ text: t.cancelled }))
      .catch(tellProblem);
    await refresh('payments');
  };
  return (
    <Button look="danger-quiet" onPress={() => void cancel()}>
      {t.cancel}
    </Button>
  );
}

/** What came of it, and where to go on. */
function Outcome({ order }: { order: Order }) {
  const t = useShopTexts().order;
  const formats = useFormats();
  const { state, kind, giftLink, quote, refundedMinor } = order;
  if (state === 'cancelled' || state === 'expired') {
    return (
      <Card title={wordOf(t.states, state)}>
        <p>{t.over}</p>
        <ButtonLink href={againAt(order)} look="primary" wide size="large">
          {t.again}
        </ButtonLink>
      </Card>
    );
  }
  const isServed = state === 'fulfilled';
  const leads: Readonly<Record<string, readonly [href: string, words: string]>> = {
    'top-up': ['/me/balance', t.toBalance],
    gift: ['/me/gifts', t.toGifts],
  };
  const [href, words] = leads[kind] ?? ['/me/subscriptions', t.toSubscription];
  return (
    <Card title={state === 'paid' || isServed ? t.paidTitle : wordOf(t.states, state)}>
      {refundedMinor > 0 && (
        <p>
          {t.refunded}: {formats.price({ amountMinor: refundedMinor, currency: quote.currency })}
        </p>
      )}
      {state === 'paid' && <Waiting>{t.serving}</Waiting>}
      {isServed && <p>{wordOf(t.done, kind)}</p>}
      {giftLink && <ShareLink link={giftLink} />}
      <ButtonLink href={href} look={isServed ? 'primary' : 'plain'} wide size="large">
        {words}
      </ButtonLink>
    </Card>
  );
}

/** Where the same is chosen once more. */
function againAt({ kind, botId, subscriptionId }: Order): string {
  const what = kind === 'top-up' || kind === 'package' || kind === 'gift' ? kind : 'plan';
  return `/me/buy?what=${what}&bot=${botId}${subscriptionId ? `&subscription=${subscriptionId}` : ''}`;
}

function Details({ order }: { order: Order }) {
  const t = useShopTexts();
  const { id, quote, provider, promoCode, createdAt, paidAt, receiptUrl } = order;
  const formats = useFormats();
  return (
    <Card title={t.order.details}>
      {order.state === 'awaiting' ? (
        <QuoteSum quote={quote} />
      ) : (
        <Facts facts={[[t.checkout.price, formats.price(totalOf(order))]]} />
      )}
      <Facts
        facts={[
          [t.checkout.promo, promoCode],
          [t.order.paidBy, provider && paidAt && wordOf(t.providers, provider)],
          [t.order.placed, <Moment key="placed" at={createdAt} />],
          [t.order.paidAt, paidAt && <Moment key="paid" at={paidAt} />],
          [t.order.id, <code key="id">{id}</code>],
        ]}
      />
      {receiptUrl && (
        <OutsideLink href={receiptUrl} wide iconEnd={<ExternalLink />}>
          {t.order.openReceipt}
        </OutsideLink>
      )}
    </Card>
  );
}
