// VitePress' own theme in the colours and the type of the demo page. Nothing is fetched from
// elsewhere.

import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import "@fontsource-variable/geist/index.css";
import "./style.css";

// VitePress takes the theme from the default export.
export default { extends: DefaultTheme } satisfies Theme;
