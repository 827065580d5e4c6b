import type { BlindIndex, PersonalRow } from '@switchboard/service-kit';
import type { InboundPerson } from '../channels/channel';

/** Who a person is at their channel, as it is kept: encrypted, and found by keyed hashes. */
export type Profile = Pick<InboundPerson, 'name' | 'username'>;

/** By what a profile is encrypted. */
export const profileRowOf = ({ id, userId }: { id: string; userId: string }): PersonalRow => ({
  table: 'contacts',
  id,
  userId,
});

export const writtenProfile = ({ name, username }: Profile): string =>
  JSON.stringify({ name, ...(username && { username }) });

/** Undefined of what cannot be read any more. */
export const readProfile = (written: string | null | undefined): Profile | undefined =>
  written ? (JSON.parse(written) as Profile) : undefined;

/** As people write a name when they look for one: capital letters, spaces and ё count as nothing. */
const plain = (text: string) =>
  text.normalize('NFKC').toLowerCase().replaceAll('ё', 'е').replaceAll(/\s+/g, ' ').trim();

export const nameHash = (index: BlindIndex, name: string): string => index.hash('name', plain(name));

/** Of what a link says to the bot. */
export const startHash = (index: BlindIndex, parameter: string): string => index.hash('start-parameter', parameter);

/** @param username with an @ or without */
export const usernameHash = (index: BlindIndex, username: string): string =>
  index.hash('username', plain(username).replace(/^@/, ''));
