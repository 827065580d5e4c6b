import {
  type AnalyticsKnownPeriod,
  analyticsKnownPeriodsAdd,
  analyticsKnownPeriodsListOptions,
  analyticsKnownPeriodsRemove,
} from '@switchboard/api-client';
import {
  Button,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Empty,
  FieldRow,
  Filters,
  Form,
  FormProblem,
  Moment,
  notify,
  Select,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { CalendarRange, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useBotNames, useBots } from '../bots/bots.api';
import { useBotWords } from '../bots/bot-words.texts';
import { useList } from '../list';
import { useStaff } from '../session';
import { useAlertTexts } from './alerts.texts';

/** Incidents, launches and maintenance, which are left out of what is usual. */
export function KnownPeriods() {
  const t = useAlertTexts();
  const bots = useBotWords();
  const nameOf = useBotNames();
  const mayWrite = useStaff().can('alerts:write');
  const [after, setAfter] = useState<string>();
  const [adding, setAdding] = useState(false);
  const { data, list } = useList(analyticsKnownPeriodsListOptions({ query: { after, limit: 50 } }), setAfter);
  const remove = async ({ id, label, from, to, botId }: AnalyticsKnownPeriod) => {
    const key = crypto.randomUUID();
    const addAgain = () =>
      analyticsKnownPeriodsAdd({ headers: { 'Idempotency-Key': key }, body: { label, from, to, botId } })
        .catch(tellProblem)
        .then(() => refresh('analyticsKnownPeriods'));
    await analyticsKnownPeriodsRemove({ path: { periodId: id } })
      .then(() => notify({ text: t.known.removed, undo: () => void addAgain() }))
      .catch(tellProblem);
    await refresh('analyticsKnownPeriods');
  };
  const addButton = mayWrite && (
    <Button look="primary" icon={<Plus />} onPress={() => setAdding(true)}>
      {t.known.add}
    </Button>
  );
  const columns: Column<AnalyticsKnownPeriod>[] = [
    { id: 'label', title: t.known.label, cell: ({ label }) => label },
    {
      ...{ id: 'bot', title: t.known.bot, width: '180px' },
      cell: ({ botId }) => (botId === null ? bots.allBots : nameOf(botId)),
    },
    { id: 'from', title: t.known.from, width: '180px', cell: ({ from }) => <Moment at={from} /> },
    { id: 'to', title: t.known.to, width: '180px', cell: ({ to }) => <Moment at={to} /> },
  ];
  return (
    <>
      <p className="soft">{t.known.about}</p>
      {data && data.data.length > 0 && <Filters end={addButton} />}
      <DataTable
        label={t.tabs.known}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ label }) => label}
        empty={
          <Empty icon={<CalendarRange />} title={t.known.none} action={addButton}>
            {t.known.noneText}
          </Empty>
        }
        actions={
          mayWrite
            ? (period) => [
                {
                  id: 'all',
                  entries: [
                    {
                      ...{ id: 'remove', label: t.known.remove, icon: <Trash2 />, look: 'danger' },
                      onAction: () => void remove(period),
                    },
                  ],
                },
              ]
            : undefined
        }
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

const ALL = '*';

function AddDialog({ onClose }: { onClose: () => void }) {
  const t = useAlertTexts();
  const kit = useKitTexts();
  const bots = useBotWords();
  const all = useBots();
  const form = useForm({
    send: (values, key) => {
      const botId = values.text('botId');
      return analyticsKnownPeriodsAdd({
        headers: { 'Idempotency-Key': key },
        body: {
          label: values.text('label'),
          from: new Date(values.text('from')).toISOString(),
          to: new Date(values.text('to')).toISOString(),
          botId: botId === ALL ? null : botId,
        },
      });
    },
    done: () => {
      notify({ text: t.known.added });
      onClose();
      void refresh('analyticsKnownPeriods');
    },
  });
  return (
    <Dialog title={t.known.title} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="label" label={t.known.label} hint={t.known.labelHint} minLength={3} isRequired autoFocus />
          <FieldRow>
            <TextField name="from" type="datetime-local" label={t.known.from} isRequired />
            <TextField name="to" type="datetime-local" label={t.known.to} isRequired />
          </FieldRow>
          <Select
            name="botId"
            label={t.known.bot}
            defaultValue={ALL}
            choices={[{ id: ALL, label: bots.allBots }, ...all.map(({ id, name }) => ({ id, label: name }))]}
          />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.known.save}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
