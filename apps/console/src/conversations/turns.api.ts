import { chatAiTurnsListInfiniteOptions, type ChatAiTurnsListResponse } from '@switchboard/api-client';

/** No cursor: an empty one would be refused. */
export const firstPage = {} as never;

/** The answers of a conversation, the latest first. */
export const allTurns = (conversationId: string) => ({
  ...chatAiTurnsListInfiniteOptions({ path: { conversationId }, query: { limit: 200 } }),
  initialPageParam: firstPage,
  getNextPageParam: ({ page }: ChatAiTurnsListResponse) => page.next,
});
