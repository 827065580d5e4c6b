import { Check, Ellipsis, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import {
  Avatar,
  Badge,
  Button,
  ButtonLink,
  Card,
  Grid,
  IconButton,
  Kbd,
  Link,
  Page,
  Row,
  Tabs,
  type Tone,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

const tones: Tone[] = ['neutral', 'accent', 'good', 'warn', 'bad', 'info'];

export function Controls() {
  const t = useGalleryTexts();
  const [tab, setTab] = useState('one');
  return (
    <Page
      title={t.sections.controls}
      about={t.about}
      way={[{ title: t.title, href: '#controls' }]}
      aside={<Badge tone="good">{t.active}</Badge>}
      actions={
        <>
          <Button icon={<Pencil />}>{t.edit}</Button>
          <Button look="primary" icon={<Plus />} keys={<Kbd keys="c" />}>
            {t.create}
          </Button>
        </>
      }
    >
      <Grid min={360}>
        <Card title="Button">
          <Row>
            <Button look="primary">{t.save}</Button>
            <Button>{t.edit}</Button>
            <Button look="quiet">{t.edit}</Button>
            <Button look="danger" icon={<Trash2 />}>
              {t.delete}
            </Button>
            <Button look="danger-quiet">{t.delete}</Button>
          </Row>
          <Row>
            <Button look="primary" isPending>
              {t.save}
            </Button>
            <Button look="primary" isDisabled>
              {t.save}
            </Button>
            <Button isDisabled>{t.edit}</Button>
            <ButtonLink href="#fields">{t.sections.fields}</ButtonLink>
            <IconButton label={t.edit} icon={<Pencil />} />
            <IconButton label={t.more} icon={<Ellipsis />} look="plain" />
          </Row>
          <Row>
            <Button size="small" look="primary">
              {t.save}
            </Button>
            <Button size="small" icon={<Check />}>
              {t.edit}
            </Button>
            <Button size="large" look="primary">
              {t.create}
            </Button>
          </Row>
        </Card>
        <Card title="Badge">
          <Row>
            {tones.map((tone) => (
              <Badge key={tone} tone={tone}>
                {tone}
              </Badge>
            ))}
          </Row>
          <Row>
            {tones.map((tone) => (
              <Badge key={tone} tone={tone} dot>
                {tone}
              </Badge>
            ))}
          </Row>
          <Row>
            {['Philippa Long', 'Anna', 'Emma Stone', 'Lumen', 'northwind-support'].map((name) => (
              <Avatar key={name} id={name} name={name} />
            ))}
          </Row>
          <p>
            <Link href="#fields">{t.sections.fields}</Link> · <Kbd keys="mod+k" /> · <Kbd keys="g p" />
          </p>
        </Card>
        <Card title="Tabs">
          <Tabs
            label={t.sections.controls}
            selected={tab}
            onSelect={setTab}
            tabs={[
              { id: 'one', title: t.messages, content: <p>{t.hint}</p> },
              { id: 'two', title: t.failed, count: 7, content: <p>{t.emptyText}</p> },
              { id: 'three', title: t.cost, content: <p>{t.about}</p> },
            ]}
          />
        </Card>
      </Grid>
    </Page>
  );
}
