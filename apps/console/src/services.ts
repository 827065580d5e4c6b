import type { ServiceKitDeadLettersSummarizeData } from '@switchboard/api-client';

export type Service = ServiceKitDeadLettersSummarizeData['path']['service'];

/** Those that work through events; the compiler says when one is missing. */
const known: Record<Service, true> = {
  analytics: true,
  'bot-adapter': true,
  'chat-ai': true,
  gateway: true,
  payments: true,
  'tts-worker': true,
  'vpn-provisioner': true,
};

export const services = Object.keys(known) as Service[];
