import { vpnProvisionerLinksRotate } from '@switchboard/api-client';
import {
  Button,
  Card,
  CopyButton,
  Dialog,
  DialogActions,
  DialogBody,
  Form,
  FormProblem,
  notify,
  RadioGroup,
  Select,
  SubmitButton,
  useForm,
  useKitTexts,
} from '@switchboard/ui';
import { Download, Plus, QrCode, RefreshCw } from 'lucide-react';
import { Suspense, useState } from 'react';
import { refresh } from '../../http/api';
import { lazyPart } from '../../lazy-part';
import { oneOf } from '../../search';
import { OutsideLink } from '../../web-app/outside-link';
import type { Access } from './accesses.api';
import { appsFor, platformHere, PLATFORMS } from './apps';
import { useSubscriptionsTexts } from './subscriptions.texts';

/** Many never scan it. */
const Qr = lazyPart(() => import('./qr'), 'Qr');

/** How a device comes to the servers: an app for it, and the link. */
export function Connect({ access, link }: { access: Access; link: string }) {
  const t = useSubscriptionsTexts();
  const [platform, setPlatform] = useState(platformHere);
  const apps = appsFor(platform);
  const [wanted, setApp] = useState<string>();
  const app = apps.find(({ id }) => id === wanted) ?? apps[0]!;
  const [showsQr, setShowsQr] = useState(false);
  return (
    <Card title={t.connect.title} about={t.connect.about}>
      <div className="connect-steps">
        <Select
          label={t.connect.device}
          required
          value={platform}
          onChange={(id) => setPlatform(oneOf(PLATFORMS, id)!)}
          choices={PLATFORMS.map((id) => ({ id, label: t.platforms[id] }))}
        />
        <Select
          label={t.connect.otherApp}
          required
          value={app.id}
          onChange={setApp}
          choices={apps.map(({ id, name }) => ({ id, label: name }))}
        />
      </div>
      <p>{t.connect.steps(app.name)}</p>
      <div className="connect-steps">
        <OutsideLink href={app.shop} size="large" icon={<Download />}>
          {t.connect.get(app.name)}
        </OutsideLink>
        <OutsideLink href={`${link}?open=${app.id}`} look="primary" size="large" icon={<Plus />}>
          {t.connect.add(app.name)}
        </OutsideLink>
      </div>
      <div className="connect-link" role="group" aria-label={t.connect.link}>
        <code>{link}</code>
        <div className="ui-row">
          <CopyButton text={link}>{t.connect.copy}</CopyButton>
          <Button icon={<QrCode />} onPress={() => setShowsQr(true)}>
            {t.connect.qr}
          </Button>
          <Rotate accessId={access.id} />
        </div>
        <small className="soft">{t.connect.byHand}</small>
      </div>
      <Dialog
        title={t.connect.qrTitle}
        about={t.connect.qrText}
        width="narrow"
        isOpen={showsQr}
        onOpenChange={setShowsQr}
      >
        <DialogBody>
          <Suspense>
            <Qr text={link} label={t.connect.qr} />
          </Suspense>
        </DialogBody>
      </Dialog>
    </Card>
  );
}

const OVERLAP_HOURS = 24;

/** A new link in place of the old one, at once or after a while. */
function Rotate({ accessId }: { accessId: string }) {
  const t = useSubscriptionsTexts().connect;
  const kit = useKitTexts();
  const [isOpen, setOpen] = useState(false);
  const form = useForm({
    send: (values, key) =>
      vpnProvisionerLinksRotate({
        path: { accessId },
        body: { overlapHours: values.text('when') === 'later' ? OVERLAP_HOURS : 0 },
        headers: { 'Idempotency-Key': key },
      }),
    done: () => {
      setOpen(false);
      notify({ text: t.rotated });
      void refresh('vpnProvisionerAccesses');
    },
  });
  return (
    <>
      <Button
        look="danger-quiet"
        icon={<RefreshCw />}
        onPress={() => {
          form.reset();
          setOpen(true);
        }}
      >
        {t.rotate}
      </Button>
      <Dialog title={t.rotateTitle} about={t.rotateAbout} isOpen={isOpen} onOpenChange={setOpen} alert width="narrow">
        {(close) => (
          <>
            <DialogBody>
              <Form form={form}>
                <FormProblem form={form} />
                <RadioGroup
                  name="when"
                  label={t.rotateWhen}
                  defaultValue="now"
                  choices={[
                    { id: 'now', label: t.rotateNow, hint: t.rotateNowHint },
                    { id: 'later', label: t.rotateLater, hint: t.rotateLaterHint },
                  ]}
                />
              </Form>
            </DialogBody>
            <DialogActions>
              <Button onPress={close}>{kit.cancel}</Button>
              <SubmitButton form={form} look="danger">
                {t.rotate}
              </SubmitButton>
            </DialogActions>
          </>
        )}
      </Dialog>
    </>
  );
}
