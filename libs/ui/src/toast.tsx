import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import {
  Button as AriaButton,
  Text,
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as AriaToastRegion,
} from 'react-aria-components';
import { useKitTexts } from './kit.texts';
import './toast.css';

interface Notice {
  text: string;
  about?: string;
  tone?: 'good' | 'bad' | 'info';
  /** Takes back what was just done. */
  undo?: () => void;
  /** A way on, such as to what was just made. */
  action?: { label: string; run: () => void };
}

const queue = new ToastQueue<Notice>({ maxVisibleToasts: 3 });

/** Says in passing what was done. What went wrong stays until it is closed. */
export function notify(notice: Notice): void {
  const stays = notice.tone === 'bad';
  queue.add(notice, stays ? {} : { timeout: notice.undo || notice.action ? 8000 : 5000 });
}

const icons = { good: <CircleCheck />, bad: <CircleAlert />, info: <Info /> };

/** Once, at the root of an app. */
export function Toasts() {
  const t = useKitTexts();
  return (
    <AriaToastRegion queue={queue} aria-label={t.notifications} className="ui-toasts">
      {({ toast }) => {
        const { text, about, tone = 'good', undo, action } = toast.content;
        const choices = [...(undo ? [{ label: t.undo, run: undo }] : []), ...(action ? [action] : [])];
        return (
          <AriaToast toast={toast} className="ui-toast" data-tone={tone}>
            {icons[tone]}
            <ToastContent className="ui-toast-words">
              <Text slot="title">{text}</Text>
              {about && (
                <Text slot="description" className="ui-toast-about">
                  {about}
                </Text>
              )}
            </ToastContent>
            {choices.map(({ label, run }) => (
              <AriaButton
                key={label}
                className="ui-toast-action"
                onPress={() => {
                  queue.close(toast.key);
                  run();
                }}
              >
                {label}
              </AriaButton>
            ))}
            <AriaButton slot="close" className="ui-toast-close" aria-label={t.close}>
              <X />
            </AriaButton>
          </AriaToast>
        );
      }}
    </AriaToastRegion>
  );
}
