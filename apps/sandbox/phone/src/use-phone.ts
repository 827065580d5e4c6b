import { useEffect, useMemo, useReducer, useRef, useState } from 'react';
import type { Chat, Message, NewText, NewThing, Person } from '../../src/phone/phone.api';
import * as api from './api';
import { follow } from './live-events';
import { nothingYet, reduce, type Outgoing } from './phone.state';

/** How long a cleared draft waits for the message it turns into. */
const draftGraceMs = 700;

let outgoingCount = 0;

/** One person's phone: what it knows, and what the person can do with it. */
export function usePhone(person: Person) {
  const [state, change] = useReducer(reduce, nothingYet);
  const [link, setLink] = useState<'up' | 'down' | 'connecting'>('connecting');
  const opened = useRef(new Set<number>());
  const me = person.id;

  const actions = useMemo(() => {
    // One after the other, so that two quick messages keep their order.
    let queue: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(send: () => Promise<T>): Promise<T> => {
      const result = queue.then(send);
      queue = result.catch(() => undefined);
      return result;
    };

    async function deliver(outgoing: Outgoing) {
      const { chatId, content, key } = outgoing;
      const preview = { ...outgoing.preview, date: Math.floor(Date.now() / 1000) };
      change({ type: 'outgoing', outgoing: { ...outgoing, preview, failure: undefined } });
      try {
        const send = () => ('blob' in content ? api.sendFile(me, chatId, content) : api.sendText(me, chatId, content));
        change({ type: 'message', message: await inTurn(send) });
        change({ type: 'discarded', key });
      } catch (error) {
        change({ type: 'failed', key, failure: error instanceof api.Refused ? { words: error.message } : {} });
      }
    }

    const outgoing = (chatId: number, content: Outgoing['content'], preview: Partial<Message>): Outgoing => ({
      key: `outgoing:${++outgoingCount}`,
      chatId,
      content,
      preview: {
        id: 0,
        chatId,
        from: { id: me, name: person.firstName, isBot: false },
        own: true,
        date: Math.floor(Date.now() / 1000),
        ...preview,
      },
    });

    return {
      async openChat(chatId: number) {
        opened.current.add(chatId);
        const messages = await api.messages(me, chatId);
        change({ type: 'page', chatId, messages, pageSize: api.pageSize });
      },
      async loadOlder(chatId: number, before: number) {
        const messages = await api.messages(me, chatId, before);
        change({ type: 'page', chatId, messages, pageSize: api.pageSize, before });
      },
      sendText: (chatId: number, content: NewText, replyTo?: Message['replyTo']) =>
        deliver(outgoing(chatId, content, { text: content.text, replyTo })),
      sendFile: (chatId: number, file: api.NewFile) =>
        deliver(
          outgoing(chatId, file, {
            text: file.caption || undefined,
            file: {
              id: URL.createObjectURL(file.blob),
              kind: file.kind,
              mimeType: file.blob.type,
              name: file.name,
              bytes: file.blob.size,
              duration: file.duration,
            },
          }),
        ),
      retry: deliver,
      discard: (key: string) => change({ type: 'discarded', key }),
      edit: async (chatId: number, id: number, content: NewText) =>
        change({ type: 'edited', message: await api.editText(me, chatId, id, content) }),
      press: (chatId: number, id: number, row: number, column: number) => api.press(me, chatId, id, row, column),
      pay: (chatId: number, id: number) => api.pay(me, chatId, id),
      vote: async (chatId: number, id: number, options: number[]) =>
        change({ type: 'edited', message: await api.vote(me, chatId, id, options) }),
      react: async (chatId: number, id: number, emoji: string[]) =>
        change({ type: 'edited', message: await api.react(me, chatId, id, emoji) }),
      sendThing: async (chatId: number, thing: NewThing) =>
        change({ type: 'message', message: await api.sendThing(me, chatId, thing) }),
      stop: async (chatId: number) => void (await api.stop(me, chatId)),
      start: async (chatId: number, payload?: string) =>
        change({ type: 'message', message: await api.start(me, chatId, payload) }),
      setBlocked: async (chatId: number, blocked: boolean) =>
        change({ type: 'chat', chat: await api.setBlocked(me, chatId, blocked) }),
      markRead: (chatId: number) => change({ type: 'read', chatId }),
    };
  }, [me, person.firstName]);

  useEffect(
    () =>
      follow(me, {
        opened() {
          setLink('up');
          // Whatever happened before the stream stood is read once more; a failure shows as a broken stream again.
          void api.chats(me).then(
            (chats: Chat[]) => change({ type: 'chats', chats }),
            () => setLink('down'),
          );
          for (const chatId of opened.current) void actions.openChat(chatId).catch(() => setLink('down'));
        },
        lost: () => setLink('down'),
        event(event) {
          change(event);
          if (event.type === 'draft' && event.draft === null) {
            setTimeout(() => change({ type: 'draft-gone', chatId: event.chatId }), draftGraceMs);
          }
        },
      }),
    [me, actions],
  );

  return { state, link, actions };
}

export type PhoneActions = ReturnType<typeof usePhone>['actions'];
