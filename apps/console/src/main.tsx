import '@switchboard/ui/tokens.css';
import '@switchboard/ui/fonts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import './console.css';
import { reportError, reportUncaughtErrors } from './error-reports';

reportUncaughtErrors();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

/** Beside what React does with it by default. */
const onError = (error: unknown): void => {
  console.error(error);
  reportError('render', error);
};
createRoot(root, { onCaughtError: onError, onUncaughtError: onError }).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
