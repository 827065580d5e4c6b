import {
  gatewayBotSecretsRemove,
  gatewayBotSecretsSet,
  type GatewayBot,
  type GatewayBotSecret,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  Moment,
  notify,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { KeyRound, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useBotTexts } from './bots.texts';

/** Tokens and keys of a bot: given, never shown. */
export function BotSecrets({ bot, mayWrite }: { bot: GatewayBot; mayWrite: boolean }) {
  const t = useBotTexts();
  const confirm = useConfirm();
  const [asked, setAsked] = useState<string>();
  const remove = async (name: string) => {
    const question = { title: t.secrets.removeTitle(name), text: t.secrets.removeText, action: t.secrets.remove };
    if ((await confirm({ ...question, look: 'danger' })) === undefined) return;
    await gatewayBotSecretsRemove({ path: { botId: bot.id, name } })
      .then(() => notify({ text: t.secrets.removed }))
      .catch(tellProblem);
    await refresh('gatewayBot');
  };
  const columns: Column<GatewayBotSecret>[] = [
    { id: 'name', title: t.name, cell: ({ name }) => <code>{name}</code> },
    {
      ...{ id: 'state', title: t.state, width: '260px', phone: 'state' },
      cell: ({ isSet, last4 }) => (
        <span className="ui-row">
          <Badge tone={isSet ? 'good' : 'neutral'} dot>
            {isSet ? t.secrets.set : t.secrets.notSet}
          </Badge>
          {last4 && <span className="soft">{t.secrets.endsWith(last4)}</span>}
        </span>
      ),
    },
    { id: 'at', title: t.secrets.setAt, width: '180px', cell: ({ setAt }) => setAt && <Moment at={setAt} /> },
  ];
  return (
    <Card about={t.secrets.about} title={t.tabs.secrets} flush>
      <DataTable
        label={t.tabs.secrets}
        columns={columns}
        rows={bot.secrets}
        idOf={({ name }) => name}
        nameOf={({ name }) => name}
        onOpen={mayWrite ? ({ name }) => setAsked(name) : undefined}
        empty={<p className="ui-list-none">{t.secrets.none}</p>}
        actions={
          mayWrite
            ? ({ name, isSet }) => [
                {
                  id: 'set',
                  entries: [
                    {
                      ...{ id: 'set', label: isSet ? t.secrets.change : t.secrets.give, icon: <KeyRound /> },
                      onAction: () => setAsked(name),
                    },
                  ],
                },
                {
                  id: 'remove',
                  entries: isSet
                    ? [
                        {
                          ...{ id: 'remove', label: t.secrets.remove, icon: <Trash2 />, look: 'danger' },
                          onAction: () => void remove(name),
                        },
                      ]
                    : [],
                },
              ]
            : undefined
        }
      />
      {asked && <SecretDialog botId={bot.id} name={asked} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

function SecretDialog({ botId, name, onClose }: { botId: string; name: string; onClose: () => void }) {
  const t = useBotTexts();
  const kit = useKitTexts();
  const form = useForm({
    send: (values) =>
      gatewayBotSecretsSet({
        path: { botId, name },
        body: { value: values.text('value'), why: values.optional('why') },
      }),
    done: () => {
      notify({ text: t.secrets.done });
      onClose();
      void refresh('gatewayBot');
    },
  });
  return (
    <Dialog title={t.secrets.title(name)} about={t.secrets.about} isOpen onOpenChange={(open) => !open && onClose()}>
      <Form form={form}>
        <DialogBody>
          <FormProblem form={form} />
          <TextField name="value" label={t.secrets.value} mono autoFocus autoComplete="off" isRequired />
          <TextField name="why" label={t.why} hint={t.whyHint} optional />
        </DialogBody>
        <DialogActions>
          <Button onPress={onClose}>{kit.cancel}</Button>
          <SubmitButton form={form}>{t.save}</SubmitButton>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
