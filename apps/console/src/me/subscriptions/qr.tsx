import { renderSVG } from 'uqr';

/** Dark on white in both themes: cameras do not read it otherwise. */
export const Qr = ({ text, label }: { text: string; label: string }) => (
  <div
    className="connect-qr"
    role="img"
    aria-label={label}
    dangerouslySetInnerHTML={{ __html: renderSVG(text, { border: 0 }) }}
  />
);
