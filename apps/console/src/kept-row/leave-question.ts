import { type FormState, useConfirm } from '@switchboard/ui';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useKeptRowTexts } from './kept-row.texts';

/**
 * Asks before a page is left whose form holds what is not saved.
 * @param more what is written and stands in no field of a name
 */
export function useLeaveQuestion({ id, pending, error, fieldErrors }: FormState, more: unknown): void {
  const t = useKeptRowTexts();
  const confirm = useConfirm();
  const { history } = useRouter();
  const written = useRef(more);
  const saved = useRef<string>(undefined);
  const sent = useRef<string>(undefined);
  const isRefused = error !== undefined || Object.keys(fieldErrors).length > 0;
  const read = () => {
    const form = document.getElementById(id);
    return form instanceof HTMLFormElement ? JSON.stringify([[...new FormData(form)], written.current]) : undefined;
  };
  const isUnsaved = () => {
    const now = read();
    return now !== undefined && now !== saved.current;
  };
  useEffect(() => {
    written.current = more;
  });
  useEffect(() => {
    if (pending) {
      sent.current = read();
    } else {
      // What it began with, then what was saved; what was typed meanwhile is not.
      if (!isRefused) saved.current = sent.current ?? saved.current ?? read();
      sent.current = undefined;
    }
    // `read` looks at the page and not at what was drawn.
  }, [id, pending, isRefused]);
  const stays = async () =>
    isUnsaved() &&
    (await confirm({ title: t.leaveTitle, text: t.leaveText, action: t.leave, look: 'danger' })) === undefined;
  const latest = useRef({ isUnsaved, stays });
  useEffect(() => {
    latest.current = { isUnsaved, stays };
  });
  useEffect(
    () =>
      history.block({
        blockerFn: () => latest.current.stays(),
        enableBeforeUnload: () => latest.current.isUnsaved(),
      }),
    [history],
  );
}
