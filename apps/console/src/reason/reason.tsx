import { useConfirm } from '@switchboard/ui';
import { useCallback, useState } from 'react';

/** Reasons given for what is still open in this tab: who comes back to it within the hour is not asked again. */
const given = new Map<string, { reason: string; until: number }>();

const HOUR_MS = 3_600_000;

interface Words {
  title: string;
  text: string;
  action: string;
  label: string;
  hint: string;
}

/**
 * The reason for looking at what is sensitive, and a function that asks for it. It is sent with every such request, which the
 * audit log keeps.
 * @param of what is looked at; another thing needs a reason of its own
 */
export function useReason(of: string, words: Words): [reason: string | undefined, ask: () => Promise<void>] {
  const confirm = useConfirm();
  const [, renew] = useState(0);
  const { title, text, action, label, hint } = words;
  const ask = useCallback(async () => {
    const reason = await confirm({ title, text, action, reason: { label, hint } });
    if (reason === undefined) return;
    given.set(of, { reason, until: Date.now() + HOUR_MS });
    renew((n) => n + 1);
  }, [confirm, of, title, text, action, label, hint]);
  const known = given.get(of);
  return [known && known.until > Date.now() ? known.reason : undefined, ask];
}
