import {
  type BotAdapterBroadcast,
  type BotAdapterBroadcastButton,
  botAdapterBroadcastsChange,
  botAdapterBroadcastsCreate,
  botAdapterSegmentsCount,
} from '@switchboard/api-client';
import {
  Button,
  Card,
  Columns,
  ComboBox,
  FieldRow,
  Form,
  FormValues,
  notify,
  RadioGroup,
  Stack,
  SubmitButton,
  TextArea,
  TextField,
  useForm,
  useFormats,
} from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useBots } from '../bots/bots.api';
import { etagOf, refresh, tellProblem } from '../http/api';
import { type Kept, KeptRowProblem } from '../kept-row/kept-row';
import { CustomerFields, customersIn, PeopleFields, peopleIn } from '../segments/segment-fields';
import { useSegmentTexts } from '../segments/segments.texts';
import { useStaff } from '../session';
import { locales, Previews } from './broadcast-previews';
import { useBroadcastTexts } from './broadcasts.texts';

const kinds = ['link', 'start'] as const;
const MOST_BUTTONS = 6;

interface ButtonRow {
  readonly id: string;
  readonly kind: (typeof kinds)[number];
  readonly ru: string;
  readonly en: string;
  readonly before?: BotAdapterBroadcastButton;
}

const rowOf = (before?: BotAdapterBroadcastButton): ButtonRow => ({
  id: crypto.randomUUID(),
  kind: before?.opens.kind ?? 'link',
  ru: before?.label.ru ?? '',
  en: before?.label.en ?? '',
  ...(before && { before }),
});

/** Writes a broadcast, or changes a draft. */
export function BroadcastForm({
  before,
  kept,
  onSaved,
}: {
  /** With `kept`: the one that is changed. */
  before?: BotAdapterBroadcast;
  kept?: Kept<BotAdapterBroadcast>;
  onSaved: (broadcast: BotAdapterBroadcast) => void;
}) {
  const t = useBroadcastTexts();
  const segmentTexts = useSegmentTexts();
  const formats = useFormats();
  const staff = useStaff();
  const bots = useBots().filter(({ id }) => staff.can('broadcasts:write', id));
  const [chosen, setChosen] = useState(before?.botId);
  // Until somebody chooses, the first of those that are there by then.
  const botId = chosen ?? bots[0]?.id ?? '';
  const [texts, setTexts] = useState(before?.text ?? { ru: '', en: '' });
  const [rows, setRows] = useState<readonly ButtonRow[]>(() => (before?.buttons ?? []).map(rowOf));
  const [found, setFound] = useState<string>();
  const fields = useRef<HTMLDivElement>(null);
  const setRow = (id: string, change: Partial<ButtonRow>) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...change } : row)));

  const segmentIn = (values: FormValues) => ({
    // What the form does not know stays as it is.
    people: { ...peopleIn(values, 'segment.people'), channels: before?.segment.people?.channels },
    customers: { ...customersIn(values, 'segment.customers'), planIds: before?.segment.customers?.planIds },
  });
  const form = useForm({
    send: (values, key) => {
      const body = {
        title: values.text('title'),
        text: texts,
        campaign: values.optional('campaign') ?? null,
        segment: segmentIn(values),
        buttons: rows.map(({ kind, ru, en }, i) => ({
          label: { ru, en },
          opens:
            kind === 'link'
              ? { kind, url: values.text(`buttons.${i}.opens.url`) }
              : { kind, parameter: values.optional(`buttons.${i}.opens.parameter`) ?? null },
        })),
      };
      return before
        ? botAdapterBroadcastsChange({
            path: { broadcastId: before.id },
            headers: { 'If-Match': etagOf(before.revision) },
            body,
          })
        : botAdapterBroadcastsCreate({ headers: { 'Idempotency-Key': key }, body: { ...body, botId } });
    },
    done: ({ data }) => {
      notify({ text: t.saved });
      void refresh('botAdapterBroadcasts');
      onSaved(data);
    },
  });
  const count = async () => {
    const element = fields.current?.closest('form');
    if (!element) return;
    const segment = segmentIn(new FormValues(new FormData(element)));
    await botAdapterSegmentsCount({ body: { botId, segment } })
      .then(({ data: { people, reached, isComplete } }) => {
        const said = t.counted(t.people(people), formats.number(reached));
        setFound(isComplete ? said : `${said} ${t.countedMore}`);
      })
      .catch(tellProblem);
  };
  return (
    <Form form={form}>
      <Columns
        main={
          <Stack>
            <KeptRowProblem form={form} kept={kept} more={rows} />
            <Card title={t.message}>
              <Stack>
                {!before && (
                  <ComboBox
                    label={t.bot}
                    value={botId}
                    onChange={setChosen}
                    choices={bots.map(({ id, name }) => ({ id, label: name, about: id }))}
                  />
                )}
                <TextField
                  name="title"
                  label={t.name}
                  hint={t.nameHint}
                  defaultValue={before?.title}
                  maxLength={120}
                  isRequired
                />
                {locales.map((locale) => (
                  <TextArea
                    key={locale}
                    name={`text.${locale}`}
                    label={t.text[locale]}
                    hint={t.markdown}
                    value={texts[locale]}
                    onChange={(text) => setTexts({ ...texts, [locale]: text })}
                    rows={5}
                    maxLength={3000}
                    isRequired
                  />
                ))}
                <TextField
                  name="campaign"
                  label={t.campaign}
                  hint={t.campaignHint}
                  defaultValue={before?.campaign ?? ''}
                  pattern="[A-Za-z0-9_\-]+"
                  maxLength={64}
                  mono
                  optional
                />
              </Stack>
            </Card>
            <Card title={t.buttons}>
              <Stack>
                {rows.map((row, i) => (
                  <Stack key={row.id}>
                    <FieldRow>
                      <TextField
                        name={`buttons.${i}.label.ru`}
                        label={t.labelRu}
                        value={row.ru}
                        onChange={(ru) => setRow(row.id, { ru })}
                        maxLength={60}
                        isRequired
                      />
                      <TextField
                        name={`buttons.${i}.label.en`}
                        label={t.labelEn}
                        value={row.en}
                        onChange={(en) => setRow(row.id, { en })}
                        maxLength={60}
                        isRequired
                      />
                    </FieldRow>
                    <RadioGroup
                      label={t.opens}
                      value={row.kind}
                      onChange={(id) => setRow(row.id, { kind: kinds.find((kind) => kind === id) ?? row.kind })}
                      choices={kinds.map((id) => ({ id, label: t.opensKinds[id] }))}
                    />
                    {row.kind === 'link' ? (
                      <TextField
                        name={`buttons.${i}.opens.url`}
                        label={t.url}
                        type="url"
                        defaultValue={row.before?.opens.kind === 'link' ? row.before.opens.url : ''}
                        placeholder="https://"
                        isRequired
                      />
                    ) : (
                      <TextField
                        name={`buttons.${i}.opens.parameter`}
                        label={t.parameter}
                        hint={t.parameterHint}
                        defaultValue={row.before?.opens.kind === 'start' ? (row.before.opens.parameter ?? '') : ''}
                        pattern="[A-Za-z0-9_\-]+"
                        maxLength={64}
                        mono
                        optional
                      />
                    )}
                    <Button
                      size="small"
                      look="quiet"
                      icon={<X />}
                      onPress={() => setRows(rows.filter(({ id }) => id !== row.id))}
                    >
                      {t.removeButton}
                    </Button>
                  </Stack>
                ))}
                {rows.length < MOST_BUTTONS && (
                  <Button icon={<Plus />} onPress={() => setRows([...rows, rowOf()])}>
                    {t.addButton}
                  </Button>
                )}
              </Stack>
            </Card>
            <Card title={segmentTexts.title}>
              <div ref={fields}>
                <Stack>
                  <p className="soft">{segmentTexts.everybody}</p>
                  <PeopleFields name="segment.people" criteria={before?.segment.people} />
                  <CustomerFields name="segment.customers" criteria={before?.segment.customers} />
                  <Button onPress={() => void count()}>{t.count}</Button>
                  <p role="status">{found}</p>
                </Stack>
              </div>
            </Card>
            <SubmitButton form={form}>{t.save}</SubmitButton>
          </Stack>
        }
        side={<Previews text={texts} labels={rows} />}
      />
    </Form>
  );
}
