import { type GatewayConsent, gatewayConsentsListOptions } from '@switchboard/api-client';
import {
  Badge,
  Card,
  type Column,
  Columns,
  DataTable,
  Moment,
  notify,
  Page,
  ProblemState,
  SkeletonLines,
  Switch,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Offered, offered, setConsent } from './me.api';
import { useMeTexts } from './me.texts';

/** What a person agrees to, and how it came to that. */
export function ConsentsPage() {
  const t = useMeTexts().consents;
  const kit = useKitTexts();
  const { data, error, refetch } = useQuery(gatewayConsentsListOptions());
  const consents = data?.data;
  return (
    <Page title={t.title} about={t.about}>
      {consents ? (
        <Columns
          main={
            <>
              <Card>
                {(Object.keys(offered) as Offered[]).map((purpose) => (
                  <ConsentSwitch
                    key={purpose}
                    purpose={purpose}
                    isGiven={consents.some((one) => one.purpose === purpose && one.withdrawnAt === null)}
                  />
                ))}
              </Card>
              <History consents={consents} />
            </>
          }
          side={
            <Card title={t.everything}>
              <p>{t.everythingText}</p>
            </Card>
          }
        />
      ) : (
        <Card>
          {error ? (
            <ProblemState error={error} retry={() => void refetch()} />
          ) : (
            <SkeletonLines lines={5} label={kit.loading} />
          )}
        </Card>
      )}
    </Page>
  );
}

function ConsentSwitch({ purpose, isGiven }: { purpose: Offered; isGiven: boolean }) {
  const t = useMeTexts().consents;
  /** What was wished for, until the answer is here. */
  const [wished, setWished] = useState<boolean>();
  const change = async (wish: boolean) => {
    setWished(wish);
    const done = await setConsent(purpose, wish);
    setWished(undefined);
    if (done) notify({ text: `${t.purposes[purpose]}: ${(wish ? t.given : t.withdrawn).toLocaleLowerCase()}` });
  };
  return (
    <Switch
      isSelected={wished ?? isGiven}
      isDisabled={wished !== undefined}
      onChange={(wish) => void change(wish)}
      hint={t.texts[purpose]}
    >
      <strong>{t.purposes[purpose]}</strong>
    </Switch>
  );
}

function History({ consents }: { consents: readonly GatewayConsent[] }) {
  const t = useMeTexts().consents;
  const purposes: Readonly<Record<string, string>> = t.purposes;
  const sources: Readonly<Record<string, string>> = t.sources;
  const columns: Column<GatewayConsent>[] = [
    { id: 'purpose', title: t.purpose, cell: ({ purpose }) => purposes[purpose] ?? purpose },
    {
      ...{ id: 'state', title: t.given, width: '180px', phone: 'state' },
      cell: ({ givenAt }) => <Moment at={givenAt} />,
    },
    {
      ...{ id: 'version', title: t.version, width: '110px' },
      cell: ({ version }) => version,
    },
    {
      ...{ id: 'withdrawn', title: t.withdrawn, width: '180px' },
      cell: ({ withdrawnAt }) =>
        withdrawnAt && (
          <Badge>
            <Moment at={withdrawnAt} />
          </Badge>
        ),
    },
    { id: 'source', title: t.where, width: '110px', cell: ({ source }) => sources[source] ?? source, phone: 'never' },
  ];
  return (
    <Card title={t.history} flush>
      <DataTable
        label={t.history}
        columns={columns}
        rows={consents}
        idOf={({ consentId }) => consentId}
        nameOf={({ purpose }) => purposes[purpose] ?? purpose}
        empty={<p className="ui-list-none">{t.noHistory}</p>}
      />
    </Card>
  );
}
