/// <reference types="vitest/config" />
import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// While developing, the service is asked here.
const service = process.env.CELLBLOCK_SERVICE ?? 'http://127.0.0.1:8888'

export default defineConfig({
  plugins: [vue()],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      // jspdf would load these for pages of HTML.
      canvg: fileURLToPath(new URL('./src/outputs/absent.ts', import.meta.url)),
      html2canvas: fileURLToPath(new URL('./src/outputs/absent.ts', import.meta.url)),
    },
  },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 5000 },
  // The examples of the repository are shown on the start page.
  server: { fs: { allow: ['..'] }, proxy: { '/api': { target: service, ws: true }, '/docs': service } },
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
})
