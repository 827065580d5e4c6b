import { createContext, use } from 'react';
import type { Chat, Person } from '../../src/phone/phone.api';
import type { PhoneState } from './phone.state';
import type { PhoneActions } from './use-phone';

export interface PhoneContext {
  person: Person;
  state: PhoneState;
  actions: PhoneActions;
  toast: (text: string) => void;
  alert: (text: string) => void;
  /** Follows a link: to a bot of this phone inside it, anything else in a new tab. */
  openLink: (address: string) => void;
  copy: (text: string) => void;
}

export const PhoneContext = createContext<PhoneContext | undefined>(undefined);

export function usePhoneContext(): PhoneContext {
  const context = use(PhoneContext);
  if (!context) throw new Error('Used outside of a phone');
  return context;
}

/** What a tapped text or button needs to know about where it stands. */
export const ChatContext = createContext<Chat | undefined>(undefined);
