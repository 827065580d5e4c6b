import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { kit } from '../vite.mts';

// Only for looking at the kit: `npx vite libs/ui/gallery`. No part of any build.
export default defineConfig({ base: './', plugins: [react(), kit()] });
