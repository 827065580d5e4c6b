import { ComboBox, Empty, ProblemState, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Bot } from 'lucide-react';
import { useEffect, useSyncExternalStore } from 'react';
import { allBots, useBots } from './bots.api';
import { useBotWords } from './bot-words.texts';

/** The bot that was looked at last, so that prompts and knowledge open with the same one. */
const last = {
  botId: undefined as string | undefined,
  listeners: new Set<() => void>(),
  subscribe: (listener: () => void) => {
    last.listeners.add(listener);
    return () => last.listeners.delete(listener);
  },
};

export function rememberBot(botId: string): void {
  last.botId = botId;
}

/** Pages of one bot begin with the one that was looked at last, or the first there is. */
export function FirstBot({ to }: { to: (botId: string) => string }) {
  const t = useBotWords();
  const kit = useKitTexts();
  const remembered = useSyncExternalStore(last.subscribe, () => last.botId);
  const { data, error, refetch } = useQuery(allBots());
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  if (!data) return <SkeletonLines label={kit.loading} />;
  const bot = data.data.find(({ id }) => id === remembered) ?? data.data[0];
  if (bot) return <Leave href={to(bot.id)} />;
  return (
    <Empty icon={<Bot />} title={t.none}>
      {t.noneText}
    </Empty>
  );
}

function Leave({ href }: { href: string }) {
  const { navigate } = useRouter();
  useEffect(() => void navigate({ href, replace: true }), [navigate, href]);
  return null;
}

/** Leads to the same page of another bot. */
export function BotSwitch({ botId, onChange }: { botId: string; onChange: (botId: string) => void }) {
  const t = useBotWords();
  const bots = useBots();
  const known = bots.some(({ id }) => id === botId) ? bots : [{ id: botId, name: botId }, ...bots];
  return (
    <div className="bot-switch">
      <ComboBox
        label={t.bot}
        hideLabel
        value={botId}
        onChange={(id) => {
          rememberBot(id);
          onChange(id);
        }}
        choices={known.map(({ id, name }) => ({ id, label: name, about: id }))}
      />
    </div>
  );
}
