import { type GatewayGrant, gatewayStaffKeysListOptions } from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';
import { useStaffTexts } from './staff.texts';

/**
 * What becomes of the API keys that somebody has made, before it is done: of those that lose something nothing is shown when there are
 * none.
 * @param grants that they are to have; without them their keys end
 */
export function KeysOfMember({ staffId, grants }: { staffId: string; grants?: readonly GatewayGrant[] }) {
  const t = useStaffTexts();
  const roles = grants?.map(({ role, botId }) => (botId ? `${role}@${botId}` : role));
  const { data } = useQuery({
    ...gatewayStaffKeysListOptions({ path: { staffId }, query: { roles: roles?.length === 0 ? [''] : roles } }),
    // What was shown for the roles before is better than nothing while the next is asked for.
    placeholderData: (shown) => shown,
  });
  const keys = (data?.data ?? []).filter(({ lost }) => !grants || lost.length > 0);
  if (keys.length === 0) return null;
  return (
    <>
      <p>{grants ? t.keysNarrow : t.keysEnd}</p>
      <ul>
        {keys.map(({ id, name, team, scopes, lost }) => (
          <li key={id}>{t.keyLoses(name, team, (grants ? lost : scopes).join(', '))}</li>
        ))}
      </ul>
    </>
  );
}
