// Words, numbers, looks
export { currentLanguage, type Language, LanguageProvider, languages, useLanguage } from './language';
export { counted, defineTexts, wordOf } from './texts';
export { type Formats, useFormats } from './format';
export { setTheme, type Theme, themes, useTheme } from './theme';
export { useKitTexts } from './kit.texts';
export { remembered } from './remembered';

// The frame of an app
export { AppShell, type NavItem, type NavSection } from './shell';
export { Columns, Filters, Grid, Page, type PageProps, Row, Stack } from './page';
export { CommandProvider, useCommands } from './commands';
export { type Found, Palette } from './palette';
export { Logo } from './logo';

// What is pressed
export { Button, ButtonLink, IconButton } from './button';
export { Link } from './link';
export { MenuButton, type MenuEntry, type MenuGroup } from './menu';
export { Kbd } from './kbd';
export { Tabs } from './tabs';
export { Tooltip } from './tooltip';

// What is filled in
export { FieldRow, Form, FormProblem, type FormState, FormValues, SubmitButton, useForm } from './form';
export { SearchField, TextArea, TextField } from './text-field';
export { NumberField } from './number-field';
export { MoneyField } from './money-field';
export { Select } from './select';
export { FilterSelect } from './filter-select';
export { ComboBox } from './combo-box';
export { Checkbox, CheckboxGroup, RadioGroup, Switch } from './toggles';
export { FileDrop } from './file-drop';
export { DateField } from './date-field';
export { DateRangeField, type Days } from './date-range';
export { Stepper } from './stepper';

// What opens above the page
export { Dialog, DialogActions, DialogBody } from './dialog';
export { ConfirmProvider, type Question, useConfirm } from './confirm';
export { notify, Toasts } from './toast';

// What shows something
export { Avatar } from './avatar';
export { Badge, type Tone } from './badge';
export { Card } from './card';
export { CodeBlock, CodeLine, CopyButton, saveAs, SecretField } from './code';
export { DataTable } from './data-table';
export type { Column } from './table-rows';
export { Diff } from './diff';
export { Empty, NoMatch, NoRight } from './empty';
export { Facts } from './facts';
export { Markdown } from './markdown';
export { Meter } from './meter';
export { ProblemLine, ProblemState } from './problem';
export { isProblem, type ProblemDocument, problemOf } from './problem-document';
export { Spinner } from './spinner';
export { Skeleton, SkeletonLines } from './skeleton';
export { Stat } from './stat';
export { Ago, Moment, useNow } from './time';

// Charts
export { BarList } from './charts/bar-list';
export { CohortGrid } from './charts/cohort-grid';
export { Funnel } from './charts/funnel';
export { IntervalBar } from './charts/interval-bar';
export { LineChart } from './charts/line-chart';
export { StackedBars } from './charts/stacked-bars';

// Streams
export { eventsOf, follow } from './follow';
