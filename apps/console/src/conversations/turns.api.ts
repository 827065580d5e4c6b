import { chatAiTurnsListInfiniteOptions, type ChatAiTurnsListResponse } from '@switchboard/api-client';

/** The answers of a conversation, the latest first. */
export const allTurns = (conversationId: string) => ({
  ...chatAiTurnsListInfiniteOptions({ path: { conversationId }, query: { limit: 200 } }),
  initialPageParam: '',
  getNextPageParam: ({ page }: ChatAiTurnsListResponse) => page.next,
});
