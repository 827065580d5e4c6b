import { paymentsOrdersPlace } from '@switchboard/api-client';
import {
  Button,
  ButtonLink,
  Card,
  Checkbox,
  Columns,
  Empty,
  Form,
  FormProblem,
  type FormState,
  MoneyField,
  problemOf,
  SubmitButton,
  Switch,
  TextField,
  useForm,
  useFormats,
  useLanguage,
} from '@switchboard/ui';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { PackageOpen } from 'lucide-react';
import { Suspense, useState } from 'react';
import { refresh } from '../../http/api';
import { lazyPart } from '../../lazy-part';
import { oneOf, useSetSearch } from '../../search';
import { openOutside } from '../../web-app/outside-link';
import { CurrencyChoice } from './currency-choice';
import { PackageChoice, PlanChoice } from './plan-choice';
import { type Asked, isAboutPromo, Quoted, useQuote } from './quote';
import { priceIn, type Shop, type Subscription, takes } from './shop.api';
import { ShopPage } from './shop-page';
import { useShopTexts } from './shop.texts';
import { Trial } from './trial';
import { WayChoice, waysFor } from './way-choice';

/** Of packages alone. */
const Quantity = lazyPart(() => import('./quantity'), 'Quantity');

const KINDS = ['plan', 'package', 'top-up', 'gift'] as const;
type Kind = (typeof KINDS)[number];

/** Everything that is bought is bought here: what, with which discounts, and how it is paid. */
export function CheckoutPage() {
  const t = useShopTexts().checkout;
  const search = useSearch({ from: '/me/buy' });
  const kind = oneOf(KINDS, search.what) ?? 'plan';
  return (
    <ShopPage title={t.titles[kind]} about={t.abouts[kind]}>
      {(shop) => (
        <>
          {kind === 'plan' && search.subscription === undefined && <Trial shop={shop} />}
          <Checkout key={kind} kind={kind} shop={shop} />
        </>
      )}
    </ShopPage>
  );
}

function Checkout({ kind, shop }: { kind: Kind; shop: Shop }) {
  const t = useShopTexts();
  const navigate = useNavigate();
  const { language } = useLanguage();
  const set = useSetSearch();
  const search = useSearch({ from: '/me/buy' });
  const subscription =
    shop.subscriptions.find(({ id }) => id === search.subscription) ??
    (kind === 'package' ? shop.subscriptions[0] : undefined);
  const plans = kind === 'gift' ? shop.plans.filter(({ giftable }) => giftable) : shop.plans;
  const items = kind === 'plan' || kind === 'gift' ? plans : kind === 'package' ? shop.packages : [];
  const chosen =
    items.find(({ id }) => id === search.item) ?? items.find(({ id }) => id === subscription?.planId) ?? items[0];

  const currencies = useCurrencies(shop, kind === 'top-up' ? undefined : chosen?.prices, subscription);
  const [wantedCurrency, setCurrency] = useState<string>();
  const currency = currencies.find((one) => one === (wantedCurrency ?? search.currency)) ?? currencies[0] ?? '';
  const [quantity, setQuantity] = useState(1);
  const [amountMinor, setAmount] = useState(
    search.amount && /^\d+$/.test(search.amount) ? Number(search.amount) : undefined,
  );
  const [promoCode, setPromoCode] = useState<string>();
  const [usesBalance, setUsesBalance] = useState(true);
  const [renews, setRenews] = useState(true);

  const balance = kind === 'top-up' ? undefined : (priceIn(shop.balances, currency)?.amountMinor ?? 0);
  const ways = waysFor(shop.payWith, currency, balance);
  const [wantedWay, setWay] = useState<string>();
  const listed = chosen && priceIn(chosen.prices, currency);
  // Whoever has enough there need not be asked for a card.
  const usualWay = listed && listed.amountMinor * quantity <= (balance ?? 0) ? 'balance' : undefined;
  const way = ways.find(({ id }) => id === (wantedWay ?? usualWay)) ?? ways[0];
  const isFromBalance = way?.id === 'balance';

  const plan = shop.plans.find(({ id }) => id === chosen?.id);
  const canRenew = kind === 'plan' && plan?.recurring === true && way?.recurring === true;
  const wanted = ((): Asked['wanted'] | undefined => {
    if (kind === 'top-up') return amountMinor === undefined ? undefined : { kind, amountMinor };
    if (!chosen) return undefined;
    if (kind === 'gift') return { kind, planId: chosen.id };
    if (kind === 'package')
      return subscription && { kind, packageId: chosen.id, subscriptionId: subscription.id, quantity };
    return { kind, planId: chosen.id, subscriptionId: subscription?.id, autoRenew: canRenew && renews };
  })();
  const useBalance = balance !== undefined && balance > 0 && (isFromBalance || usesBalance);
  const asked: Asked | undefined =
    wanted && currency ? { botId: shop.botId, wanted, currency, promoCode, useBalance } : undefined;
  const quoted = useQuote(asked);
  const due = quoted.data && quoted.data.fromBalanceMinor + quoted.data.dueMinor;
  const isPaidByPage = way?.provider !== undefined && quoted.data?.dueMinor !== 0;

  const form = useForm({
    send: async (values, key) => {
      const body = {
        ...asked!,
        ...(way?.provider && { provider: way.provider, savedMethodId: way.savedMethodId }),
        ...{
          saveMethod: values.flag('save') || (canRenew && renews),
          email: values.optional('email'),
          locale: language,
        },
      };
      return (await paymentsOrdersPlace({ body, headers: { 'Idempotency-Key': key } })).data;
    },
    done: ({ id, next }) => {
      void refresh('payments');
      void navigate({ to: '/me/payments/$orderId', params: { orderId: id } });
      // The page of the order has a link to it as well, for browsers that open nothing by themselves.
      if (next?.kind === 'open') void openOutside(next.url);
    },
  });

  if (kind === 'package' ? !subscription || items.length === 0 : kind !== 'top-up' && items.length === 0)
    return <NothingToBuy kind={kind} />;
  return (
    <Form form={form}>
      <Columns
        main={
          <>
            {(kind === 'plan' || kind === 'gift') && (
              <PlanChoice
                items={plans}
                {...{ currency, yours: subscription?.planId, value: chosen?.id }}
                onChange={(item) => set({ item })}
              />
            )}
            {kind === 'package' && (
              <>
                <PackageChoice
                  items={shop.packages}
                  {...{ currency, value: chosen?.id }}
                  onChange={(item) => set({ item })}
                />
                <Suspense>
                  <Quantity value={quantity} onChange={setQuantity} />
                </Suspense>
              </>
            )}
            {currencies.length > 1 && <CurrencyChoice {...{ currencies, value: currency }} onChange={setCurrency} />}
            {kind === 'top-up' && (
              <MoneyField
                key={currency}
                label={t.checkout.amount}
                currency={currency}
                defaultMinor={amountMinor}
                onChange={setAmount}
                isRequired
              />
            )}
            <WayChoice {...{ ways, currency, balance, due, value: way?.id }} payWith={shop.payWith} onChange={setWay} />
          </>
        }
        side={
          <Card title={t.checkout.summary}>
            {asked && <Quoted answer={quoted} />}
            {kind !== 'top-up' && <PromoCode applied={promoCode} onApply={setPromoCode} error={quoted.error} />}
            {balance !== undefined && balance > 0 && !isFromBalance && (
              <BalanceSwitch {...{ balance, currency }} isSelected={usesBalance} onChange={setUsesBalance} />
            )}
            {canRenew && (
              <Switch isSelected={renews} onChange={setRenews} hint={t.checkout.renewHint}>
                {t.checkout.renew}
              </Switch>
            )}
            {isPaidByPage && way.recurring && !way.savedMethodId && !(canRenew && renews) && (
              <Checkbox name="save">{t.checkout.save}</Checkbox>
            )}
            {isPaidByPage && shop.needsEmail && (
              <TextField name="email" type="email" label={t.checkout.email} autoComplete="email" isRequired />
            )}
            <FormProblem form={form} />
            <PayButton
              form={form}
              quote={quoted.data}
              isOrder={isFromBalance && due !== undefined && (balance ?? 0) < due}
              isDisabled={!asked || !way || quoted.isError}
            />
            {isPaidByPage && <p className="soft">{t.checkout.secure}</p>}
          </Card>
        }
      />
    </Form>
  );
}

function PayButton({
  form,
  quote,
  isOrder,
  isDisabled,
}: {
  form: FormState;
  quote: ReturnType<typeof useQuote>['data'];
  /** It is paid later. */
  isOrder: boolean;
  isDisabled: boolean;
}) {
  const t = useShopTexts().checkout;
  const formats = useFormats();
  const { dueMinor, fromBalanceMinor, currency } = quote ?? { dueMinor: 0, fromBalanceMinor: 0, currency: '' };
  const total = dueMinor > 0 ? dueMinor : fromBalanceMinor;
  const words = isOrder ? t.order : total > 0 ? t.payNow(formats.price({ amountMinor: total, currency })) : t.get;
  return (
    <SubmitButton form={form} wide size="large" isDisabled={isDisabled}>
      {quote ? words : t.payAny}
    </SubmitButton>
  );
}

function BalanceSwitch({
  balance,
  currency,
  ...rest
}: {
  balance: number;
  currency: string;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
}) {
  const t = useShopTexts().checkout;
  const formats = useFormats();
  return <Switch {...rest}>{t.useBalance(formats.price({ amountMinor: balance, currency }))}</Switch>;
}

function PromoCode({
  applied,
  onApply,
  error,
}: {
  applied: string | undefined;
  onApply: (code: string | undefined) => void;
  error: unknown;
}) {
  const t = useShopTexts().checkout;
  const [code, setCode] = useState(applied ?? '');
  const complaint = applied !== undefined && isAboutPromo(error) ? problemOf(error)?.detail : undefined;
  const apply = () => onApply(code.trim() || undefined);
  return (
    <div className="shop-promo">
      <TextField
        label={t.promo}
        optional
        value={code}
        onChange={setCode}
        maxLength={64}
        autoComplete="off"
        isInvalid={complaint !== undefined}
        hint={complaint}
        // Enter would send the order.
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          apply();
        }}
      />
      {applied === undefined || applied !== code.trim() ? (
        <Button onPress={apply} isDisabled={code.trim() === ''}>
          {t.apply}
        </Button>
      ) : (
        <Button
          look="quiet"
          onPress={() => {
            setCode('');
            onApply(undefined);
          }}
        >
          {t.noPromo}
        </Button>
      )}
    </div>
  );
}

function NothingToBuy({ kind }: { kind: Kind }) {
  const t = useShopTexts().checkout;
  return (
    <Empty
      icon={<PackageOpen />}
      title={t.nothing}
      action={
        kind !== 'plan' && (
          <ButtonLink href="/me/buy" look="primary">
            {t.toPlans}
          </ButtonLink>
        )
      }
    >
      {t.nothingText}
    </Empty>
  );
}

/**
 * In which something has a price and can be paid, the usual one first: that in which they pay already, or have something.
 * @param prices undefined for what has any price
 */
function useCurrencies(
  shop: Shop,
  prices: readonly { currency: string }[] | undefined,
  subscription: Subscription | undefined,
): string[] {
  const { language } = useLanguage();
  const known = prices ?? [...shop.plans, ...shop.packages].flatMap((item) => item.prices);
  const payable = [...new Set(known.map(({ currency }) => currency))].filter(
    (currency) => shop.payWith.some((way) => takes(way, currency)) || priceIn(shop.balances, currency) !== undefined,
  );
  const usual = [
    subscription?.nextCharge?.currency,
    shop.balances.find(({ amountMinor }) => amountMinor > 0)?.currency,
    language === 'ru' ? 'RUB' : 'USD',
  ].find((currency) => payable.some((one) => one === currency));
  return payable.sort((a, b) => Number(b === usual) - Number(a === usual));
}
