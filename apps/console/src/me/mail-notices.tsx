import {
  gatewayIdentitiesListOptions,
  paymentsMailNoticesReadMineOptions,
  paymentsMailNoticesSetMine,
  type PaymentsMailNotices,
} from '@switchboard/api-client';
import { Card, notify, ProblemState, SkeletonLines, Switch, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useMeTexts } from './me.texts';

type Group = PaymentsMailNotices['switchedOff'][number];

const GROUPS: readonly Group[] = ['granted', 'expiring', 'renewals', 'moves', 'refunds', 'gifts'];

/** What a person hears by e-mail of what they have bought. */
export function MailNotices() {
  const t = useMeTexts().mails;
  const kit = useKitTexts();
  const identities = useQuery(gatewayIdentitiesListOptions());
  const { data, error, refetch } = useQuery(paymentsMailNoticesReadMineOptions());
  const hasNoAddress = identities.data?.data.every(({ channel }) => channel !== 'email');
  return (
    <Card title={t.title} about={t.about}>
      {error && !data && <ProblemState error={error} retry={() => void refetch()} />}
      {!error && !data && <SkeletonLines lines={6} label={kit.loading} />}
      {hasNoAddress && (
        <p>
          {t.noAddress} <Link to="/me/access">{t.addAddress}</Link>
        </p>
      )}
      {data && GROUPS.map((group) => <GroupSwitch key={group} group={group} switchedOff={data.switchedOff} />)}
    </Card>
  );
}

function GroupSwitch({ group, switchedOff }: { group: Group; switchedOff: readonly Group[] }) {
  const t = useMeTexts().mails;
  /** What was wished for, until the answer is here. */
  const [wished, setWished] = useState<boolean>();
  const change = async (wish: boolean) => {
    setWished(wish);
    const others = switchedOff.filter((one) => one !== group);
    try {
      await paymentsMailNoticesSetMine({ body: { switchedOff: wish ? others : [...others, group] } });
      notify({ text: t.saved });
    } catch (error) {
      tellProblem(error);
    }
    await refresh('paymentsMailNotices');
    setWished(undefined);
  };
  return (
    <Switch
      isSelected={wished ?? !switchedOff.includes(group)}
      isDisabled={wished !== undefined}
      onChange={(wish) => void change(wish)}
    >
      {t.groups[group]}
    </Switch>
  );
}
