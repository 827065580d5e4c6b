import {
  type PaymentsFinding,
  type PaymentsReconciliation,
  paymentsReconciliationsListOptions,
  paymentsReconciliationsReadOptions,
  paymentsReconciliationsRun,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  type Column,
  ComboBox,
  DataTable,
  DateField,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  FieldRow,
  Filters,
  FilterSelect,
  Form,
  FormProblem,
  Link,
  Moment,
  NoMatch,
  notify,
  Select,
  SubmitButton,
  type Tone,
  useForm,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Scale } from 'lucide-react';
import { useState } from 'react';
import { BotFilter, BotName } from '../bots/bot-parts';
import { useBots } from '../bots/bots.api';
import { refresh } from '../http/api';
import { askedAgain } from '../http/asked-again';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { lastDays } from '../period/days';
import { useSetSearch } from '../search';
import { useStaff } from '../session';
import { ProviderFilter, useSums } from '../shop/shop-parts';
import { useShopWords } from '../shop/shop.texts';
import { useLedgerTexts } from './ledger.texts';

const LOOK_EVERY_MS = 10_000;
const tones: Record<string, Tone> = { running: 'info', fits: 'good', differs: 'bad', failed: 'bad' };

/** How what providers have taken fits what is booked, day by day. */
export function Reconciliations() {
  const t = useLedgerTexts();
  const words = useShopWords();
  const formats = useFormats();
  const sumsOf = useSums();
  const search = useSearch({ from: '/console/ledger' });
  const set = useSetSearch();
  const mayRun = useStaff().can('ledger:request');
  const [asking, setAsking] = useState(false);
  const { bot, provider, state, day } = search;
  const { list } = useList({
    ...paymentsReconciliationsListOptions({ query: { botId: bot, provider, state, after: search.after, limit: 50 } }),
    refetchInterval: askedAgain(({ data }) => data.some((one) => one.state === 'running'), LOOK_EVERY_MS),
  });
  const runButton = mayRun && (
    <Button icon={<Scale />} onPress={() => setAsking(true)}>
      {t.compare}
    </Button>
  );
  const columns: Column<PaymentsReconciliation>[] = [
    {
      ...{ id: 'day', title: t.day },
      cell: (one) => (
        <span className="two-lines">
          <span>{formats.date(one.day, 'UTC')}</span>
          <small>{wordOf(words.providers, one.provider)}</small>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '150px', phone: 'state' },
      cell: (one) => <State state={one.state} />,
    },
    { id: 'bot', title: t.bot, width: '180px', cell: ({ botId }) => <BotName botId={botId} /> },
    {
      ...{ id: 'compared', title: t.compared, width: '110px', align: 'end' },
      cell: ({ compared }) => formats.number(compared),
    },
    {
      ...{ id: 'there', title: t.there, width: '150px', align: 'end', phone: 'never' },
      cell: ({ thereMinor }) => sumsOf(thereMinor),
    },
    {
      ...{ id: 'differences', title: t.differences, width: '130px', align: 'end' },
      cell: ({ missing, unconfirmed, different, unknownOrders }) => {
        const count = missing + unconfirmed + different + unknownOrders;
        return count > 0 ? formats.number(count) : <span className="soft">{t.noDifferences}</span>;
      },
    },
    {
      ...{ id: 'finished', title: t.finished, width: '130px', phone: 'never' },
      cell: ({ finishedAt }) => finishedAt && <Ago at={finishedAt} />,
    },
  ];
  return (
    <>
      <Filters set={[bot, provider, state].filter(Boolean).length} end={runButton}>
        <BotFilter value={bot} onChange={(id) => set({ bot: id })} />
        <ProviderFilter value={provider} onChange={(id) => set({ provider: id })} />
        <FilterSelect
          label={t.state}
          any={t.anyState}
          value={state}
          onChange={(id) => set({ state: id })}
          choices={Object.entries(t.states).map(([id, label]) => ({ id, label }))}
        />
      </Filters>
      <DataTable
        label={t.tabs.reconciliations}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={(one) => `${formats.date(one.day, 'UTC')}, ${wordOf(words.providers, one.provider)}`}
        onOpen={({ id }) => set({ day: id }, { keepsPage: true })}
        toneOf={(one) => (one.state === 'differs' || one.state === 'failed' ? 'bad' : undefined)}
        empty={
          bot || provider || state ? (
            <NoMatch onClear={() => set({ bot: undefined, provider: undefined, state: undefined })} />
          ) : (
            <Empty icon={<Scale />} title={t.noReconciliations} action={runButton}>
              {t.noReconciliationsText}
            </Empty>
          )
        }
      />
      {day && <DayDialog id={day} onClose={() => set({ day: undefined }, { keepsPage: true })} />}
      {asking && <RunDialog onClose={() => setAsking(false)} />}
    </>
  );
}

function State({ state }: { state: string }) {
  const t = useLedgerTexts();
  return (
    <Badge dot tone={tones[state] ?? 'neutral'}>
      {wordOf(t.states, state)}
    </Badge>
  );
}

/** What does not fit of a day, with what to do about it. */
function DayDialog({ id: reconciliationId, onClose }: { id: string; onClose: () => void }) {
  const t = useLedgerTexts();
  const words = useShopWords();
  const formats = useFormats();
  const sumsOf = useSums();
  const answer = useQuery(paymentsReconciliationsReadOptions({ path: { reconciliationId } }));
  const title = answer.data
    ? `${formats.date(answer.data.day, 'UTC')}, ${wordOf(words.providers, answer.data.provider)}`
    : t.day;
  return (
    <Dialog look="side" width="wide" title={title} isOpen onOpenChange={(open) => !open && onClose()}>
      <DialogBody>
        <Loaded answer={answer} lines={6}>
          {({ state, botId, compared, thereMinor, hereMinor, finishedAt, findings }) => (
            <>
              <Facts
                facts={[
                  [t.state, <State key="state" state={state} />],
                  [t.bot, <BotName key="bot" botId={botId} />],
                  [t.compared, formats.number(compared)],
                  [t.there, sumsOf(thereMinor)],
                  [t.here, sumsOf(hereMinor)],
                  [t.finished, finishedAt && <Moment key="finished" at={finishedAt} />],
                ]}
              />
              <ul className="findings">
                {findings.map((finding) => (
                  <FindingItem key={`${finding.kind} ${finding.takingId}`} finding={finding} />
                ))}
              </ul>
              {findings.length === 0 && state === 'fits' && <p className="soft">{t.noFindings}</p>}
            </>
          )}
        </Loaded>
      </DialogBody>
    </Dialog>
  );
}

function FindingItem({ finding }: { finding: PaymentsFinding }) {
  const t = useLedgerTexts();
  const formats = useFormats();
  const { kind, takingId, externalId, orderId, thereMinor, hereMinor, currency } = finding;
  const money = (amountMinor: number | null) => amountMinor !== null && formats.money({ amountMinor, currency });
  const about: Readonly<Record<string, string>> = t.kindsAbout;
  return (
    <li data-severity="warning">
      <div>
        <b>{wordOf(t.kinds, kind)}</b> {about[kind]}
        <Facts
          facts={[
            [t.payment, <code key="payment">{externalId ?? takingId}</code>],
            [t.there, money(thereMinor)],
            [t.here, money(hereMinor)],
            [
              t.ofs.order,
              orderId &&
                (kind === 'unknown-order' ? (
                  <code key="order">{orderId}</code>
                ) : (
                  <Link key="order" href={`/console/orders/${orderId}`}>
                    {t.toOrder}
                  </Link>
                )),
            ],
          ]}
        />
      </div>
    </li>
  );
}

function RunDialog({ onClose }: { onClose: () => void }) {
  const t = useLedgerTexts();
  const words = useShopWords();
  const kit = useKitTexts();
  const staff = useStaff();
  const bots = useBots().filter(({ id }) => staff.can('ledger:request', id));
  const [day, setDay] = useState<string | null>(lastDays(2).from);
  const form = useForm({
    send: (values, key) =>
      paymentsReconciliationsRun({
        headers: { 'Idempotency-Key': key },
        body: { botId: values.text('botId'), provider: values.text('provider'), day: day ?? '' },
      }),
    done: () => {
      notify({ text: t.comparing });
      void refresh('paymentsReconciliations');
      onClose();
    },
  });
  return (
    <Dialog title={t.compareTitle} about={t.compareAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <ComboBox
            name="botId"
            label={t.bot}
            choices={bots.map(({ id, name }) => ({ id, label: name, about: id }))}
            required
          />
          <FieldRow>
            <Select
              name="provider"
              label={words.provider}
              choices={Object.entries(words.providers)
                .filter(([id]) => id !== 'balance')
                .map(([id, label]) => ({ id, label }))}
              required
            />
            <DateField name="day" label={t.day} value={day} onChange={setDay} />
          </FieldRow>
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} isDisabled={!day}>
            {t.compare}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
