import '../src/tokens.css';
import '../src/fonts.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CommandProvider, ConfirmProvider, LanguageProvider, Toasts } from '../src';
import { Gallery } from './gallery';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <CommandProvider>
        <ConfirmProvider>
          <Gallery />
          <Toasts />
        </ConfirmProvider>
      </CommandProvider>
    </LanguageProvider>
  </StrictMode>,
);
