import type { GatewayBotState } from '@switchboard/api-client';
import { Avatar, Badge, ComboBox, type Tone } from '@switchboard/ui';
import { useBotNames, useBots } from './bots.api';
import { useBotWords } from './bot-words.texts';
import './bots.css';

/** A bot by its name, with its sign. */
export function BotName({ botId, name }: { botId: string; name?: string }) {
  const nameOf = useBotNames();
  const shown = name ?? nameOf(botId);
  return (
    <span className="bot-name">
      <Avatar id={botId} name={shown} size={24} />
      <span>{shown}</span>
    </span>
  );
}

const tones: Record<GatewayBotState, Tone> = { active: 'good', paused: 'warn', archived: 'neutral' };

export function BotState({ state }: { state: GatewayBotState }) {
  const t = useBotWords();
  return (
    <Badge dot tone={tones[state]}>
      {t.states[state]}
    </Badge>
  );
}

const ALL = '*';

/** Narrows a list down to one bot. */
export function BotFilter({ value, onChange }: { value?: string; onChange: (botId: string | undefined) => void }) {
  const t = useBotWords();
  const bots = useBots();
  return (
    <ComboBox
      label={t.bot}
      hideLabel
      value={value ?? ALL}
      onChange={(id) => onChange(id === ALL ? undefined : id)}
      choices={[{ id: ALL, label: t.allBots }, ...bots.map(({ id, name }) => ({ id, label: name, about: id }))]}
    />
  );
}
