import { defineConfig } from "vite";

const { ORIGIN = "http://localhost:5173", PORT = "3000" } = process.env;
const server = `http://localhost:${PORT}`;

export default defineConfig({
  server: {
    port: Number(new URL(ORIGIN).port),
    // The provider leads back to this origin only.
    strictPort: true,
    // Page and server are one origin for the browser: no CORS, and the cookie is on its own site.
    proxy: { "/session": server, "/api": server },
  },
});
