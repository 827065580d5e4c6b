import { gatewayBotDraftsCheck, gatewayBotsCreate } from '@switchboard/api-client';
import {
  Badge,
  Button,
  Form,
  FormProblem,
  isProblem,
  notify,
  ProblemLine,
  Row,
  SkeletonLines,
  SubmitButton,
  useForm,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { refresh } from '../http/api';
import { useBotTexts } from './bots.texts';
import { useNewBotTexts } from './new-bot.texts';
import { Finding } from './finding';
import { bodyOf, type StepId, stepOf, type StepProps } from './new-bot-draft';

/** All services look at the whole of it; then it is made. */
export function LastStep({
  draft,
  onBack,
  onGo,
}: StepProps & {
  /** @param wrong what has to be mended there */
  onGo: (step: StepId, wrong: readonly string[]) => void;
}) {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const navigate = useNavigate();
  const body = bodyOf(draft);
  const check = useQuery({
    queryKey: ['bot draft', body],
    queryFn: async () => (await gatewayBotDraftsCheck({ body })).data,
    staleTime: 0,
  });
  const form = useForm({
    send: (_, key) => gatewayBotsCreate({ body, headers: { 'Idempotency-Key': key } }),
    done: () => {
      void refresh('gatewayBots');
      const { meetAt } = draft;
      notify({
        text: t.created(draft.description.name ?? draft.id),
        ...(meetAt && {
          action: { label: t.meet[draft.place], run: () => void window.open(meetAt, '_blank', 'noopener') },
        }),
      });
      void navigate({ to: '/console/bots/$botId', params: { botId: draft.id } });
    },
  });
  const { data, error } = check;
  const wrongIn = (step: StepId) =>
    (data?.errors ?? []).filter(({ pointer }) => stepOf(pointer) === step).map(({ detail }) => detail[language]);
  // Somebody else was faster.
  const isTaken = ['gateway.bot_exists', 'gateway.bot_described_by_file'].some((code) => isProblem(form.error, code));
  const isFine = data && data.errors.length === 0 && data.unchecked.length === 0;
  return (
    <Form form={form}>
      <p className="soft">{t.creating}</p>
      {error && <ProblemLine error={error} />}
      <FormProblem form={form} />
      {isTaken && (
        <Row>
          <Button size="small" onPress={() => onGo('who', [t.idTaken])}>
            {t.toFix}
          </Button>
        </Row>
      )}
      {!data && !error && <SkeletonLines label={kit.loading} />}
      {data && (
        <ul className="findings">
          {isFine && <Finding severity="info">{t.fine}</Finding>}
          {data.errors.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail.en}`} data-severity="error">
              <CircleAlert aria-hidden />
              <span>
                <code>{pointer.replace(/^\//, '').replaceAll('/', '.')}</code> {detail[language]}
              </span>
              <Button size="small" onPress={() => onGo(stepOf(pointer), wrongIn(stepOf(pointer)))}>
                {t.toFix}
              </Button>
            </li>
          ))}
          {data.unchecked.length > 0 && <Finding severity="warning">{t.unchecked(data.unchecked.join(', '))}</Finding>}
        </ul>
      )}
      <dl className="summary">
        <div>
          <dt>{botTexts.name}</dt>
          <dd>
            {draft.description.name} <code>{draft.id}</code>
          </dd>
        </div>
        <div>
          <dt>{botTexts.channel}</dt>
          <dd>
            <Badge>{t.places[draft.place]}</Badge>
          </dd>
        </div>
        <div>
          <dt>{t.prompt}</dt>
          <dd>{draft.description.assistant?.systemPrompt}</dd>
        </div>
      </dl>
      <Row>
        <Button onPress={onBack}>{kit.steps.back}</Button>
        <SubmitButton form={form} isDisabled={!isFine}>
          {t.create}
        </SubmitButton>
      </Row>
    </Form>
  );
}
