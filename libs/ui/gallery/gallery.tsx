import {
  Blocks,
  ChartLine,
  FileDiff,
  FormInput,
  Layers,
  MousePointerClick,
  Table2,
  TriangleAlert,
  Waypoints,
} from 'lucide-react';
import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { AppShell, languages, Palette, setTheme, themes, useCommands, useLanguage, useTheme } from '../src';
import { Charts } from './charts';
import { Controls } from './controls';
import { Fields } from './fields';
import { Overlays } from './overlays';
import { States } from './states';
import { TableSection } from './table';
import { Texts } from './texts';
import { useGalleryTexts } from './gallery.texts';
import { Wizard } from './wizard';

const sections: Record<string, { icon: ReactNode; Section: () => ReactNode }> = {
  controls: { icon: <MousePointerClick />, Section: Controls },
  fields: { icon: <FormInput />, Section: Fields },
  overlays: { icon: <Layers />, Section: Overlays },
  table: { icon: <Table2 />, Section: TableSection },
  charts: { icon: <ChartLine />, Section: Charts },
  texts: { icon: <FileDiff />, Section: Texts },
  states: { icon: <TriangleAlert />, Section: States },
  wizard: { icon: <Waypoints />, Section: Wizard },
};

const current = () => location.hash.slice(1).split('?')[0] || 'controls';

/** Every part of the kit in use, within its own frame. */
export function Gallery() {
  const t = useGalleryTexts();
  const section = useSyncExternalStore((tell) => {
    addEventListener('hashchange', tell);
    return () => removeEventListener('hashchange', tell);
  }, current);
  const theme = useTheme();
  const { language, choose } = useLanguage();
  const [palette, setPalette] = useState(false);
  useCommands(
    Object.entries(sections).map(([id, { icon }], i) => ({
      ...{ id, title: t.sections[id as keyof typeof t.sections], group: t.go, icon, keys: `g ${i + 1}` },
      run: () => (location.hash = id),
    })),
  );
  const { Section } = sections[section] ?? sections['controls']!;
  return (
    <AppShell
      name="Switchboard"
      home="#controls"
      path={`#${section}`}
      phoneTabs={['controls', 'fields', 'table', 'charts']}
      sections={[
        {
          id: 'all',
          title: t.title,
          items: Object.entries(sections).map(([id, { icon }]) => ({
            ...{ id, icon, href: `#${id}`, title: t.sections[id as keyof typeof t.sections] },
            ...(id === 'states' && { count: 3 }),
          })),
        },
        { id: 'more', title: t.more, items: [{ id: 'blocks', icon: <Blocks />, href: '#none', title: t.none }] },
      ]}
      onSearch={() => setPalette(true)}
      account={{
        id: 'gallery',
        name: 'Philippa Long',
        about: t.role,
        groups: [
          {
            id: 'theme',
            title: t.theme,
            entries: themes.map((id) => ({ id, label: id })),
            chosen: { id: theme, onChange: (id) => setTheme(id as (typeof themes)[number]) },
          },
          {
            id: 'language',
            title: t.language,
            entries: languages.map((id) => ({ id, label: id })),
            chosen: { id: language, onChange: (id) => choose(id as (typeof languages)[number]) },
          },
        ],
      }}
    >
      <Section />
      <Palette isOpen={palette} onOpenChange={setPalette} group={t.go} />
    </AppShell>
  );
}
