import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import './i18n';
import './theme.css';
import './frame.css';
import './lists.css';
import './chat.css';
import './bubble.css';
import './rich-text.css';
import './keyboard.css';
import './attachment.css';
import './thing.css';
import './composer.css';
import './layers.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
