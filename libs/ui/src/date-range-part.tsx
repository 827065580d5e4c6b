import { parseDate } from '@internationalized/date';
import { Calendar, ChevronLeft, ChevronRight } from 'lucide-react';
import {
  Button as AriaButton,
  CalendarCell,
  CalendarGrid,
  DateInput,
  DateRangePicker,
  DateSegment,
  Dialog,
  Group,
  Heading,
  Popover,
  RangeCalendar,
} from 'react-aria-components';
import type { DateRangeFieldProps } from './date-range';
import { FieldParts } from './field';
import { useKitTexts } from './kit.texts';
import './popover.css';
import './dates.css';

export default function DateRangePart({ value, onChange, min, max, ...words }: DateRangeFieldProps) {
  const t = useKitTexts();
  return (
    <DateRangePicker
      className="ui-field"
      value={{ start: parseDate(value.from), end: parseDate(value.to) }}
      minValue={min ? parseDate(min) : undefined}
      maxValue={max ? parseDate(max) : undefined}
      onChange={(range) => range && onChange({ from: range.start.toString(), to: range.end.toString() })}
    >
      <FieldParts {...words}>
        <Group className="ui-input ui-input-row ui-dates">
          <DateInput slot="start" className="ui-date-input">
            {(segment) => <DateSegment segment={segment} className="ui-date-segment" />}
          </DateInput>
          <span aria-hidden>–</span>
          <DateInput slot="end" className="ui-date-input">
            {(segment) => <DateSegment segment={segment} className="ui-date-segment" />}
          </DateInput>
          <AriaButton className="ui-input-button" aria-label={t.dates.calendar}>
            <Calendar />
          </AriaButton>
        </Group>
      </FieldParts>
      <Popover className="ui-popover" offset={4}>
        <Dialog className="ui-calendar">
          <RangeCalendar>
            <header>
              <AriaButton slot="previous" className="ui-input-button">
                <ChevronLeft />
              </AriaButton>
              <Heading />
              <AriaButton slot="next" className="ui-input-button">
                <ChevronRight />
              </AriaButton>
            </header>
            <CalendarGrid weekdayStyle="short">
              {(date) => <CalendarCell date={date} className="ui-calendar-day" />}
            </CalendarGrid>
          </RangeCalendar>
        </Dialog>
      </Popover>
    </DateRangePicker>
  );
}
