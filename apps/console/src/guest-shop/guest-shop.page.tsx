import {
  paymentsGuestOrdersPlace,
  paymentsGuestShopReadOptions,
  type PaymentsGuestShopReadResponse,
  paymentsGuestShopRecordStep,
} from '@switchboard/api-client';
import {
  Card,
  Empty,
  Form,
  FormProblem,
  Link,
  Logo,
  problemOf,
  ProblemState,
  SkeletonLines,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { ShoppingBag } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { CurrencyChoice } from '../me/shop/currency-choice';
import { PlanChoice } from '../me/shop/plan-choice';
import { priceIn, takes } from '../me/shop/shop.api';
import { WayChoice, waysFor } from '../me/shop/way-choice';
import { Languages } from '../sign-in/languages';
import { tabStorage } from '../tab-storage';
import { GuestOrder } from './guest-order';
import { useGuestShopTexts } from './guest-shop.texts';
import './guest-shop.css';

type GuestShop = PaymentsGuestShopReadResponse;

/** Of one visit, and of nobody: so far it is told how far visits come, and no further. */
const visitId = crypto.randomUUID();
const CAMPAIGN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const KEPT = 'switchboard.guest-order';

/** Where somebody buys who has no account yet, sent here by a link of a campaign or of a friend. */
export function GuestShopPage() {
  const t = useGuestShopTexts();
  const kit = useKitTexts();
  const { botId } = useParams({ from: '/shop/$botId' });
  const { campaign: named } = useSearch({ from: '/shop/$botId' });
  const campaign = named && CAMPAIGN.test(named) ? named : undefined;
  const { data: shop, error, refetch } = useQuery(paymentsGuestShopReadOptions({ path: { botId } }));
  const [token, setToken] = useState(() => tabStorage.get(`${KEPT}.${botId}`));
  const isThere = shop !== undefined;
  useEffect(() => {
    if (isThere) recordStep(botId, 'opened', campaign);
  }, [isThere, botId, campaign]);
  const forget = useCallback(() => tabStorage.remove(`${KEPT}.${botId}`), [botId]);
  const keep = (next: string) => {
    tabStorage.set(`${KEPT}.${botId}`, next);
    setToken(next);
  };
  const beginAnew = () => {
    forget();
    setToken(undefined);
  };
  const sellsNothing = problemOf(error)?.code === 'payments.no_shop';
  return (
    <Frame title={shop?.name ?? (error ? t.shop : undefined)}>
      {error && !shop && (sellsNothing ? <NothingSold /> : <ProblemState error={error} retry={() => void refetch()} />)}
      {!error && !shop && <SkeletonLines lines={8} label={kit.loading} />}
      {token !== undefined && <GuestOrder token={token} onAnew={beginAnew} onClaimed={forget} />}
      {shop && token === undefined && (
        <>
          <p className="guest-about">{t.about}</p>
          <Purchase shop={shop} campaign={campaign} onPlaced={keep} />
        </>
      )}
    </Frame>
  );
}

function NothingSold() {
  const t = useGuestShopTexts();
  return (
    <Empty icon={<ShoppingBag />} title={t.nothing}>
      {t.nothingText}
    </Empty>
  );
}

const recorded = new Set<string>();

/** Each step once a visit. What becomes of it changes nothing here. */
function recordStep(botId: string, step: 'opened' | 'chosen', campaign: string | undefined): void {
  if (recorded.has(step)) return;
  recorded.add(step);
  paymentsGuestShopRecordStep({ path: { botId }, body: { visitId, step, campaign } }).catch(() => undefined);
}

/** @param title undefined as long as it is not known whose shop it is */
function Frame({ title, children }: { title: string | undefined; children: ReactNode }) {
  const t = useGuestShopTexts();
  useEffect(() => {
    if (title) document.title = title;
  }, [title]);
  return (
    <div className="guest">
      <header className="guest-head">
        <Logo size={32} />
        {title && <h1>{title}</h1>}
      </header>
      <main className="guest-main">{children}</main>
      <footer className="guest-foot">
        <p>
          {t.haveAccount} <Link href="/me">{t.toAccount}</Link>
        </p>
        <Languages />
      </footer>
    </div>
  );
}

function Purchase({
  shop: { botId, plans, payWith },
  campaign,
  onPlaced,
}: {
  shop: GuestShop;
  campaign: string | undefined;
  onPlaced: (token: string) => void;
}) {
  const t = useGuestShopTexts();
  const formats = useFormats();
  const { language } = useLanguage();
  const [planId, setPlan] = useState<string>();
  const plan = plans.find(({ id }) => id === planId) ?? plans[0]!;
  const usual = language === 'ru' ? 'RUB' : 'USD';
  const currencies = plan.prices
    .map(({ currency }) => currency)
    .filter((currency) => payWith.some((way) => takes(way, currency)))
    .sort((a, b) => Number(b === usual) - Number(a === usual));
  const [wantedCurrency, setCurrency] = useState<string>();
  const currency = currencies.find((one) => one === wantedCurrency) ?? currencies[0] ?? usual;
  const ways = waysFor(payWith, currency);
  const [wantedWay, setWay] = useState<string>();
  const way = ways.find(({ id }) => id === wantedWay) ?? ways[0];
  const price = priceIn(plan.prices, currency);
  const [promoCode, setPromoCode] = useState('');
  const form = useForm({
    send: async (values) => {
      const body = {
        ...{ planId: plan.id, currency, provider: way!.provider!, email: values.text('email'), locale: language },
        ...{ promoCode: values.optional('promoCode'), campaign, visitId },
      };
      return (await paymentsGuestOrdersPlace({ path: { botId }, body })).data;
    },
    done: ({ token }) => onPlaced(token),
  });
  return (
    <Form form={form}>
      <Card title={t.choose}>
        <PlanChoice
          items={plans}
          {...{ currency, value: plan.id }}
          onChange={(id) => {
            setPlan(id);
            recordStep(botId, 'chosen', campaign);
          }}
        />
      </Card>
      <Card title={t.pay}>
        {currencies.length > 1 && <CurrencyChoice {...{ currencies, value: currency }} onChange={setCurrency} />}
        <WayChoice {...{ ways, payWith, currency, value: way?.id }} onChange={setWay} />
        <TextField
          name="email"
          type="email"
          label={t.email}
          hint={t.emailHint}
          autoComplete="email"
          isRequired
          maxLength={254}
        />
        <TextField
          name="promoCode"
          label={t.promo}
          value={promoCode}
          onChange={setPromoCode}
          optional
          maxLength={64}
          autoComplete="off"
        />
        <FormProblem form={form} />
        <SubmitButton
          form={form}
          wide
          size="large"
          isDisabled={!way || !price}
          onPress={() => recordStep(botId, 'chosen', campaign)}
        >
          {/* What a code takes off is known with the order. */}
          {promoCode.trim() || !price ? t.toPayment : t.buy(formats.price(price))}
        </SubmitButton>
        <p className="soft">{t.secure}</p>
      </Card>
    </Form>
  );
}
