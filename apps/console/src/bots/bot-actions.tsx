import {
  gatewayBotsArchive,
  gatewayBotsPause,
  gatewayBotsRestore,
  gatewayBotsResume,
  gatewayBotsTakeOver,
  type GatewayBotSummary,
} from '@switchboard/api-client';
import { type MenuGroup, notify, type Question, useConfirm } from '@switchboard/ui';
import {
  Archive,
  ArchiveRestore,
  BookOpen,
  FileText,
  Import,
  MessagesSquare,
  Pause,
  Play,
  ReceiptText,
} from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { useStaff } from '../session';
import { useBotTexts } from './bots.texts';

type OfBot = Pick<GatewayBotSummary, 'id' | 'name' | 'state' | 'describedBy'>;
type Change = (options: { path: { botId: string }; body: { why?: string } }) => Promise<unknown>;

/** What can be done with a bot from wherever it is shown. */
export function useBotActions(): (bot: OfBot) => MenuGroup[] {
  const t = useBotTexts();
  const staff = useStaff();
  const confirm = useConfirm();

  const change = async ({ id }: OfBot, send: Change, done: string, why?: string, undo?: () => void) => {
    try {
      await send({ path: { botId: id }, body: { why: why || undefined } });
      notify({ text: done, undo });
      await refresh('gatewayBot');
    } catch (error) {
      tellProblem(error);
    }
  };
  const ask = async (bot: OfBot, question: Question, send: Change, done: string, undo?: () => void) => {
    const why = await confirm({ ...question, reason: { label: t.why, hint: t.whyHint, minLength: 0 } });
    if (why !== undefined) await change(bot, send, done, why, undo);
  };
  const resume = (bot: OfBot) => void change(bot, gatewayBotsResume, t.resumed(bot.name));
  const restore = (bot: OfBot) => void change(bot, gatewayBotsRestore, t.restored(bot.name));

  return (bot) => {
    const { id, name, state, describedBy } = bot;
    const isKept = describedBy === 'gateway';
    const places = [
      {
        id: 'prompt',
        label: t.actions.prompt,
        icon: <FileText />,
        href: `/console/prompts/${id}`,
        needs: 'prompts:read',
      },
      {
        id: 'knowledge',
        label: t.actions.knowledge,
        icon: <BookOpen />,
        href: `/console/knowledge/${id}`,
        needs: 'knowledge:read',
      },
      {
        ...{ id: 'conversations', label: t.actions.conversations, icon: <MessagesSquare /> },
        ...{ href: `/console/conversations?bot=${id}`, needs: 'conversations:read' },
      },
      {
        id: 'usage',
        label: t.actions.usage,
        icon: <ReceiptText />,
        href: `/console/usage?bot=${id}`,
        needs: 'usage:read',
      },
    ];
    const changes = [
      {
        ...{ id: 'resume', label: t.actions.resume, icon: <Play />, fits: isKept && state === 'paused' },
        onAction: () => resume(bot),
      },
      {
        ...{ id: 'pause', label: t.actions.pause, icon: <Pause />, fits: isKept && state === 'active' },
        onAction: () =>
          void ask(
            bot,
            { title: t.pause.title(name), text: t.pause.text, action: t.actions.pause },
            gatewayBotsPause,
            t.pause.done(name),
            () => resume(bot),
          ),
      },
      {
        ...{ id: 'take-over', label: t.actions.takeOver, icon: <Import />, fits: !isKept },
        onAction: () =>
          void ask(
            bot,
            { title: t.takeOver.title(name), text: t.takeOver.text, action: t.actions.takeOver },
            gatewayBotsTakeOver,
            t.takeOver.done(name),
          ),
      },
      {
        ...{ id: 'restore', label: t.actions.restore, icon: <ArchiveRestore />, fits: isKept && state === 'archived' },
        onAction: () => restore(bot),
      },
      {
        ...{ id: 'archive', label: t.actions.archive, icon: <Archive />, fits: isKept && state !== 'archived' },
        look: 'danger' as const,
        onAction: () =>
          void ask(
            bot,
            { title: t.archive.title(name), text: t.archive.text, action: t.actions.archive, look: 'danger' },
            gatewayBotsArchive,
            t.archive.done(name),
            () => restore(bot),
          ),
      },
    ];
    return [
      {
        id: 'places',
        entries: places.filter(({ needs }) => staff.can(needs, id)).map(({ needs: _, ...entry }) => entry),
      },
      {
        id: 'changes',
        entries: staff.can('bots:write', id)
          ? changes.filter(({ fits }) => fits).map(({ fits: _, ...entry }) => entry)
          : [],
      },
    ];
  };
}
