import { IconButton, Switch, useFormats } from '@switchboard/ui';
import { Plus, X } from 'lucide-react';
import { useBotTexts } from './bots.texts';
import { type Hours, type Weekday, weekdays } from './description';

const OFFICE = '09:00-18:00';

/** The week of a bot; several spans a day. Exceptions of single days stay as they are. */
export function OpeningHoursFields({
  hours,
  onChange,
  disabled,
}: {
  hours: Hours | undefined;
  onChange: (hours: Hours | undefined) => void;
  disabled?: boolean;
}) {
  const t = useBotTexts();
  const formats = useFormats();
  const set = (day: Weekday, spans: string[]) => {
    const { [day]: _, ...others } = hours ?? {};
    onChange(spans.length > 0 ? { ...others, [day]: spans } : others);
  };
  return (
    <div className="hours">
      <Switch
        isSelected={hours !== undefined}
        isDisabled={disabled}
        onChange={(on) =>
          onChange(on ? Object.fromEntries(weekdays.slice(0, 5).map((day) => [day, [OFFICE]])) : undefined)
        }
      >
        {t.settings.hasHours}
      </Switch>
      {hours &&
        weekdays.map((day) => (
          <Day
            key={day}
            name={t.settings.days[day]}
            spans={hours[day] ?? []}
            disabled={disabled}
            onChange={(spans) => set(day, spans)}
          />
        ))}
      {hours?.exceptions && Object.keys(hours.exceptions).length > 0 && (
        <p className="ui-hint">
          {formats.list(
            Object.entries(hours.exceptions).map(
              ([date, spans]) => `${formats.day(date, 'UTC')}: ${spans.join(', ') || t.settings.closed}`,
            ),
          )}
        </p>
      )}
    </div>
  );
}

function Day({
  name,
  spans,
  disabled,
  onChange,
}: {
  name: string;
  spans: readonly string[];
  disabled?: boolean;
  onChange: (spans: string[]) => void;
}) {
  const t = useBotTexts();
  const change = (index: number, span: string) => onChange(spans.map((old, i) => (i === index ? span : old)));
  return (
    <div className="hours-day" role="group" aria-label={name}>
      <span>{name}</span>
      <div className="hours-spans">
        {spans.length === 0 && <span className="hours-closed">{t.settings.closed}</span>}
        {spans.map((span, i) => {
          const [from = '', to = ''] = span.split('-');
          return (
            <span key={i} className="hours-span">
              <Time
                label={`${name}, ${t.settings.from}`}
                value={from}
                disabled={disabled}
                onChange={(value) => change(i, `${value}-${to}`)}
              />
              –
              <Time
                label={`${name}, ${t.settings.to}`}
                value={to}
                disabled={disabled}
                onChange={(value) => change(i, `${from}-${value}`)}
              />
              {!disabled && (
                <IconButton
                  size="small"
                  label={`${t.settings.remove}: ${name}`}
                  icon={<X />}
                  onPress={() => onChange(spans.filter((_, index) => index !== i))}
                />
              )}
            </span>
          );
        })}
      </div>
      {!disabled && (
        <IconButton
          size="small"
          label={`${t.settings.addHours}: ${name}`}
          icon={<Plus />}
          onPress={() => onChange([...spans, spans.length === 0 ? OFFICE : '19:00-20:00'])}
        />
      )}
    </div>
  );
}

const Time = ({
  label,
  value,
  disabled,
  onChange,
}: {
  label: string;
  value: string;
  disabled?: boolean;
  onChange: (value: string) => void;
}) => (
  <input
    type="time"
    className="ui-input"
    aria-label={label}
    // The end of a day has no other way of being said in a field of the browser.
    value={value === '24:00' ? '00:00' : value}
    disabled={disabled}
    onChange={(event) => event.target.value && onChange(event.target.value)}
  />
);
