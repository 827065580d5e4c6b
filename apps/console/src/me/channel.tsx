import { Mail, Send } from 'lucide-react';
import type { ReactNode } from 'react';

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
