import { Mail, Send } from 'lucide-react';
import type { ReactNode } from 'react';
import { useMeTexts } from './me.texts';

const signs: Readonly<Record<string, ReactNode>> = {
  telegram: <Send />,
  email: <Mail />,
  google: 'G',
  yandex: 'Я',
  vk: 'VK',
};

/** The sign of a messenger or of an account elsewhere, beside its name. */
export const ChannelSign = ({ channel }: { channel: string }) => (
  <span className="me-channel" data-channel={channel} aria-hidden>
    {signs[channel] ?? channel.slice(0, 1).toUpperCase()}
  </span>
);

/** How channels are called; one that came later by its id. */
export function useChannelName(): (channel: string) => string {
  const names: Readonly<Record<string, string>> = useMeTexts().channels;
  return (channel) => names[channel] ?? channel;
}
