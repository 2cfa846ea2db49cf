import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const { ORIGIN = "http://localhost:5173", PORT = "3000" } = process.env;
const backend = `http://localhost:${PORT}`;

export default defineConfig({
  plugins: [react()],
  server: {
    port: Number(new URL(ORIGIN).port),
    // The backend knows this origin only.
    strictPort: true,
    // Page and backend are one origin for the browser: no CORS, and the cookie is on its own site.
    proxy: { "/session": backend, "/api": backend },
  },
});
