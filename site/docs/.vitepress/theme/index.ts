/** VitePress's own theme with the fonts of the reader's system, and the live element for pages. */

import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { LiveConverter } from "./live-converter.js";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => void app.component("LiveConverter", LiveConverter),
} satisfies Theme;
