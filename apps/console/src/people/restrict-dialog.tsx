import { gatewayRestrictionsImpose } from '@switchboard/api-client';
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  RadioGroup,
  Select,
  SubmitButton,
  TextArea,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { refresh } from '../http/api';
import { useBots } from '../bots/bots.api';
import { useBotWords } from '../bots/bot-words.texts';
import { useStaff } from '../session';
import { usePeopleTexts } from './people.texts';

const ALL = '*';
const DAY_MS = 86_400_000;

/** For how long, and the right that it takes. */
const lengths = [
  { id: 'day', days: 1, permission: 'people:restrict' },
  { id: 'week', days: 7, permission: 'people:restrict' },
  { id: 'month', days: 30, permission: 'people:restrict-month' },
  { id: 'good', days: undefined, permission: 'people:ban' },
] as const;

export function RestrictDialog({ userId, onClose }: { userId: string; onClose: () => void }) {
  const t = usePeopleTexts();
  const kit = useKitTexts();
  const botTexts = useBotWords();
  const staff = useStaff();
  const bots = useBots();
  const form = useForm({
    send: (values, key) => {
      const { days } = lengths.find(({ id }) => id === values.text('length')) ?? lengths[0];
      const botId = values.text('botId');
      return gatewayRestrictionsImpose({
        path: { userId },
        headers: { 'Idempotency-Key': key },
        body: {
          botId: botId === ALL ? null : botId,
          // A minute less than the days that the right covers: the request takes its time.
          until: days === undefined ? null : new Date(Date.now() + days * DAY_MS - 60_000).toISOString(),
          reason: values.text('reason'),
        },
      });
    },
    done: () => {
      notify({ text: t.restriction.done });
      void refresh('gatewayPeople');
      onClose();
    },
  });
  return (
    <Dialog
      title={t.restriction.restrictTitle}
      about={t.restriction.about}
      isOpen
      onOpenChange={(open) => !open && onClose()}
    >
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <RadioGroup
            name="length"
            label={t.restriction.length}
            defaultValue="day"
            choices={lengths.map(({ id, permission }) => ({
              ...{ id, label: t.restriction.lengths[id] },
              disabled: !staff.can(permission),
            }))}
          />
          <Select
            name="botId"
            label={t.bot}
            defaultValue={ALL}
            choices={[{ id: ALL, label: botTexts.allBots }, ...bots.map(({ id, name }) => ({ id, label: name }))]}
          />
          <TextArea name="reason" label={t.reason} hint={t.restriction.reasonHint} minLength={3} rows={2} isRequired />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form} look="danger">
            {t.restriction.restrict}
          </SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
