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
import { CurrencyChoice } from './currency-choice';
import { PackageChoice, PlanChoice } from './plan-choice';
import { type Asked, isAboutPromo, Quoted, useQuote, useSettled } from './quote';
import { type Plan, priceIn, type Shop, type Subscription, takes, usePeriod } from './shop.api';
import { ShopPage } from './shop-page';
import { useShopTexts } from './shop.texts';
import { Trial } from './trial';
import { needsEmail, WayChoice, waysFor } from './way-choice';

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
  const given = amountIn(search, currencies);
  const [amountMinor, setAmount] = useState(given?.amountMinor);
  const settledMinor = useSettled(amountMinor);
  const [typedCode, setTypedCode] = useState('');
  const [promoCode, setPromoCode] = useState<string>();
  const [usesBalance, setUsesBalance] = useState(true);
  // What is charged again and again is agreed to by a mark of one's own.
  const [renews, setRenews] = useState(subscription?.autoRenew ?? false);
  const [email, setEmail] = useState('');

  const balance = kind === 'top-up' ? undefined : (priceIn(shop.balances, currency)?.amountMinor ?? 0);
  const ways = waysFor(shop.payWith, currency, balance);
  const [wantedWay, setWay] = useState<string>();
  const listed = chosen && priceIn(chosen.prices, currency);
  // Whoever has enough there need not be asked for a card.
  const usualWay = usesBalance && listed && listed.amountMinor * quantity <= (balance ?? 0) ? 'balance' : undefined;
  const way = ways.find(({ id }) => id === (wantedWay ?? usualWay)) ?? ways[0];
  const isFromBalance = way?.id === 'balance';

  const wanted = ((): Asked['wanted'] | undefined => {
    if (kind === 'top-up') return settledMinor === undefined ? undefined : { kind, amountMinor: settledMinor };
    if (!chosen) return undefined;
    if (kind === 'gift') return { kind, planId: chosen.id };
    if (kind === 'package')
      return subscription && { kind, packageId: chosen.id, subscriptionId: subscription.id, quantity };
    return { kind, planId: chosen.id, subscriptionId: subscription?.id };
  })();
  const useBalance = balance !== undefined && balance > 0 && (isFromBalance || usesBalance);
  const asked: Asked | undefined =
    wanted && currency && amountMinor === settledMinor
      ? { botId: shop.botId, wanted, currency, promoCode, useBalance }
      : undefined;
  const quoted = useQuote(asked);
  const due = quoted.data && quoted.data.fromBalanceMinor + quoted.data.dueMinor;
  /** Nobody has to be paid for it: by the balance it is bought at once, or it costs nothing. */
  const isCovered = quoted.data?.dueMinor === 0;
  const charged = isCovered || way?.provider === undefined ? undefined : way;
  const needsAddress = shop.needsEmail && charged !== undefined && needsEmail(shop.payWith, charged);
  /** What stands on the button is what is sent: neither of the choice before, nor without a code that was typed. */
  const isCurrent =
    asked !== undefined && quoted.isSuccess && !quoted.isPlaceholderData && typedCode.trim() === (promoCode ?? '');

  const plan = shop.plans.find(({ id }) => id === chosen?.id);
  const renewing = quoted.data?.renewsBy;
  const canRenew =
    kind === 'plan' &&
    plan?.recurring === true &&
    (charged === undefined || (renewing ? renewing.includes(charged.provider!) : charged.recurring));
  const isRenewed = canRenew && renews;

  const form = useForm({
    send: async (values, key) => {
      const body = {
        ...asked!,
        ...(wanted?.kind === 'plan' && { wanted: { ...wanted, autoRenew: isRenewed } }),
        ...(charged && { provider: charged.provider, savedMethodId: charged.savedMethodId }),
        ...{
          saveMethod: charged !== undefined && (values.flag('save') || isRenewed),
          email: needsAddress ? email.trim() : undefined,
          locale: language,
        },
      };
      return (await paymentsOrdersPlace({ body, headers: { 'Idempotency-Key': key } })).data;
    },
    done: ({ id }) => {
      void refresh('payments');
      return navigate({ to: '/me/payments/$orderId', params: { orderId: id } });
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
            {currencies.length > 1 && (
              <CurrencyChoice
                {...{ currencies, value: currency }}
                onChange={(next) => {
                  setCurrency(next);
                  // So many kopecks are not as many cents.
                  setAmount(next === given?.currency ? given.amountMinor : undefined);
                }}
              />
            )}
            {kind === 'top-up' && (
              <MoneyField
                key={currency}
                label={t.checkout.amount}
                currency={currency}
                defaultMinor={given?.currency === currency ? given.amountMinor : undefined}
                onChange={setAmount}
                isRequired
              />
            )}
            {!isCovered && (
              <WayChoice
                {...{ ways, currency, balance, due, value: way?.id }}
                payWith={shop.payWith}
                onChange={setWay}
              />
            )}
          </>
        }
        side={
          <Card title={t.checkout.summary}>
            {(asked || amountMinor !== undefined) && <Quoted answer={quoted} />}
            {kind !== 'top-up' && (
              <PromoCode
                {...{ typed: typedCode, applied: promoCode, error: quoted.error }}
                onType={setTypedCode}
                onApply={setPromoCode}
              />
            )}
            {balance !== undefined && balance > 0 && (!isFromBalance || isCovered) && (
              <BalanceSwitch
                {...{ balance, currency }}
                isSelected={useBalance}
                onChange={(uses) => {
                  setUsesBalance(uses);
                  if (!uses && isFromBalance) setWay(undefined);
                }}
              />
            )}
            {canRenew && <RenewSwitch plan={plan} price={listed} isSelected={renews} onChange={setRenews} />}
            {charged?.savable && !isRenewed && <Checkbox name="save">{t.checkout.save}</Checkbox>}
            {needsAddress && (
              <TextField
                name="email"
                type="email"
                label={t.checkout.email}
                autoComplete="email"
                value={email}
                onChange={setEmail}
                isRequired
              />
            )}
            <FormProblem form={form} />
            <PayButton
              form={form}
              quote={isCurrent ? quoted.data : undefined}
              isOrder={isFromBalance}
              isDisabled={!isCurrent || (!way && !isCovered)}
            />
            {charged && !charged.savedMethodId && <p className="soft">{t.checkout.secure}</p>}
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
  /** Undefined while it is not known. */
  quote: ReturnType<typeof useQuote>['data'];
  /** It is bought once the balance suffices. */
  isOrder: boolean;
  isDisabled: boolean;
}) {
  const t = useShopTexts().checkout;
  const formats = useFormats();
  const words = ({ dueMinor, fromBalanceMinor, currency }: NonNullable<typeof quote>) => {
    if (dueMinor > 0) return isOrder ? t.order : t.payNow(formats.price({ amountMinor: dueMinor, currency }));
    return fromBalanceMinor > 0 ? t.payByBalance(formats.price({ amountMinor: fromBalanceMinor, currency })) : t.get;
  };
  return (
    <SubmitButton form={form} wide size="large" isDisabled={isDisabled}>
      {quote ? words(quote) : t.payAny}
    </SubmitButton>
  );
}

function RenewSwitch({
  plan,
  price,
  ...rest
}: {
  plan: Plan;
  price: Plan['prices'][number] | undefined;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
}) {
  const t = useShopTexts();
  const formats = useFormats();
  const period = usePeriod();
  return (
    <Switch {...rest} hint={price && t.checkout.renewHint(t.plan.perPeriod(formats.price(price), period(plan.period)))}>
      {t.checkout.renew}
    </Switch>
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

/** A code counts once somebody goes on from its field: none that was typed is left out unseen. */
function PromoCode({
  typed,
  applied,
  onType,
  onApply,
  error,
}: {
  typed: string;
  applied: string | undefined;
  onType: (code: string) => void;
  onApply: (code: string | undefined) => void;
  error: unknown;
}) {
  const t = useShopTexts().checkout;
  const complaint = applied !== undefined && isAboutPromo(error) ? problemOf(error)?.detail : undefined;
  const apply = () => onApply(typed.trim() || undefined);
  return (
    <div className="shop-promo">
      <TextField
        label={t.promo}
        optional
        value={typed}
        onChange={onType}
        maxLength={64}
        autoComplete="off"
        validationBehavior="aria"
        validate={() => complaint}
        onBlur={apply}
        // Enter would send the order.
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          apply();
        }}
      />
      {applied === undefined || applied !== typed.trim() ? (
        <Button onPress={apply} isDisabled={typed.trim() === ''}>
          {t.apply}
        </Button>
      ) : (
        <Button
          look="quiet"
          onPress={() => {
            onType('');
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

/** The amount that an address asks for: of a currency that can be paid, else it is none. */
function amountIn(
  { amount, currency }: { amount?: string; currency?: string },
  payable: readonly string[],
): { amountMinor: number; currency: string } | undefined {
  if (!amount || !/^\d{1,12}$/.test(amount) || currency === undefined || !payable.includes(currency)) return undefined;
  return { amountMinor: Number(amount), currency };
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
