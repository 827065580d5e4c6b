import type { PaymentsShopPackage } from '@switchboard/api-client';
import { Badge, RadioGroup, Row, useFormats } from '@switchboard/ui';
import { type Plan, priceIn, useFeatures, useLocalized, usePeriod } from './shop.api';
import { useShopTexts } from './shop.texts';
import './shop.css';

interface ChoiceProps<Item> {
  items: readonly Item[];
  currency: string;
  value: string | undefined;
  onChange: (id: string) => void;
}

/** What there is to choose from, with what each costs and brings. @param yours the plan that they have already */
export function PlanChoice({ items, currency, yours, ...choice }: ChoiceProps<Plan> & { yours?: string }) {
  const t = useShopTexts();
  const localized = useLocalized();
  const period = usePeriod();
  const features = useFeatures();
  const formats = useFormats();
  const byUse = ({ byUse }: Plan): string[] => {
    const amountMinor = byUse?.prices[currency];
    return amountMinor === undefined ? [] : [t.plan.byUse(formats.price({ amountMinor, currency }), formats.cost(1e6))];
  };
  return (
    <RadioGroup
      {...choice}
      value={choice.value ?? null}
      label={t.checkout.choose}
      hideLabel
      cards
      choices={items.map((plan) => {
        const price = priceIn(plan.prices, currency);
        return {
          id: plan.id,
          label: (
            <Row>
              {localized(plan.name)}
              {plan.id === yours && <Badge tone="accent">{t.plan.yours}</Badge>}
            </Row>
          ),
          hint: (
            <Offer
              price={price && t.plan.perPeriod(formats.price(price), period(plan.period))}
              about={localized(plan.description)}
              brings={[...features(plan.features), ...byUse(plan), ...(plan.recurring ? [t.plan.recurring] : [])]}
            />
          ),
        };
      })}
    />
  );
}

export function PackageChoice({ items, currency, ...choice }: ChoiceProps<PaymentsShopPackage>) {
  const t = useShopTexts();
  const localized = useLocalized();
  const features = useFeatures();
  const formats = useFormats();
  return (
    <RadioGroup
      {...choice}
      value={choice.value ?? null}
      label={t.checkout.choose}
      hideLabel
      cards
      choices={items.map(({ id, name, prices, adds }) => {
        const price = priceIn(prices, currency);
        return {
          id,
          label: localized(name),
          hint: <Offer price={price && formats.price(price)} brings={features(adds)} />,
        };
      })}
    />
  );
}

const Offer = ({ price, about, brings }: { price?: string; about?: string; brings: readonly string[] }) => (
  <span className="shop-offer">
    {price && <strong>{price}</strong>}
    {about && <span>{about}</span>}
    {brings.map((line) => (
      <span key={line} className="shop-offer-line">
        {line}
      </span>
    ))}
  </span>
);
