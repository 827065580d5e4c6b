import { useNavigate } from '@tanstack/react-router';

/** What a page keeps in its address: texts, of which any may be missing. */
export const searchOf =
  <const Name extends string>(...names: readonly Name[]) =>
  (search: Record<string, unknown>): { [Key in Name]?: string } =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = search[name];
        return typeof value === 'string' && value !== '' ? [[name, value]] : [];
      }),
    ) as { [Key in Name]?: string };

/**
 * Changes some of what the address keeps. A new filter or order drops the cursor, which belonged to the old one, and replaces
 * the entry of the browser's history: Back leads to the page before, not through every letter typed.
 *
 * `keepsPage` is for what does not choose among the rows: which of them is open. `replace` is for a page that nobody comes back to.
 */
export function useSetSearch() {
  const navigate = useNavigate();
  return (
    changes: Readonly<Record<string, string | undefined>>,
    { keepsPage = false, replace = !('after' in changes) } = {},
  ) => {
    const cursor = keepsPage ? {} : { after: undefined };
    void navigate({
      to: '.',
      search: ((old: Record<string, unknown>) => ({ ...old, ...cursor, ...changes })) as never,
      replace,
    });
  };
}

/** Addresses that people can read and write: `?q=anna&state=active`. */
export const parseSearch = (text: string): Record<string, unknown> => Object.fromEntries(new URLSearchParams(text));

export function stringifySearch(search: Record<string, unknown>): string {
  const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/** A word of a closed set out of an address. */
export const oneOf = <const Word extends string>(words: readonly Word[], word: string | undefined): Word | undefined =>
  words.find((known) => known === word);
