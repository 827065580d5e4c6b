import { parseDate } from '@internationalized/date';
import { Calendar as CalendarIcon, ChevronLeft, ChevronRight, X } from 'lucide-react';
import {
  Button as AriaButton,
  Calendar,
  CalendarCell,
  CalendarGrid,
  DateInput,
  DatePicker,
  DateSegment,
  Dialog,
  Group,
  Heading,
  Popover,
} from 'react-aria-components';
import type { DateFieldProps } from './date-field';
import { FieldParts } from './field';
import { useKitTexts } from './kit.texts';
import './popover.css';
import './dates.css';

export default function DateFieldPart({ name, value, onChange, min, ...words }: DateFieldProps) {
  const t = useKitTexts();
  return (
    <DatePicker
      className="ui-field"
      name={name}
      value={value ? parseDate(value) : null}
      minValue={min ? parseDate(min) : undefined}
      onChange={(day) => onChange(day?.toString() ?? null)}
    >
      <FieldParts {...words}>
        <Group className="ui-input ui-input-row ui-dates">
          <DateInput className="ui-date-input ui-date-one">
            {(segment) => <DateSegment segment={segment} className="ui-date-segment" />}
          </DateInput>
          {value && (
            <AriaButton slot={null} className="ui-input-button" aria-label={t.clear} onPress={() => onChange(null)}>
              <X />
            </AriaButton>
          )}
          <AriaButton className="ui-input-button" aria-label={t.dates.calendar}>
            <CalendarIcon />
          </AriaButton>
        </Group>
      </FieldParts>
      <Popover className="ui-popover" offset={4}>
        <Dialog className="ui-calendar">
          <Calendar>
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
              {(date) => <CalendarCell date={date} className="ui-calendar-day ui-calendar-one" />}
            </CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </DatePicker>
  );
}
