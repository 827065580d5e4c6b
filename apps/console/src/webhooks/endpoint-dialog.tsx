import {
  type GatewayWebhookEndpoint,
  gatewayWebhookEndpointsChange,
  gatewayWebhookEndpointsOpen,
  gatewayWebhookTypesListOptions,
} from '@switchboard/api-client';
import {
  Button,
  Checkbox,
  CheckboxGroup,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  isProblem,
  notify,
  ProblemLine,
  RadioGroup,
  SearchField,
  SkeletonLines,
  Stack,
  SubmitButton,
  TextField,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { allBots } from '../bots/bots.api';
import { etagOf, refresh } from '../http/api';
import { useStaff } from '../session';
import { NewWebhookSecretDialog } from './secret-dialogs';
import { useWebhookTexts } from './webhooks.texts';

const contents = ['thin', 'full'] as const;

/** Opens an endpoint or changes one. */
export function EndpointDialog({
  endpoint: present,
  onClose,
}: {
  endpoint?: GatewayWebhookEndpoint;
  /** @param opened the new one, once its secret was seen */
  onClose: (opened?: GatewayWebhookEndpoint) => void;
}) {
  const t = useWebhookTexts();
  const kit = useKitTexts();
  const staff = useStaff();
  // What the form began with: the page reads the endpoint anew meanwhile, and the fields do not follow.
  const [endpoint] = useState(present);
  const [types, setTypes] = useState<readonly string[]>(endpoint?.types ?? []);
  // Null is everything. Whoever may open endpoints for some bots alone has to name them.
  const [botIds, setBotIds] = useState(endpoint ? endpoint.botIds : staff.canWithAllBots('webhooks:write') ? null : []);
  const [made, setMade] = useState<{ endpoint: GatewayWebhookEndpoint; secret: string }>();
  const form = useForm({
    send: async (values, key) => {
      const body = {
        url: values.text('url'),
        description: values.text('description'),
        types: [...types],
        botIds: botIds && [...botIds],
        content: contents.find((one) => one === values.text('content')),
        ordered: values.flag('ordered'),
      };
      if (!endpoint) return (await gatewayWebhookEndpointsOpen({ headers: { 'Idempotency-Key': key }, body })).data;
      await gatewayWebhookEndpointsChange({
        path: { endpointId: endpoint.id },
        headers: { 'If-Match': etagOf(endpoint.revision) },
        body,
      }).catch(async (error: unknown) => {
        // So that whoever opens the dialog again begins with what somebody else has saved.
        if (isProblem(error, 'revision_mismatch')) await refresh('gatewayWebhookEndpoints');
        throw error;
      });
      return undefined;
    },
    done: (opened) => {
      void refresh('gatewayWebhookEndpoints');
      if (opened) return setMade(opened);
      notify({ text: t.changed });
      onClose();
    },
  });
  if (made) return <NewWebhookSecretDialog secret={made.secret} onClose={() => onClose(made.endpoint)} />;
  return (
    <Dialog title={endpoint ? t.change : t.add} about={t.about} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField
            name="url"
            type="url"
            label={t.url}
            hint={t.urlHint}
            defaultValue={endpoint?.url}
            placeholder="https://"
            isRequired
            autoFocus
            mono
          />
          <TextField
            name="description"
            label={t.description}
            hint={t.descriptionHint}
            defaultValue={endpoint?.description}
            maxLength={200}
            optional
          />
          <EventTypes chosen={types} onChange={setTypes} />
          <Bots chosen={botIds} present={endpoint?.botIds ?? []} onChange={setBotIds} />
          <RadioGroup
            name="content"
            label={t.content}
            defaultValue={endpoint?.content ?? 'thin'}
            cards
            choices={contents.map((id) => ({ id, label: t.contents[id], hint: t.contentHints[id] }))}
          />
          <Checkbox name="ordered" defaultSelected={endpoint?.ordered} hint={t.orderedHint}>
            {t.ordered}
          </Checkbox>
        </DialogBody>
        <DialogActions>
          <Button onPress={() => onClose()}>{kit.cancel}</Button>
          <SubmitButton form={form}>{endpoint ? t.save : t.open}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** @param present those of the endpoint: they stay choices, also when the list does not name them or has not come */
function Bots({
  chosen,
  present,
  onChange,
}: {
  chosen: readonly string[] | null;
  present: readonly string[];
  onChange: (botIds: string[] | null) => void;
}) {
  const t = useWebhookTexts();
  const staff = useStaff();
  const { data, error } = useQuery({ ...allBots(), enabled: staff.can('bots:read') });
  const listed = data?.data ?? [];
  const choices = [
    ...listed.map(({ id, name }) => ({ id, label: name })),
    ...present
      .filter((botId) => !listed.some(({ id }) => id === botId))
      .map((id) => ({ id, label: <code>{id}</code> })),
  ];
  return (
    <>
      {(chosen === null || staff.canWithAllBots('webhooks:write')) && (
        <RadioGroup
          label={t.bots}
          value={chosen ? 'some' : 'all'}
          onChange={(which) => onChange(which === 'all' ? null : [...present])}
          choices={[
            { id: 'all', label: t.anyBot, hint: t.anyBotHint },
            { id: 'some', label: t.someBots },
          ]}
        />
      )}
      {error && <ProblemLine error={error} />}
      {chosen && (
        <CheckboxGroup label={t.theseBots} value={[...chosen]} onChange={onChange} choices={choices} isRequired />
      )}
    </>
  );
}

/** Those that the contracts know, by the service that says them. */
function EventTypes({ chosen, onChange }: { chosen: readonly string[]; onChange: (types: readonly string[]) => void }) {
  const t = useWebhookTexts();
  const kit = useKitTexts();
  const [text, setText] = useState('');
  const { data, error } = useQuery({ ...gatewayWebhookTypesListOptions(), staleTime: Infinity });
  const wanted = text.trim().toLocaleLowerCase();
  const shown = (data?.types ?? []).filter(({ type, summary }) =>
    `${type} ${summary}`.toLocaleLowerCase().includes(wanted),
  );
  return (
    <Stack gap={8}>
      <SearchField label={t.findType} value={text} onChange={setText} />
      {error && <ProblemLine error={error} />}
      {!data && !error && <SkeletonLines lines={5} label={kit.loading} />}
      {data && (
        <div className="event-types" tabIndex={0} role="group" aria-label={t.types}>
          {shown.length === 0 && <p className="soft">{t.noType}</p>}
          {shown.length > 0 && (
            <CheckboxGroup
              label={`${t.types}, ${t.chosen(chosen.length)}`}
              hint={t.typesHint}
              value={[...chosen]}
              isRequired
              onChange={(types) => {
                // What the search hides stays chosen.
                const hidden = chosen.filter((type) => !shown.some((one) => one.type === type));
                onChange([...hidden, ...types.filter((type) => !hidden.includes(type))]);
              }}
              choices={shown.map(({ type, summary, hasBot }) => ({
                id: type,
                label: <code>{type}</code>,
                hint: hasBot ? summary : `${summary} (${t.installationOnly})`,
              }))}
            />
          )}
        </div>
      )}
    </Stack>
  );
}
