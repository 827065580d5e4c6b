import {
  type Language,
  type MenuGroup,
  setTheme,
  type Theme,
  themes,
  useKitTexts,
  useLanguage,
  useTheme,
} from '@switchboard/ui';
import { BookOpen, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { tellProblem } from '../http/api';
import { signOut } from '../session';
import { launch } from '../web-app/launch';
import { useShellTexts } from './shell.texts';

const themeIcons = { system: <Monitor />, light: <Sun />, dark: <Moon /> };
const names: Record<Language, string> = { en: 'English', ru: 'Русский' };

/** What belongs to whoever looks at the page: looks, language, leaving. */
export function useAccountMenu(kind: 'staff' | 'person'): MenuGroup[] {
  const t = useShellTexts();
  const kit = useKitTexts();
  const theme = useTheme();
  const { language, choose } = useLanguage();
  const languageGroup: MenuGroup = {
    id: 'language',
    title: kit.language,
    entries: (Object.keys(names) as Language[]).map((id) => ({ id, label: names[id] })),
    chosen: { id: language, onChange: (id) => choose(id as Language) },
  };
  // Looks are those of Telegram there, and whoever leaves closes the page.
  if (launch) return [languageGroup];
  return [
    {
      id: 'theme',
      title: kit.theme,
      entries: themes.map((id) => ({ id, label: kit.themes[id], icon: themeIcons[id] })),
      chosen: { id: theme, onChange: (id) => setTheme(id as Theme) },
    },
    languageGroup,
    {
      id: 'account',
      entries: [
        ...(kind === 'staff'
          ? [
              { id: 'mine', label: t.account.mine, icon: <UserRound />, href: '/console/account' },
              { id: 'docs', label: t.account.apiDocs, icon: <BookOpen />, href: '/docs' },
            ]
          : []),
        {
          id: 'leave',
          label: t.account.signOut,
          icon: <LogOut />,
          onAction: () => void signOut(kind).catch(tellProblem),
        },
      ],
    },
  ];
}
