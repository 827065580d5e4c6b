import type { VpnProvisionerServer } from '@switchboard/api-client';
import { Badge, Meter, type Tone, useFormats, useLanguage } from '@switchboard/ui';
import { useServerTexts } from './servers.texts';

type Server = VpnProvisionerServer;

const tones: Record<Server['health']['state'], Tone> = { up: 'good', down: 'bad', returning: 'warn' };

/** As their makers write them. */
export const panelNames = { marzban: 'Marzban', 'three-x-ui': '3X-UI', remnawave: 'Remnawave', outline: 'Outline' };

/** How a server is; of one that is not in service, that. */
export function ServerState({ server: { state, health } }: { server: Server }) {
  const t = useServerTexts();
  return (
    <span className="ui-row">
      {state !== 'retired' && (
        <Badge dot tone={tones[health.state]}>
          {t.health[health.state]}
        </Badge>
      )}
      {state !== 'in-service' && <Badge>{t.states[state]}</Badge>}
    </span>
  );
}

/** How many people something serves, of as many as it may. */
export function Load({ people, capacity, about }: { people: number; capacity: number; about?: string }) {
  const t = useServerTexts();
  const formats = useFormats();
  return (
    <Meter
      label={t.people}
      value={people}
      most={capacity}
      words={t.peopleOf(formats.number(people), formats.number(capacity))}
      about={about}
    />
  );
}

/** A country in words, with the place in it where there are several: `us-east`. */
export function useRegionNames(): (region: string) => string {
  const { locale } = useLanguage();
  const names = new Intl.DisplayNames(locale, { type: 'region', fallback: 'none' });
  return (region) => {
    const [country = '', ...place] = region.split('-');
    const name = names.of(country.toUpperCase()) ?? country.toUpperCase();
    return place.length > 0 ? `${name}, ${place.join('-')}` : name;
  };
}
