import {
  type ChatAiPromptInForce,
  chatAiPromptInForceReadOptions,
  chatAiPromptReleasesWithdraw,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  Columns,
  Facts,
  Moment,
  notify,
  Page,
  ProblemState,
  SkeletonLines,
  Tabs,
  useConfirm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { FilePen, Undo2 } from 'lucide-react';
import { useEffect } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { BotSwitch, rememberBot } from '../bots/bot-scope';
import { lazyPart } from '../lazy-part';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { StaffName } from '../staff-names/staff-names';
import { usePromptTexts } from './prompts.texts';
import './prompts.css';

const PromptDrafts = lazyPart(() => import('./prompt-drafts'), 'PromptDrafts');
const PromptReleases = lazyPart(() => import('./prompt-releases'), 'PromptReleases');
const PromptVersions = lazyPart(() => import('./prompt-versions'), 'PromptVersions');

const tabs = ['now', 'draft', 'versions', 'releases'] as const;

export function PromptPage() {
  const t = usePromptTexts();
  const kit = useKitTexts();
  const { botId } = useParams({ from: '/console/prompts/$botId' });
  const { tab } = useSearch({ from: '/console/prompts/$botId' });
  const set = useSetSearch();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(chatAiPromptInForceReadOptions({ path: { botId } }));
  useEffect(() => rememberBot(botId), [botId]);
  return (
    <Page
      title={t.title}
      about={t.about}
      actions={
        <BotSwitch
          botId={botId}
          onChange={(id) => void navigate({ to: '/console/prompts/$botId', params: { botId: id }, search: { tab } })}
        />
      }
    >
      {error && !data ? (
        <ProblemState title={t.failed} error={error} retry={() => void refetch()} />
      ) : data ? (
        <Tabs
          label={t.title}
          selected={oneOf(tabs, tab) ?? 'now'}
          onSelect={(id) => set({ tab: id === 'now' ? undefined : id })}
          tabs={[
            { id: 'now', title: t.tabs.now, content: <InForce prompt={data} onEdit={() => set({ tab: 'draft' })} /> },
            { id: 'draft', title: t.tabs.draft, content: <PromptDrafts inForce={data} /> },
            { id: 'versions', title: t.tabs.versions, content: <PromptVersions inForce={data} /> },
            { id: 'releases', title: t.tabs.releases, content: <PromptReleases botId={botId} /> },
          ]}
        />
      ) : (
        <Card>
          <SkeletonLines lines={8} label={kit.loading} />
        </Card>
      )}
    </Page>
  );
}

function InForce({ prompt: now, onEdit }: { prompt: ChatAiPromptInForce; onEdit: () => void }) {
  const t = usePromptTexts();
  const staff = useStaff();
  const confirm = useConfirm();
  const mayWrite = staff.can('prompts:write', now.botId);
  const withdraw = async () => {
    const why = await confirm({
      ...{ title: t.withdrawTitle, text: t.withdrawText, action: t.withdraw },
      reason: { label: t.why, hint: t.whyHint },
    });
    if (why === undefined) return;
    await chatAiPromptReleasesWithdraw({
      path: { botId: now.botId },
      headers: { 'If-Match': etagOf(now.revision), 'Idempotency-Key': crypto.randomUUID() },
      body: { why },
    })
      .then(() => notify({ text: t.withdrawn }))
      .catch(tellProblem);
    await refresh('chatAiPrompt');
  };
  const { prompt, release } = now;
  return (
    <Columns
      main={
        <Card
          title={t.version(prompt.version)}
          about={t.sources[now.source]}
          actions={
            mayWrite && (
              <Button look="primary" icon={<FilePen />} onPress={onEdit}>
                {t.edit}
              </Button>
            )
          }
        >
          <div className="prompt-text">{prompt.text}</div>
        </Card>
      }
      side={
        <>
          <Card>
            <Facts
              facts={[
                [
                  t.inForce,
                  <Badge key="state" tone="good" dot>
                    {t.version(prompt.version)}
                  </Badge>,
                ],
                [t.since, release ? <Moment key="since" at={release.releasedAt} /> : undefined],
                [t.by, release?.releasedBy && <StaffName key="by" id={release.releasedBy} />],
                [t.why, release?.why],
                [t.note, prompt.note],
                [t.length, t.characters(prompt.characters)],
              ]}
            />
            {mayWrite && now.source === 'console' && (
              <div>
                <Button size="small" icon={<Undo2 />} onPress={() => void withdraw()}>
                  {t.withdraw}
                </Button>
              </div>
            )}
          </Card>
          {now.source === 'console' && (
            <Card title={t.described}>
              <div className="prompt-text" data-small>
                {now.described.text}
              </div>
            </Card>
          )}
        </>
      }
    />
  );
}
