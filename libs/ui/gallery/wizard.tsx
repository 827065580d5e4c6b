import { useState } from 'react';
import { Button, FieldRow, NumberField, Page, RadioGroup, Row, Stepper, TextField, useKitTexts } from '../src';
import { useGalleryTexts } from './gallery.texts';

export function Wizard() {
  const t = useGalleryTexts();
  const kit = useKitTexts();
  const steps = [
    { id: 'channel', title: t.messages },
    { id: 'name', title: t.name },
    { id: 'cost', title: t.cost },
    { id: 'done', title: t.save },
  ];
  const [at, setAt] = useState(1);
  return (
    <Page title={t.create} width="narrow" about={t.emptyText}>
      <Stepper
        label={t.create}
        steps={steps}
        current={steps[at]!.id}
        onGo={(id) => setAt(steps.findIndex((step) => step.id === id))}
      >
        <RadioGroup
          label={t.bot}
          cards
          defaultValue="telegram"
          choices={[
            { id: 'telegram', label: 'Telegram', hint: t.hint },
            { id: 'vk', label: 'VK', hint: t.hint },
          ]}
        />
        <FieldRow>
          <TextField label={t.name} hint={t.hint} />
          <NumberField label={t.cost} defaultValue={10} />
        </FieldRow>
        <Row>
          <Button isDisabled={at === 0} onPress={() => setAt(at - 1)}>
            {kit.steps.back}
          </Button>
          <Button look="primary" onPress={() => setAt(Math.min(3, at + 1))}>
            {at === 3 ? kit.steps.done : kit.steps.next}
          </Button>
        </Row>
      </Stepper>
    </Page>
  );
}
