import {
  type PaymentsBalanceCorrection,
  paymentsBalanceCorrectionsListOptions,
  paymentsBalanceCorrectionsMake,
  paymentsBalancesReadOptions,
  type PaymentsBalancesReadResponse,
} from '@switchboard/api-client';
import {
  Ago,
  Button,
  Card,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Facts,
  FieldRow,
  Form,
  FormProblem,
  MoneyField,
  notify,
  RadioGroup,
  Select,
  SubmitButton,
  TextArea,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import { useState } from 'react';
import { refresh } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { useStaff } from '../session';
import { correctedAlone } from '../shop/approval-limits';
import { useMoneyList } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { StaffName } from '../staff-names/staff-names';
import { usePeopleTexts } from './people.texts';

type Balances = PaymentsBalancesReadResponse['data'];

const accounts = ['customer', 'held', 'rewards-held'] as const;

/** What a person has on their balance, and how staff have corrected it. */
export function PersonBalance({ userId }: { userId: string }) {
  const t = usePeopleTexts().balance;
  const listOf = useMoneyList();
  const mayCorrect = useStaff().canWithAllBots('ledger:request');
  const [correcting, setCorrecting] = useState(false);
  const answer = useQuery(paymentsBalancesReadOptions({ path: { userId } }));
  return (
    <>
      <Card
        title={t.title}
        actions={
          mayCorrect &&
          answer.data && (
            <Button size="small" icon={<Scale />} onPress={() => setCorrecting(true)}>
              {t.correct}
            </Button>
          )
        }
      >
        <Loaded answer={answer} lines={2}>
          {({ data }) =>
            data.length === 0 ? (
              <p className="soft">{t.none}</p>
            ) : (
              <Facts
                facts={accounts.map((account) => [
                  t.accounts[account],
                  listOf(data.filter((one) => one.account === account)),
                ])}
              />
            )
          }
        </Loaded>
      </Card>
      <Corrections userId={userId} />
      {correcting && answer.data && (
        <CorrectDialog userId={userId} balances={answer.data.data} onClose={() => setCorrecting(false)} />
      )}
    </>
  );
}

function Corrections({ userId }: { userId: string }) {
  const t = usePeopleTexts();
  const formats = useFormats();
  const [after, setAfter] = useState<string>();
  const { data, list } = useList(
    paymentsBalanceCorrectionsListOptions({ path: { userId }, query: { after, limit: 10 } }),
    setAfter,
  );
  const columns: Column<PaymentsBalanceCorrection>[] = [
    {
      ...{ id: 'change', title: t.balance.change, width: '150px' },
      cell: ({ changeMinor, currency }) =>
        `${changeMinor > 0 ? '+' : ''}${formats.money({ amountMinor: changeMinor, currency })}`,
    },
    {
      ...{ id: 'reason', title: t.reason },
      cell: ({ reason }) => <span className="wrapped">{reason ?? '—'}</span>,
    },
    { id: 'by', title: t.balance.by, width: '150px', cell: ({ by }) => <StaffName id={by} /> },
    { id: 'at', title: t.balance.at, width: '120px', cell: ({ at }) => <Ago at={at} /> },
  ];
  // Of most people there are none, and nothing is said of them.
  if (data?.data.length === 0 && after === undefined) return null;
  return (
    <Card title={t.balance.corrections} flush>
      <DataTable
        label={t.balance.corrections}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ reason, id }) => reason ?? id}
      />
    </Card>
  );
}

/** In which people pay most, where the person has nothing yet. */
const usualCurrencies = ['RUB', 'USD', 'EUR', 'XTR'];
const directions = ['give', 'take'] as const;

function CorrectDialog({ userId, balances, onClose }: { userId: string; balances: Balances; onClose: () => void }) {
  const t = usePeopleTexts().balance;
  const words = useShopWords();
  const kit = useKitTexts();
  const formats = useFormats();
  const currencies = [...new Set([...balances.map((one) => one.currency), ...usualCurrencies])];
  const [currency, setCurrency] = useState(currencies[0]!);
  const [direction, setDirection] = useState<string>('give');
  const [amountMinor, setAmount] = useState<number>();
  const alone = correctedAlone[currency] ?? 0;
  const available = balances.find((one) => one.account === 'customer' && one.currency === currency)?.amountMinor ?? 0;
  const form = useForm({
    send: (values, key) =>
      paymentsBalanceCorrectionsMake({
        path: { userId },
        headers: { 'Idempotency-Key': key },
        body: {
          changeMinor: (values.money('changeMinor', currency) ?? 0) * (direction === 'take' ? -1 : 1),
          currency,
          reason: values.text('reason'),
        },
      }),
    done: () => {
      notify({ text: t.corrected });
      void refresh('paymentsBalance', 'paymentsLedger');
      onClose();
    },
  });
  return (
    <Dialog title={t.correctTitle} about={t.correctAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <RadioGroup
            label={t.direction}
            value={direction}
            onChange={setDirection}
            cards
            choices={directions.map((id) => ({ id, label: t.directions[id] }))}
          />
          <FieldRow>
            <Select
              label={words.currency}
              value={currency}
              onChange={(next) => {
                setCurrency(next);
                setAmount(undefined);
              }}
              choices={currencies.map((id) => ({ id, label: id }))}
            />
            <MoneyField
              key={currency}
              name="changeMinor"
              label={words.amount}
              hint={t.has(formats.money({ amountMinor: available, currency }))}
              currency={currency}
              maxMinor={direction === 'take' ? available : undefined}
              onChange={setAmount}
              isRequired
            />
          </FieldRow>
          {amountMinor !== undefined && amountMinor > alone && (
            <p className="note" role="status">
              {words.needsSecond(formats.money({ amountMinor: alone, currency }))}
            </p>
          )}
          <TextArea
            name="reason"
            label={t.reason}
            hint={t.reasonHint}
            minLength={3}
            maxLength={500}
            rows={2}
            isRequired
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.correct}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
