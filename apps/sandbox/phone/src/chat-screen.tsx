import { useCallback, useEffect, useRef, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, Message } from '../../src/phone/phone.api';
import { ChatHeader } from './chat-header';
import { Composer, type Intent } from './composer';
import { FileSheet } from './file-sheet';
import { Icon } from './icons';
import { MessageList } from './message-list';
import { ChatContext, usePhoneContext } from './phone-context';

export function ChatScreen({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { state, actions, toast } = usePhoneContext();
  const [intent, setIntent] = useState<Intent>({ kind: 'new' });
  const [files, setFiles] = useState<File[]>([]);
  const [topic, setTopic] = useState<number>();
  const { dragging, dropHandlers } = useDrop(setFiles);

  useEffect(() => {
    actions.openChat(chat.id).catch((error: Error) => toast(error.message));
  }, [actions, toast, chat.id]);

  const onReply = useCallback((message: Message) => setIntent({ kind: 'reply', message }), []);
  const onEdit = useCallback((message: Message) => setIntent({ kind: 'edit', message }), []);
  const attempt = (what: Promise<void>) => void what.catch((error: Error) => toast(error.message));
  const empty = state.messages[chat.id]?.length === 0 && !state.outgoing.some(({ chatId }) => chatId === chat.id);

  return (
    <ChatContext value={chat}>
      <section className="screen chat-screen" aria-label={chat.title} {...dropHandlers}>
        <ChatHeader chat={chat} />
        {chat.pinned && (
          <p className="pinned" data-testid="pinned">
            <Icon name="pin" size={15} /> <span>{chat.pinned.text}</span>
          </p>
        )}
        {chat.topics && chat.topics.length > 0 && (
          <nav className="topics" aria-label={t('chat.topics')}>
            {[{ id: undefined, name: t('chat.allTopics') }, ...chat.topics].map(({ id, name }) => (
              <button key={id ?? 0} type="button" aria-pressed={id === topic} onClick={() => setTopic(id)}>
                {name}
              </button>
            ))}
          </nav>
        )}
        <MessageList chat={chat} topic={topic} onReply={onReply} onEdit={onEdit} />
        {chat.blocked ? (
          <div className="start-place">
            <button type="button" className="wide-button" onClick={() => attempt(actions.setBlocked(chat.id, false))}>
              {t('chat.unblock')}
            </button>
          </div>
        ) : chat.kind === 'private' && chat.fresh && empty ? (
          <div className="start-place">
            <button
              type="button"
              className="wide-button"
              data-testid="start"
              onClick={() => attempt(actions.start(chat.id))}
            >
              {t('chat.start')}
            </button>
          </div>
        ) : (
          <Composer chat={chat} threadId={topic} intent={intent} onIntent={setIntent} onFiles={setFiles} />
        )}
        {dragging && <div className="drop-hint">{t('chat.drop')}</div>}
        {files.length > 0 && (
          <FileSheet
            files={files}
            onClose={() => setFiles([])}
            onSend={(chosen) => chosen.forEach((file) => void actions.sendFile(chat.id, file))}
          />
        )}
      </section>
    </ChatContext>
  );
}

function useDrop(onFiles: (files: File[]) => void) {
  const [dragging, setDragging] = useState(false);
  // Entering a child counts as leaving its parent, so only the balance tells whether the files are still above.
  const depth = useRef(0);
  const turn = (change: number) => {
    depth.current += change;
    setDragging(depth.current > 0);
  };
  const carriesFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  return {
    dragging,
    dropHandlers: {
      onDragEnter: (event: DragEvent) => carriesFiles(event) && turn(1),
      onDragLeave: (event: DragEvent) => carriesFiles(event) && turn(-1),
      onDragOver: (event: DragEvent) => carriesFiles(event) && event.preventDefault(),
      onDrop(event: DragEvent) {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        turn(-depth.current);
        onFiles([...event.dataTransfer.files]);
      },
    },
  };
}
