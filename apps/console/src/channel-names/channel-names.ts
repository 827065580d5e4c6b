import { defineTexts } from '@switchboard/ui';

const useTexts = defineTexts({
  en: {
    channels: {
      telegram: 'Telegram',
      google: 'Google',
      yandex: 'Yandex',
      vk: 'VK',
      supabase: 'Supabase',
      email: 'E-mail',
    },
  },
  ru: {
    channels: {
      telegram: 'Telegram',
      google: 'Google',
      yandex: 'Яндекс',
      vk: 'VK',
      supabase: 'Supabase',
      email: 'Почта',
    },
  },
});

/** How channels, and accounts elsewhere, are called; one that came later by its id. */
export function useChannelName(): (channel: string) => string {
  const names: Readonly<Record<string, string>> = useTexts().channels;
  return (channel) => names[channel] ?? channel;
}
