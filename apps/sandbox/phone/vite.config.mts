import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `base` is relative because the sandbox serves the page under /phone/.
// While developing, the API is taken from a sandbox that runs beside it: SANDBOX_URL, or its usual port.
export default defineConfig({
  base: './',
  plugins: [react()],
  build: { outDir: '../dist/phone', emptyOutDir: true },
  server: { proxy: { '/phone/api': process.env.SANDBOX_URL ?? 'http://127.0.0.1:4500' } },
});
