import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Chat, Message } from '../../src/phone/phone.api';
import { CommandList } from './command-list';
import { IconButton } from './icons';
import { ReplyKeyboard } from './keyboard';
import { NoMicrophone } from './no-microphone';
import { usePhoneContext } from './phone-context';
import { useVoiceNote } from './use-voice-note';
import { lasting } from './when';

export type Intent = { kind: 'new' } | { kind: 'reply' | 'edit'; message: Message };

/** What was typed and not sent, by person and chat, while the page is open. */
const unsent = new Map<string, string>();

export function Composer({
  chat,
  intent,
  threadId,
  onIntent,
  onFiles,
}: {
  chat: Chat;
  /** The topic that is open. */
  threadId?: number;
  intent: Intent;
  onIntent: (intent: Intent) => void;
  onFiles: (files: File[]) => void;
}) {
  const { t } = useTranslation();
  const { person, state, actions, toast } = usePhoneContext();
  const place = `${person.id}:${chat.id}`;
  const [text, setText] = useState(unsent.get(place) ?? '');
  const [menu, setMenu] = useState(false);
  const [hidden, setHidden] = useState(false);
  const [active, setActive] = useState(0);
  const [noMicrophone, setNoMicrophone] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const voice = useVoiceNote(
    (file) => void actions.sendFile(chat.id, file),
    () => setNoMicrophone(true),
  );

  const typed = /^\/(\w*)$/.exec(text)?.[1];
  const matching =
    typed === undefined || hidden ? [] : chat.commands.filter(({ command }) => command.startsWith(typed));
  const listed = menu ? chat.commands : matching;
  const { kind } = intent;
  const subject = intent.kind === 'new' ? undefined : intent.message;

  useEffect(() => {
    if (kind !== 'edit') unsent.set(place, text);
  }, [place, text, kind]);

  useEffect(() => {
    if (kind === 'edit') setText(subject?.text ?? '');
    if (kind !== 'new') field.current?.focus();
  }, [kind, subject]);

  useEffect(() => {
    // On a touch screen the keyboard would cover the chat one has just opened.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = '0';
    area.style.height = `${area.scrollHeight}px`;
  }, [text, voice.active]);

  const type = (value: string) => {
    setText(value);
    setHidden(false);
    setMenu(false);
    setActive(0);
  };

  const leaveIntent = () => {
    if (kind === 'edit') type('');
    onIntent({ kind: 'new' });
  };

  async function submit() {
    const trimmed = text.trim();
    if (!trimmed) return;
    if (kind === 'edit' && subject) {
      try {
        if (trimmed !== subject.text) await actions.edit(chat.id, subject.id, { text: trimmed });
        leaveIntent();
      } catch (error) {
        toast((error as Error).message);
      }
      return;
    }
    type('');
    onIntent({ kind: 'new' });
    const quoted = subject && { id: subject.id, name: subject.from.name, text: subject.text ?? '' };
    await actions.sendText(chat.id, { text: trimmed, replyTo: subject?.id, threadId }, quoted);
  }

  function pick(command: string) {
    type('');
    void actions.sendText(chat.id, { text: `/${command}`, threadId });
    field.current?.focus();
  }

  function editLast() {
    const last = state.messages[chat.id]?.findLast(({ own, text, file }) => own && text && !file);
    if (last) onIntent({ kind: 'edit', message: last });
  }

  function onKeyDown(event: KeyboardEvent) {
    // An input method uses these keys to choose its words.
    if (event.nativeEvent.isComposing) return;
    const choice = matching[active];
    const keys: Record<string, (() => void) | false | undefined> = {
      Enter: !event.shiftKey && (() => (choice ? pick(choice.command) : void submit())),
      Tab: choice && !event.shiftKey && (() => type(`/${choice.command} `)),
      ArrowDown: choice && (() => setActive((active + 1) % matching.length)),
      ArrowUp: choice
        ? () => setActive((active + matching.length - 1) % matching.length)
        : !text && kind === 'new' && editLast,
      Escape: choice ? () => setHidden(true) : kind !== 'new' && leaveIntent,
    };
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  const sends = text.trim() !== '' || kind === 'edit';
  return (
    <div className="composer-place">
      {listed.length > 0 && (
        <CommandList
          id="commands"
          label={t('composer.commands')}
          commands={listed}
          active={menu ? undefined : active}
          takesFocus={menu}
          onPick={({ command }) => pick(command)}
          onClose={() => {
            setMenu(false);
            field.current?.focus();
          }}
        />
      )}
      {subject && (
        <div className="intent">
          <span className="quoted">
            <b>{kind === 'edit' ? t('composer.editing') : t('composer.replying', { name: subject.from.name })}</b>
            <span>{subject.text ?? t(`kind.${subject.file?.kind ?? 'document'}`)}</span>
          </span>
          <IconButton icon="close" label={t('app.cancel')} onClick={leaveIntent} />
        </div>
      )}
      <div className="composer" onKeyDown={(event) => event.key === 'Escape' && voice.cancel()}>
        {voice.active ? (
          <div className="recording" role="status">
            <IconButton icon="bin" label={t('composer.cancelRecording')} onClick={voice.cancel} />
            <span className="recording-dot" />
            <span aria-label={t('composer.recording')}>{lasting(voice.seconds)}</span>
            {!voice.handsFree && <span className="recording-hint">{t('composer.slide')}</span>}
          </div>
        ) : (
          <>
            {chat.commands.length > 0 && (
              <IconButton
                icon="commands"
                data-testid="command-menu"
                label={t('composer.commands')}
                aria-expanded={menu}
                onClick={() => setMenu(!menu)}
              />
            )}
            <textarea
              ref={field}
              rows={1}
              value={text}
              data-testid="composer"
              placeholder={t('composer.placeholder')}
              aria-label={t('composer.placeholder')}
              aria-controls={matching.length > 0 ? 'commands' : undefined}
              aria-activedescendant={matching.length > 0 ? `commands-${active}` : undefined}
              onChange={(event) => type(event.target.value)}
              onKeyDown={onKeyDown}
              onPaste={(event) => {
                const files = [...event.clipboardData.files];
                if (files.length === 0) return;
                event.preventDefault();
                onFiles(files);
              }}
            />
            <IconButton
              icon="attach"
              data-testid="attach"
              label={t('composer.attach')}
              onClick={() => chooser.current?.click()}
            />
            <input
              ref={chooser}
              hidden
              multiple
              type="file"
              data-testid="attach-input"
              onChange={(event) => {
                onFiles([...(event.target.files ?? [])]);
                // The same file chosen again shall count as a choice.
                event.target.value = '';
              }}
            />
          </>
        )}
        {sends && !voice.active ? (
          <IconButton
            icon={kind === 'edit' ? 'save' : 'send'}
            className="round"
            data-testid="send"
            label={t(kind === 'edit' ? 'composer.save' : 'composer.send')}
            onClick={() => void submit()}
          />
        ) : (
          <IconButton
            key="voice"
            icon={voice.handsFree ? 'send' : 'microphone'}
            className={voice.active && !voice.handsFree ? 'round held' : 'round'}
            data-testid={voice.handsFree ? 'send' : 'record'}
            label={t(voice.handsFree ? 'composer.send' : 'composer.record')}
            onContextMenu={(event) => event.preventDefault()}
            {...voice.button}
          />
        )}
      </div>
      {chat.replyKeyboard && !voice.active && <ReplyKeyboard chat={chat} threadId={threadId} />}
      {noMicrophone && (
        <NoMicrophone
          onClose={() => setNoMicrophone(false)}
          onChosen={(file) => void actions.sendFile(chat.id, file)}
        />
      )}
    </div>
  );
}
