export const boards = ['business', 'growth', 'retention', 'funnel', 'activity', 'revenue'] as const;
export type BoardId = (typeof boards)[number];

/** What every board is asked with. */
export interface BoardQuery {
  zone: string;
  from: string;
  to: string;
  botId?: string;
}

export const USUAL_STEPS = ['bot-adapter.contact.started', 'bot-adapter.message.received', 'chat-ai.reply.completed'];
export const MOST_STEPS = 8;

/** The steps that the address names; from somebody's first message to an answer without any. */
export const stepsOf = (steps: string | undefined): string[] => {
  const named = steps?.split(',').filter(Boolean) ?? [];
  return named.length >= 2 ? named.slice(0, MOST_STEPS) : USUAL_STEPS;
};
