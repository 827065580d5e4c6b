import { browserSupportsWebAuthn, startAuthentication } from '@simplewebauthn/browser';
import {
  gatewayStaffSignInBeginPasskeyProof,
  gatewayStaffSignInProveWithPasskey,
  type GatewayPasskeyAssertion,
} from '@switchboard/api-client';
import { Button } from '@switchboard/ui';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Fingerprint } from 'lucide-react';
import { accountQuery } from '../session';
import { usePasskeyTexts } from './passkeys.texts';

type AuthenticationOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** Proves once more who is signed in, for those who have a passkey. */
export function ProveWithPasskey({ onProven }: { onProven: () => void }) {
  const t = usePasskeyTexts();
  const { data } = useQuery(accountQuery);
  const prove = useMutation({
    mutationFn: async () => {
      const { ticket, options } = (await gatewayStaffSignInBeginPasskeyProof()).data;
      const signed = await startAuthentication({ optionsJSON: options as unknown as AuthenticationOptions });
      const response = signed as unknown as GatewayPasskeyAssertion;
      await gatewayStaffSignInProveWithPasskey({ body: { ticket, response } });
    },
    onSuccess: onProven,
  });
  if (!browserSupportsWebAuthn() || !data?.member.factors.includes('passkey')) return null;
  return (
    <Button wide icon={<Fingerprint />} isPending={prove.isPending} onPress={() => prove.mutate()}>
      {t.prove}
    </Button>
  );
}
