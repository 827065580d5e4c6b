import {
  type GatewayIdentity,
  gatewayIdentitiesListOptions,
  gatewayIdentitiesUnlink,
  gatewaySignInMethodsListOptions,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  Dialog,
  DialogBody,
  notify,
  ProblemState,
  SkeletonLines,
  useConfirm,
  useKitTexts,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useChannelName } from '../channel-names/channel-names';
import { ChannelSign } from './channel';
import { useMeTexts } from './me.texts';
import { EmailForm, ProviderButton } from './ways-in';

const HERE = '/me/access';

/** By what a person is known here; what can be taken away, and what added. */
export function Accounts() {
  const t = useMeTexts().access;
  const kit = useKitTexts();
  const { data, error, refetch } = useQuery(gatewayIdentitiesListOptions());
  const identities = data?.data;
  return (
    <>
      <Card title={t.accounts} about={t.accountsAbout} flush>
        {error && !identities && <ProblemState error={error} retry={() => void refetch()} />}
        {!error && !identities && <SkeletonLines label={kit.loading} />}
        {identities && (
          <ul className="me-list">
            {identities.map((identity) => (
              <Account key={identity.identityId} identity={identity} isLast={identities.length === 1} />
            ))}
          </ul>
        )}
      </Card>
      {identities && <OtherWays linked={identities.map(({ channel }) => channel)} />}
    </>
  );
}

function Account({ identity: { identityId, channel, label, inBot, usedAt }, isLast }: AccountProps) {
  const t = useMeTexts().access;
  const name = useChannelName()(channel);
  const confirm = useConfirm();
  const unlink = async () => {
    const question = {
      title: t.unlinkTitle(name),
      text: t.unlinkText(name),
      action: t.unlink,
      look: 'danger',
    } as const;
    if ((await confirm(question)) === undefined) return;
    await gatewayIdentitiesUnlink({ path: { identityId } })
      .then(() => notify({ text: t.unlinked(name) }))
      .catch(tellProblem);
    await refresh('gatewayIdentities');
  };
  const stays = inBot ? t.inUse : isLast ? t.last : undefined;
  return (
    <li>
      <ChannelSign channel={channel} />
      <div className="me-list-words">
        <span className="ui-row">
          <strong>{name}</strong>
          {inBot && <Badge tone="accent">{t.inBot}</Badge>}
        </span>
        <small>
          {label && `${label} · `}
          {t.usedAt} <Ago at={usedAt} />
        </small>
        {stays && <small>{stays}</small>}
      </div>
      {!stays && (
        <Button size="small" look="danger-quiet" onPress={() => void unlink()}>
          {t.unlink}
        </Button>
      )}
    </li>
  );
}
interface AccountProps {
  identity: GatewayIdentity;
  isLast: boolean;
}

/** One of each kind can be linked. */
function OtherWays({ linked }: { linked: readonly string[] }) {
  const t = useMeTexts();
  const nameOf = useChannelName();
  const { data: methods } = useQuery({ ...gatewaySignInMethodsListOptions(), staleTime: Infinity });
  const [emailIsOpen, setEmailIsOpen] = useState(false);
  const [sentTo, setSentTo] = useState<string>();
  const providers = methods?.providers.filter((provider) => !linked.includes(provider)) ?? [];
  const withEmail = methods?.email && !linked.includes('email');
  if (providers.length === 0 && !withEmail) return null;
  return (
    <Card title={t.access.add} about={t.access.addAbout}>
      <div className="ui-row">
        {providers.map((provider) => (
          <ProviderButton key={provider} channel={provider} purpose="link" to={HERE} />
        ))}
        {withEmail && (
          <Button icon={<ChannelSign channel="email" />} onPress={() => setEmailIsOpen(true)}>
            {t.access.link(nameOf('email'))}
          </Button>
        )}
      </div>
      <Dialog
        width="narrow"
        title={sentTo === undefined ? t.access.emailTitle : t.signIn.sentTitle}
        about={sentTo === undefined ? t.access.emailAbout : t.signIn.sentText(sentTo)}
        isOpen={emailIsOpen}
        onOpenChange={(open) => {
          setEmailIsOpen(open);
          setSentTo(undefined);
        }}
      >
        <DialogBody>
          {sentTo === undefined ? (
            <EmailForm purpose="link" to={HERE} onSent={setSentTo} />
          ) : (
            <Button onPress={() => setSentTo(undefined)}>{t.signIn.otherAddress}</Button>
          )}
        </DialogBody>
      </Dialog>
    </Card>
  );
}
