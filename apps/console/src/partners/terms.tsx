import { type PaymentsShopTerms, paymentsShopTermsReadOptions, paymentsShopTermsSet } from '@switchboard/api-client';
import {
  Card,
  Checkbox,
  FieldRow,
  Form,
  notify,
  NumberField,
  RadioGroup,
  Stack,
  SubmitButton,
  useForm,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { type Kept, KeptRow, KeptRowProblem } from '../kept-row/kept-row';
import { Loaded } from '../loaded';
import { useStaff } from '../session';
import { PriceFields, pricesIn } from '../shop/price-fields';
import { usePartnerTexts } from './partners.texts';
import { ShareFields, sharesIn } from './share-fields';

/** On what terms a bot rewards whoever brings people, and sells gifts. */
export function Terms({ botId }: { botId: string }) {
  const answer = useQuery(paymentsShopTermsReadOptions({ path: { botId } }));
  return (
    <Loaded answer={answer} lines={8}>
      {(data) => (
        <KeptRow latest={data} readAnew={() => refresh('paymentsShopTerms')}>
          {(row, kept) => <TermsForm terms={row} kept={kept} />}
        </KeptRow>
      )}
    </Loaded>
  );
}

type Referrals = NonNullable<PaymentsShopTerms['referrals']>;

/** What a form begins with where nobody was rewarded before. */
const usual: Referrals = {
  ...{ percents: [20], everyPayment: false, holdDays: 14, maxPerDay: 50, newHours: 72, leastPayouts: [] },
};
const unopenedHows = ['balance', 'giver'] as const;

function TermsForm({ terms, kept }: { terms: PaymentsShopTerms; kept: Kept<PaymentsShopTerms> }) {
  const t = usePartnerTexts();
  const { botId, revision, gifts } = terms;
  const mayWrite = useStaff().can('shop-terms:write', botId);
  const referrals = terms.referrals ?? usual;
  const [isRewarded, setRewarded] = useState(terms.referrals !== null);
  const [paysOut, setPaysOut] = useState(referrals.leastPayouts.length > 0);
  const isDisabled = !mayWrite;
  const form = useForm({
    send: async (values) => {
      const least = paysOut ? Object.entries(pricesIn(values, 'leastPayouts')) : [];
      const { data } = await paymentsShopTermsSet({
        path: { botId },
        headers: { 'If-Match': etagOf(revision) },
        body: {
          referrals: isRewarded
            ? {
                percents: sharesIn(values),
                everyPayment: values.flag('everyPayment'),
                holdDays: values.number('holdDays') ?? referrals.holdDays,
                maxPerDay: values.number('maxPerDay') ?? referrals.maxPerDay,
                newHours: values.number('newHours') ?? referrals.newHours,
                leastPayouts: least.map(([currency, amountMinor = 0]) => ({ currency, amountMinor })),
              }
            : null,
          gifts: {
            openDays: values.number('openDays') ?? gifts.openDays,
            giverMayOpen: values.flag('giverMayOpen'),
            unopened: unopenedHows.find((how) => how === values.text('unopened')) ?? gifts.unopened,
          },
        },
      });
      return data;
    },
    done: (saved) => {
      notify({ text: t.termsSaved });
      void kept.goOn(saved);
    },
  });
  return (
    <Form form={form}>
      <KeptRowProblem form={form} kept={kept} more={[isRewarded, paysOut]} />
      <Card title={t.referrals} about={t.referralsAbout}>
        <Checkbox isSelected={isRewarded} onChange={setRewarded} isDisabled={isDisabled}>
          {t.rewards}
        </Checkbox>
        {isRewarded && (
          <>
            <ShareFields percents={referrals.percents} isDisabled={isDisabled} />
            <Checkbox name="everyPayment" defaultSelected={referrals.everyPayment} isDisabled={isDisabled}>
              {t.everyPayment}
            </Checkbox>
            <FieldRow>
              <NumberField
                name="holdDays"
                label={t.holdDays}
                hint={t.holdDaysHint}
                defaultValue={referrals.holdDays}
                minValue={1}
                maxValue={180}
                isDisabled={isDisabled}
                isRequired
              />
              <NumberField
                name="maxPerDay"
                label={t.maxPerDay}
                hint={t.maxPerDayHint}
                defaultValue={referrals.maxPerDay}
                minValue={1}
                maxValue={10_000}
                isDisabled={isDisabled}
                isRequired
              />
              <NumberField
                name="newHours"
                label={t.newHours}
                hint={t.newHoursHint}
                defaultValue={referrals.newHours}
                minValue={0}
                maxValue={720}
                isDisabled={isDisabled}
                isRequired
              />
            </FieldRow>
            <Checkbox isSelected={paysOut} onChange={setPaysOut} isDisabled={isDisabled} hint={t.leastPayoutsHint}>
              {t.paysOut}
            </Checkbox>
            {paysOut && (
              <Stack gap={8}>
                <h3>{t.leastPayouts}</h3>
                <PriceFields
                  name="leastPayouts"
                  prices={Object.fromEntries(
                    referrals.leastPayouts.map(({ currency, amountMinor }) => [currency, amountMinor]),
                  )}
                  isDisabled={isDisabled}
                />
              </Stack>
            )}
          </>
        )}
      </Card>
      <Card title={t.gifts}>
        <FieldRow>
          <NumberField
            name="openDays"
            label={t.openDays}
            defaultValue={gifts.openDays}
            minValue={1}
            maxValue={730}
            isDisabled={isDisabled}
            isRequired
          />
        </FieldRow>
        <Checkbox name="giverMayOpen" defaultSelected={gifts.giverMayOpen} isDisabled={isDisabled}>
          {t.giverMayOpen}
        </Checkbox>
        <RadioGroup
          name="unopened"
          label={t.unopened}
          defaultValue={gifts.unopened}
          choices={unopenedHows.map((id) => ({ id, label: t.unopenedHows[id] }))}
          isDisabled={isDisabled}
        />
      </Card>
      {mayWrite && (
        <div className="ui-form-actions">
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </div>
      )}
    </Form>
  );
}
