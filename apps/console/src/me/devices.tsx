import {
  gatewayMySessionsEnd,
  gatewayMySessionsEndOthers,
  gatewayMySessionsListOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  notify,
  ProblemState,
  SkeletonLines,
  useConfirm,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { MonitorSmartphone } from 'lucide-react';
import { refresh, tellProblem } from '../http/api';
import { useMeTexts } from './me.texts';

/** Where a person is signed in, and by what. */
export function Devices() {
  const t = useMeTexts().access;
  const kit = useKitTexts();
  const formats = useFormats();
  const confirm = useConfirm();
  const { data, error, refetch } = useQuery(gatewayMySessionsListOptions());
  const sessions = data?.data;
  const others = sessions?.filter(({ isCurrent }) => !isCurrent).length ?? 0;
  const ways: Readonly<Record<string, string>> = t.ways;
  const ask = async (work: Promise<unknown>, done: string) => {
    await work.then(() => notify({ text: done })).catch(tellProblem);
    await refresh('gatewayMySessions');
  };
  const endOthers = async () => {
    const question = { title: t.endOthersTitle, text: t.endOthersText(others), action: t.endOthers };
    if ((await confirm(question)) !== undefined) await ask(gatewayMySessionsEndOthers(), t.endedOthers);
  };
  return (
    <Card title={t.devices} flush>
      {error && !sessions && <ProblemState error={error} retry={() => void refetch()} />}
      {!error && !sessions && <SkeletonLines label={kit.loading} />}
      <ul className="me-list">
        {sessions?.map(({ sessionId, device, amr, isCurrent, seenAt, createdAt }) => (
          <li key={sessionId}>
            <span className="me-channel" aria-hidden>
              <MonitorSmartphone />
            </span>
            <div className="me-list-words">
              <span className="ui-row">
                <strong>{device}</strong>
                {isCurrent && <Badge tone="good">{t.here}</Badge>}
              </span>
              <small>{amr.map((way) => ways[way] ?? way).join(', ')}</small>
              <small>
                {t.seen} <Ago at={seenAt} />, {t.since} {formats.date(createdAt)}
              </small>
            </div>
            {!isCurrent && (
              <Button
                size="small"
                look="quiet"
                onPress={() => void ask(gatewayMySessionsEnd({ path: { sessionId } }), t.ended)}
              >
                {t.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others > 0 && (
        <div className="me-list-foot">
          <Button wide onPress={() => void endOthers()}>
            {t.endOthers}
          </Button>
        </div>
      )}
    </Card>
  );
}
