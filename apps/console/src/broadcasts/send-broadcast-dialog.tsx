import { type BotAdapterBroadcast, botAdapterBroadcastsSend, botAdapterSegmentsCount } from '@switchboard/api-client';
import {
  Button,
  DateField,
  Dialog,
  DialogActions,
  DialogBody,
  FieldRow,
  Form,
  FormProblem,
  notify,
  NumberField,
  ProblemLine,
  RadioGroup,
  SkeletonLines,
  SubmitButton,
  TextField,
  useForm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { etagOf, refresh } from '../http/api';
import { useBroadcastTexts } from './broadcasts.texts';

const whens = ['now', 'later'] as const;

export function SendBroadcastDialog({ broadcast, onClose }: { broadcast: BotAdapterBroadcast; onClose: () => void }) {
  const t = useBroadcastTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const [when, setWhen] = useState<(typeof whens)[number]>('now');
  const [day, setDay] = useState<string | null>(null);
  const { botId, segment, id, revision } = broadcast;
  const { data: found, error } = useQuery({
    queryKey: ['people of a broadcast', id, revision],
    queryFn: async () => (await botAdapterSegmentsCount({ body: { botId, segment } })).data,
    gcTime: 0,
  });
  const form = useForm({
    send: (values) =>
      botAdapterBroadcastsSend({
        path: { broadcastId: id },
        headers: { 'If-Match': etagOf(revision) },
        body: {
          atMost: values.number('atMost')!,
          // The day and the time are those of whoever plans it.
          ...(when === 'later' && day && { at: new Date(`${day}T${values.text('time')}`).toISOString() }),
        },
      }),
    done: ({ data }) => {
      notify({ text: data.state === 'scheduled' ? t.planned : t.begun });
      void refresh('botAdapterBroadcasts');
      onClose();
    },
  });
  return (
    <Dialog title={t.sendTitle(broadcast.title)} about={t.sendAbout} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          {error && <ProblemLine error={error} />}
          {found && (
            <p role="status">
              {t.counted(t.people(found.people), formats.number(found.reached))} {!found.isComplete && t.countedMore}
            </p>
          )}
          {found || error ? (
            <NumberField
              name="atMost"
              label={t.atMost}
              hint={t.atMostHint}
              // Somebody may come until it begins.
              defaultValue={found && Math.max(1, found.people + Math.ceil(found.people / 10))}
              minValue={1}
              maxValue={10_000_000}
              isRequired
            />
          ) : (
            <SkeletonLines label={kit.loading} />
          )}
          <RadioGroup
            label={t.when}
            value={when}
            onChange={(id) => setWhen(whens.find((one) => one === id) ?? when)}
            choices={whens.map((id) => ({ id, label: t.whens[id] }))}
          />
          {when === 'later' && (
            <FieldRow>
              <DateField label={t.day} value={day} onChange={setDay} />
              <TextField name="time" label={t.time} type="time" defaultValue="12:00" isRequired />
            </FieldRow>
          )}
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} isDisabled={(!found && !error) || (when === 'later' && !day)}>
            {t.send}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
