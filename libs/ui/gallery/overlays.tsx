import { Ellipsis, Pause, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import {
  Button,
  Card,
  Dialog,
  DialogActions,
  DialogBody,
  Facts,
  Form,
  Grid,
  MenuButton,
  notify,
  Page,
  Row,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
} from '../src';
import { useGalleryTexts } from './gallery.texts';

export function Overlays() {
  const t = useGalleryTexts();
  const confirm = useConfirm();
  const [editing, setEditing] = useState(false);
  const [side, setSide] = useState(false);
  const form = useForm({ send: () => Promise.resolve(), done: () => notify({ text: t.saved }) });
  return (
    <Page title={t.sections.overlays} about={t.about}>
      <Grid min={320}>
        <Card title="Menu">
          <Row>
            <MenuButton
              label={t.more}
              groups={[
                {
                  id: 'a',
                  entries: [
                    { id: 'edit', label: t.edit, icon: <Pencil />, keys: 'e' },
                    { id: 'pause', label: t.pause, icon: <Pause />, about: t.hint },
                  ],
                },
                { id: 'b', entries: [{ id: 'delete', label: t.delete, icon: <Trash2 />, look: 'danger' }] },
              ]}
            >
              <Button icon={<Ellipsis />}>{t.more}</Button>
            </MenuButton>
          </Row>
        </Card>
        <Card title="Dialog">
          <Row>
            <Button onPress={() => setEditing(true)}>{t.edit}</Button>
            <Dialog title={t.edit} about={t.hint} isOpen={editing} onOpenChange={setEditing}>
              {(close) => (
                <Form form={form}>
                  <DialogBody>
                    <TextField name="name" label={t.name} defaultValue="Lumen" autoFocus />
                    <TextField name="email" label={t.email} hint={t.hint} optional />
                  </DialogBody>
                  <DialogActions>
                    <Button onPress={close}>{t.pause}</Button>
                    <SubmitButton form={form}>{t.save}</SubmitButton>
                  </DialogActions>
                </Form>
              )}
            </Dialog>
            <Button onPress={() => setSide(true)}>{t.more}</Button>
            <Dialog look="side" title="Lumen" about={t.hint} isOpen={side} onOpenChange={setSide}>
              <DialogBody>
                <Facts
                  facts={[
                    [t.name, 'Lumen'],
                    [t.state, t.active],
                    [t.cost, '$12.40'],
                  ]}
                />
              </DialogBody>
              <DialogActions>
                <Button look="primary" onPress={() => setSide(false)}>
                  {t.save}
                </Button>
              </DialogActions>
            </Dialog>
            <Button
              look="danger"
              onPress={() =>
                void confirm({
                  title: t.deleteBot,
                  text: t.deleteText(1284),
                  action: t.delete,
                  look: 'danger',
                  word: 'lumen',
                }).then((answer) => answer !== undefined && notify({ text: t.saved, undo: () => undefined }))
              }
            >
              {t.delete}
            </Button>
          </Row>
        </Card>
        <Card title="Toast">
          <Row>
            <Button onPress={() => notify({ text: t.saved })}>{t.save}</Button>
            <Button onPress={() => notify({ text: t.saved, about: t.hint, undo: () => undefined })}>{t.delete}</Button>
            <Button onPress={() => notify({ text: t.couldNotLoad, tone: 'bad' })}>{t.broken}</Button>
          </Row>
        </Card>
      </Grid>
    </Page>
  );
}
