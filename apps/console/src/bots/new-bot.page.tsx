import { Page, Stepper, useLanguage } from '@switchboard/ui';
import { useState } from 'react';
import { zone } from '../period/days';
import { useBotTexts } from './bots.texts';
import { useNewBotTexts } from './new-bot.texts';
import { ChannelStep } from './channel-step';
import { Finding } from './finding';
import { AssistantStep, LimitsStep, WhoStep } from './description-steps';
import { LastStep } from './last-step';
import { type Draft, type StepId, stepIds } from './new-bot-draft';
import './bots.css';

/** From a token to a living bot in five steps; nothing is saved before the last one. */
export function NewBotPage() {
  const t = useNewBotTexts();
  const botTexts = useBotTexts();
  const { language } = useLanguage();
  const [at, setAt] = useState<StepId>('channel');
  const [draft, setDraft] = useState<Draft>({
    id: '',
    place: 'telegram',
    token: '',
    description: {
      channel: { kind: 'telegram' },
      timeZone: zone,
      languages: [language, ...(language === 'ru' ? ['en'] : [])],
      budgets: { personPerDayUsd: 0.5, botPerMonthUsd: 100, speech: { personPerDayUsd: 0.2, botPerMonthUsd: 20 } },
      assistant: { systemPrompt: t.promptStart },
    },
  });
  /** What the check at the end has found in the step that is open. */
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const goTo = (step: StepId, toMend: readonly string[] = []) => {
    setWrong(toMend);
    setAt(step);
  };
  const go = (next: Draft) => {
    setDraft(next);
    goTo(stepIds[stepIds.indexOf(at) + 1] ?? 'done');
  };
  const back = () => goTo(stepIds[stepIds.indexOf(at) - 1] ?? 'channel');
  const step = { draft, onNext: go, onBack: back };
  return (
    <Page title={t.title} way={[{ title: botTexts.title, href: '/console/bots' }]} width="narrow">
      <Stepper
        label={t.title}
        steps={stepIds.map((id) => ({ id, title: t.steps[id] }))}
        current={at}
        onGo={(id) => goTo(id as StepId)}
      >
        {wrong.length > 0 && (
          <ul className="findings" role="alert">
            {wrong.map((detail) => (
              <Finding key={detail} severity="error">
                {detail}
              </Finding>
            ))}
          </ul>
        )}
        {at === 'channel' && <ChannelStep {...step} />}
        {at === 'who' && <WhoStep {...step} />}
        {at === 'assistant' && <AssistantStep {...step} />}
        {at === 'limits' && <LimitsStep {...step} />}
        {at === 'done' && <LastStep {...step} onGo={goTo} />}
      </Stepper>
    </Page>
  );
}
