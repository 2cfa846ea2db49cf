// The documentation site. `npm run docs` writes the reference to api/ and builds all of it into
// build/docs; a page that a link can't find fails the build.

import { defineConfig } from "vitepress";
import { contents } from "./contents.ts";

export default defineConfig({
  title: "tokenkeep",
  description:
    "Keeps an access token for browser applications in memory only, and verifies it where requests arrive.",
  lang: "en",
  outDir: "../build/docs",
  cacheDir: "../build/docs-cache",
  head: [["link", { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" }]],
  // The search's index of all pages is one file.
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  markdown: { theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" } },
  themeConfig: {
    logo: "/favicon.svg",
    nav: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Recipes", link: "/recipes/", activeMatch: "/recipes/" },
      { text: "Reference", link: "/api/", activeMatch: "/api/" },
    ],
    sidebar: contents.map(({ text, items }) => ({ text, items: [...items] })),
    outline: [2, 3],
    search: { provider: "local" },
    notFound: {
      title: "Page not found",
      quote: "There is no page at this address. The search above finds what has moved.",
      linkText: "Home",
    },
    footer: { message: "MIT or Apache-2.0, as you choose." },
  },
});
