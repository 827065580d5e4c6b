import { parseDate } from '@internationalized/date';
import { Calendar as CalendarIcon, ChevronLeft, ChevronRight, X } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  Calendar,
  CalendarCell,
  CalendarGrid,
  DateInput,
  DatePicker,
  DateRangePicker,
  DateSegment,
  Dialog,
  Group,
  Heading,
  Popover,
  RangeCalendar,
} from 'react-aria-components';
import type { DateFieldProps } from './date-field';
import type { DateRangeFieldProps } from './date-range';
import { FieldParts, type FieldWords } from './field';
import { useKitTexts } from './kit.texts';
import './popover.css';
import './dates.css';

const dayOf = (text: string | null | undefined) => (text ? parseDate(text) : undefined);

export function DatePickerField({ name, value, onChange, min, ...words }: DateFieldProps) {
  const t = useKitTexts();
  return (
    <DatePicker
      className="ui-field"
      name={name}
      value={dayOf(value) ?? null}
      minValue={dayOf(min)}
      onChange={(day) => onChange(day?.toString() ?? null)}
    >
      <PickerParts words={words} calendar={<Calendar>{month('ui-calendar-day ui-calendar-one')}</Calendar>}>
        <Day className="ui-date-input ui-date-one" />
        {value && (
          <AriaButton slot={null} className="ui-input-button" aria-label={t.clear} onPress={() => onChange(null)}>
            <X />
          </AriaButton>
        )}
      </PickerParts>
    </DatePicker>
  );
}

export const DateRangePickerField = ({ value, onChange, min, max, ...words }: DateRangeFieldProps) => (
  <DateRangePicker
    className="ui-field"
    value={{ start: parseDate(value.from), end: parseDate(value.to) }}
    minValue={dayOf(min)}
    maxValue={dayOf(max)}
    onChange={(range) => range && onChange({ from: range.start.toString(), to: range.end.toString() })}
  >
    <PickerParts words={words} calendar={<RangeCalendar>{month('ui-calendar-day')}</RangeCalendar>}>
      <Day slot="start" className="ui-date-input" />
      <span aria-hidden>–</span>
      <Day slot="end" className="ui-date-input" />
    </PickerParts>
  </DateRangePicker>
);

function PickerParts({ words, calendar, children }: { words: FieldWords; calendar: ReactNode; children: ReactNode }) {
  const t = useKitTexts();
  return (
    <>
      <FieldParts {...words}>
        <Group className="ui-input ui-input-row ui-dates">
          {children}
          <AriaButton className="ui-input-button" aria-label={t.dates.calendar}>
            <CalendarIcon />
          </AriaButton>
        </Group>
      </FieldParts>
      <Popover className="ui-popover" offset={4}>
        <Dialog className="ui-calendar">{calendar}</Dialog>
      </Popover>
    </>
  );
}

const Day = ({ slot, className }: { slot?: 'start' | 'end'; className: string }) => (
  <DateInput slot={slot} className={className}>
    {(segment) => <DateSegment segment={segment} className="ui-date-segment" />}
  </DateInput>
);

const month = (dayClass: string) => (
  <>
    <header>
      <AriaButton slot="previous" className="ui-input-button">
        <ChevronLeft />
      </AriaButton>
      <Heading />
      <AriaButton slot="next" className="ui-input-button">
        <ChevronRight />
      </AriaButton>
    </header>
    <CalendarGrid weekdayStyle="short">{(date) => <CalendarCell date={date} className={dayClass} />}</CalendarGrid>
  </>
);
