import { type BotAdapterChannelReport, gatewayBotChannelsCheck } from '@switchboard/api-client';
import {
  Button,
  Form,
  FormProblem,
  RadioGroup,
  Row,
  SubmitButton,
  TextField,
  useForm,
  useLanguage,
} from '@switchboard/ui';
import { useState } from 'react';
import { useNewBotTexts } from './new-bot.texts';
import { Finding } from './finding';
import { type Draft, idFrom, type StepProps } from './new-bot-draft';

/** Whose token it is, as the messenger says. */
export function ChannelStep({ draft, onNext }: StepProps) {
  const t = useNewBotTexts();
  const { language } = useLanguage();
  const [place, setPlace] = useState(draft.place);
  const [report, setReport] = useState<BotAdapterChannelReport>();
  /** What goes on when whoever makes the bot has read the warnings. */
  const [warned, setWarned] = useState<Draft>();
  const form = useForm({
    send: async (values) => {
      const token = values.text('token');
      const username = values.optional('username')?.replace(/^@/, '');
      const channel = { kind: 'telegram', ...(place === 'sandbox' && { apiRoot: 'sandbox', username }) };
      // The bot has no id yet; what is asked is whose token it is.
      const body = { botId: draft.id || 'draft', channel, secrets: { 'channel.token': token } };
      const { data } = await gatewayBotChannelsCheck({ body });
      return { data, next: { ...draft, place, token, description: { ...draft.description, channel } } };
    },
    done: ({ data, next }) => {
      setReport(data);
      setWarned(undefined);
      // Whose token it is was not told.
      if (!data.account || data.findings.some(({ severity }) => severity === 'error')) return;
      const { name = next.description.name, username, url: meetAt } = data.account;
      const checked = {
        ...next,
        meetAt,
        id: next.id || idFrom(username ?? name ?? ''),
        description: { ...next.description, name },
      };
      if (data.findings.some(({ severity }) => severity === 'warning')) setWarned(checked);
      else onNext(checked);
    },
  });
  // What was found is of another token.
  const forget = () => {
    setReport(undefined);
    setWarned(undefined);
  };
  return (
    <Form form={form}>
      <FormProblem form={form} />
      <RadioGroup
        label={t.place}
        cards
        value={place}
        onChange={(id) => {
          setPlace(id as Draft['place']);
          forget();
        }}
        choices={[
          { id: 'telegram', label: t.places.telegram, hint: t.places.telegramHint },
          { id: 'sandbox', label: t.places.sandbox, hint: t.places.sandboxHint },
        ]}
      />
      <TextField
        name="token"
        label={t.token}
        hint={place === 'sandbox' ? t.sandboxToken : t.tokenHint}
        defaultValue={draft.token}
        onChange={forget}
        autoComplete="off"
        mono
        isRequired
      />
      {place === 'sandbox' && (
        <TextField
          name="username"
          label={t.username}
          hint={t.usernameHint}
          defaultValue={draft.description.channel?.username ?? ''}
          onChange={forget}
          placeholder="books_sandbox_bot"
          isRequired
        />
      )}
      {report && (
        <ul className="findings">
          {report.findings.map(({ code, severity, detail }) => (
            <Finding key={code} severity={severity}>
              {detail[language]}
            </Finding>
          ))}
          {!report.account && report.findings.length === 0 && <Finding severity="error">{t.noAccount}</Finding>}
        </ul>
      )}
      <Row>
        <SubmitButton form={form} look={warned ? 'plain' : 'primary'}>
          {t.check}
        </SubmitButton>
        {warned && (
          <Button look="primary" onPress={() => onNext(warned)}>
            {t.allTheSame}
          </Button>
        )}
      </Row>
    </Form>
  );
}
