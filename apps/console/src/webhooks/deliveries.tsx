import {
  gatewayWebhookDeliveriesListOptions,
  gatewayWebhookDeliveriesReadOptions,
  gatewayWebhookDeliveriesReplay,
  gatewayWebhookDeliveriesSend,
  type GatewayWebhookDelivery,
  type GatewayWebhookDeliveryLog,
  type GatewayWebhookEndpoint,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  CodeBlock,
  CodeLine,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  Facts,
  Filters,
  FilterSelect,
  Moment,
  NoMatch,
  notify,
  type Tone,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { RotateCcw, Send } from 'lucide-react';
import { refresh } from '../http/api';
import { useList } from '../list';
import { Loaded } from '../loaded';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { useWebhookTexts } from './webhooks.texts';

const outcomes = ['delivered', 'failed', 'cancelled'] as const;
const tones: Record<string, Tone> = { delivered: 'good', failed: 'bad', cancelled: 'neutral' };
/** While something is under way it is looked at so often. */
const LOOK_EVERY_MS = 3000;
/** One whose turn is further away, or long over because others hold it up, is looked at as seldom as this. */
const SOON_MS = 30_000;

const isOpen = ({ outcome }: GatewayWebhookDelivery): boolean => outcome === null;

/** When to look again at deliveries of which some may be under way: the next try of one may be a day away. */
function lookAgainIn(deliveries: readonly GatewayWebhookDelivery[]): number | false {
  const open = deliveries.filter(isOpen);
  if (open.length === 0) return false;
  const isSoon = ({ state, dueAt, createdAt }: GatewayWebhookDelivery) =>
    state === 'sending' || Math.abs(Date.parse(dueAt ?? createdAt) - Date.now()) < SOON_MS;
  return open.some(isSoon) ? LOOK_EVERY_MS : SOON_MS;
}

/** What was sent to an endpoint or is to be, the newest first. */
export function Deliveries({ endpoint }: { endpoint: GatewayWebhookEndpoint }) {
  const t = useWebhookTexts();
  const formats = useFormats();
  const search = useSearch({ from: '/console/webhooks/$endpointId' });
  const set = useSetSearch();
  const outcome = oneOf(outcomes, search.outcome);
  const { list } = useList({
    ...gatewayWebhookDeliveriesListOptions({
      query: { endpointId: endpoint.id, outcome, type: search.type, after: search.after, limit: 50 },
    }),
    refetchInterval: ({ state }) => lookAgainIn(state.data?.data ?? []),
  });
  const columns: Column<GatewayWebhookDelivery>[] = [
    {
      ...{ id: 'type', title: t.type },
      cell: ({ type, isTest }) => (
        <span className="ui-row">
          <code>{type}</code>
          {isTest && <Badge tone="info">{t.isTest}</Badge>}
        </span>
      ),
    },
    {
      ...{ id: 'outcome', title: t.outcome, width: '140px', phone: 'state' },
      cell: (delivery) => <Outcome delivery={delivery} />,
    },
    {
      ...{ id: 'attempts', title: t.attempts, width: '90px', align: 'end', phone: 'never' },
      cell: ({ attemptCount }) => formats.number(attemptCount),
    },
    { id: 'at', title: t.at, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
  return (
    <>
      <Filters set={[outcome, search.type].filter(Boolean).length}>
        <FilterSelect
          label={t.outcome}
          any={t.anyOutcome}
          value={outcome}
          onChange={(outcome) => set({ outcome })}
          choices={outcomes.map((id) => ({ id, label: t.outcomes[id] }))}
        />
        <FilterSelect
          label={t.type}
          any={t.anyType}
          value={search.type}
          onChange={(type) => set({ type })}
          choices={endpoint.types.map((id) => ({ id, label: id }))}
        />
      </Filters>
      <DataTable
        label={t.deliveries}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ type }) => type}
        onOpen={({ id }) => set({ delivery: id }, { keepsPage: true })}
        toneOf={({ outcome: end }) => (end === 'failed' ? 'bad' : undefined)}
        empty={
          outcome || search.type ? (
            <NoMatch onClear={() => set({ outcome: undefined, type: undefined })} />
          ) : (
            <Empty icon={<Send />} title={t.noDeliveries}>
              {t.noDeliveriesText}
            </Empty>
          )
        }
      />
      {search.delivery && (
        <DeliveryDialog
          deliveryId={search.delivery}
          onClose={() => set({ delivery: undefined }, { keepsPage: true })}
        />
      )}
    </>
  );
}

function Outcome({ delivery: { outcome } }: { delivery: GatewayWebhookDelivery }) {
  const t = useWebhookTexts();
  return (
    <Badge dot tone={tones[outcome ?? ''] ?? 'info'}>
      {wordOf(t.outcomes, outcome ?? 'open')}
    </Badge>
  );
}

/** One delivery: what was sent, and each answer. */
function DeliveryDialog({ deliveryId, onClose }: { deliveryId: string; onClose: () => void }) {
  const t = useWebhookTexts();
  const mayWrite = useStaff().can('webhooks:write');
  const answer = useQuery({
    ...gatewayWebhookDeliveriesReadOptions({ path: { deliveryId } }),
    refetchInterval: ({ state }) => lookAgainIn(state.data ? [state.data] : []),
  });
  const { data } = answer;
  const isScheduled = data?.state === 'scheduled';
  const send = useMutation({
    mutationFn: () =>
      (isScheduled ? gatewayWebhookDeliveriesSend : gatewayWebhookDeliveriesReplay)({
        path: { deliveryId },
        headers: { 'Idempotency-Key': crypto.randomUUID() },
      }),
    onSuccess: () => {
      notify({ text: isScheduled ? t.sentNow : t.replayed });
      void refresh('gatewayWebhookDeliveries');
      onClose();
    },
  });
  return (
    <Dialog
      look="side"
      width="wide"
      title={data?.type ?? t.delivery}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <DialogBody>
        <Loaded answer={answer} lines={8}>
          {(delivery) => <DeliveryLog delivery={delivery} />}
        </Loaded>
      </DialogBody>
      {data && mayWrite && (isScheduled || !isOpen(data)) && (
        <DialogActions>
          <Button look="primary" icon={<RotateCcw />} isPending={send.isPending} onPress={() => send.mutate()}>
            {isScheduled ? t.sendNow : t.replay}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

function DeliveryLog({ delivery }: { delivery: GatewayWebhookDeliveryLog }) {
  const t = useWebhookTexts();
  const formats = useFormats();
  const { id, subject, sequence, reason, createdAt, dueAt, endedAt, body, attempts } = delivery;
  return (
    <>
      <Facts
        facts={[
          [t.outcome, <Outcome key="outcome" delivery={delivery} />],
          ['webhook-id', <CodeLine key="id" text={id} />],
          [t.subject, <CodeLine key="subject" text={subject} />],
          [t.sequence, formats.number(sequence)],
          [t.why, reason],
          [t.at, <Moment key="at" at={createdAt} />],
          [t.next, dueAt && !endedAt && <Moment key="due" at={dueAt} />],
          [t.ended, endedAt && <Moment key="ended" at={endedAt} />],
        ]}
      />
      <CodeBlock label={t.body} text={indented(body)} maxHeight={280} />
      <h3>{t.tries}</h3>
      {attempts.length === 0 && <p className="soft">{t.noTries}</p>}
      <ul className="webhook-tries">
        {attempts.map(({ number, at, durationMs, status, error, requestHeaders, reply, replyHeaders }) => (
          <li key={number}>
            <header>
              <b>{t.tryNumber(number)}</b>
              <Badge tone={status !== null && status < 300 ? 'good' : 'bad'}>{status ?? wordOf(t.errors, error)}</Badge>
              <span className="soft">{formats.duration(durationMs)}</span>
              <Moment at={at} />
            </header>
            {reply && <CodeBlock label={t.reply} text={reply} maxHeight={160} />}
            <Headers title={t.requestHeaders} headers={requestHeaders} />
            <Headers title={t.replyHeaders} headers={replyHeaders} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Headers({ title, headers }: { title: string; headers: Readonly<Record<string, string>> }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return lines.length === 0 ? null : (
    <details>
      <summary>{title}</summary>
      <CodeBlock label={title} text={lines.join('\n')} maxHeight={160} />
    </details>
  );
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
