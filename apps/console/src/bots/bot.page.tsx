import { gatewayBotsReadOptions, type GatewayBot } from '@switchboard/api-client';
import { Badge, Button, MenuButton, Page, ProblemLine, Tabs, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { lazyPart } from '../lazy-part';
import { PendingPage } from '../pending-page';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { useBotActions } from './bot-actions';
import { BotState } from './bot-parts';
import { useBotTexts } from './bots.texts';

const BotHistory = lazyPart(() => import('./bot-history'), 'BotHistory');
const BotJson = lazyPart(() => import('./bot-json'), 'BotJson');
const BotSecrets = lazyPart(() => import('./bot-secrets'), 'BotSecrets');
const BotSettings = lazyPart(() => import('./bot-settings'), 'BotSettings');

const tabs = ['settings', 'secrets', 'json', 'history'] as const;

export function BotPage() {
  const t = useBotTexts();
  const { botId } = useParams({ from: '/console/bots/$botId' });
  const { data: bot, error, refetch } = useQuery(gatewayBotsReadOptions({ path: { botId } }));
  const way = [{ title: t.title, href: '/console/bots' }];
  if (!bot) return <PendingPage title={botId} way={way} error={error} refetch={refetch} />;
  return <KnownBot bot={bot} way={way} />;
}

function KnownBot({ bot, way }: { bot: GatewayBot; way: readonly { title: string; href: string }[] }) {
  const t = useBotTexts();
  const kit = useKitTexts();
  const staff = useStaff();
  const actionsOf = useBotActions();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/bots/$botId' });
  const isKept = bot.describedBy === 'gateway';
  const mayWrite = staff.can('bots:write', bot.id) && isKept && bot.state !== 'archived';
  const hasActions = actionsOf(bot).some(({ entries }) => entries.length > 0);
  return (
    <Page
      title={bot.name}
      way={way}
      aside={
        <>
          <BotState state={bot.state} />
          <Badge>{t.sources[bot.describedBy]}</Badge>
        </>
      }
      actions={
        hasActions && (
          <MenuButton label={kit.more} groups={actionsOf(bot)} placement="bottom end">
            <Button icon={<Ellipsis />}>{kit.more}</Button>
          </MenuButton>
        )
      }
    >
      {bot.mistakes.length > 0 && (
        <ProblemLine
          error={{
            title: t.mistakes,
            code: 'gateway.file_broken',
            status: 422,
            detail: `${t.mistakes}: ${bot.mistakes.join(' ')}`,
          }}
        />
      )}
      {!isKept && <p className="note">{t.fileNote}</p>}
      {bot.state === 'archived' && <p className="note">{t.archivedNote}</p>}
      <Tabs
        label={bot.name}
        selected={oneOf(tabs, tab) ?? 'settings'}
        onSelect={(id) => set({ tab: id === 'settings' ? undefined : id })}
        tabs={[
          {
            id: 'settings',
            title: t.tabs.settings,
            content: <BotSettings bot={bot} mayWrite={mayWrite} />,
          },
          {
            ...{
              id: 'secrets',
              title: t.tabs.secrets,
              count: bot.secrets.filter(({ isSet }) => isSet).length || undefined,
            },
            content: <BotSecrets bot={bot} mayWrite={mayWrite && staff.can('secrets:write', bot.id)} />,
          },
          { id: 'json', title: t.tabs.json, content: <BotJson bot={bot} mayWrite={mayWrite} /> },
          {
            id: 'history',
            title: t.tabs.history,
            content: <BotHistory bot={bot} mayWrite={mayWrite} />,
          },
        ]}
      />
    </Page>
  );
}
