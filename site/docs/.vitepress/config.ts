/** The documentation, made by VitePress into build/site/docs; site/build.mjs runs it. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type DefaultTheme } from "vitepress";
import { hashFiller } from "../../embed-hashes.mjs";

const icon = readFileSync(fileURLToPath(new URL("../../src/icon.svg", import.meta.url)), "utf8");

// VitePress puts the base before it, and leaves what is not below the base to the browser.
const converter = "/../index.html";

// Documentation is not locked, as the converter is, but it has no business with any other host.
const POLICY = [
  "default-src 'self'", // Firefox asks it whether a page may be fetched ahead
  "object-src 'none'",
  "frame-src 'none'",
  "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "worker-src blob:",
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

const withHashes = await hashFiller();

const english: DefaultTheme.Config = {
  nav: [{ text: "Converter", link: converter, target: "_self" }],
  sidebar: [
    {
      text: "Use",
      items: [
        { text: "Start", link: "/" },
        { text: "From Keras to PyTorch", link: "/pytorch" },
        { text: "From Keras to TensorFlow.js", link: "/tfjs" },
        { text: "What a check proves", link: "/proof" },
        { text: "Offline and privacy", link: "/privacy" },
        { text: "In a page of your own", link: "/embed" },
      ],
    },
    {
      text: "Reference",
      items: [
        { text: "Command line", link: "/command-line" },
        { text: "JavaScript API", link: "/api/tensorferry" },
        { text: "The element's API", link: "/api/element" },
        { text: "What is converted", link: "/support" },
        { text: "Keras and PyTorch", link: "/side-by-side" },
        { text: "Errors and notes", link: "/errors" },
      ],
    },
    {
      text: "Background",
      items: [
        { text: "How it works", link: "/design" },
        { text: "Licences", link: "/third_party" },
      ],
    },
  ],
};

const korean: DefaultTheme.Config = {
  nav: [{ text: "변환기", link: converter, target: "_self" }],
  sidebar: [
    {
      text: "사용하기",
      items: [
        { text: "시작하기", link: "/ko/" },
        { text: "오프라인과 개인 정보", link: "/ko/privacy" },
      ],
    },
    {
      text: "영어 문서",
      items: (english.sidebar as DefaultTheme.SidebarItem[])
        .flatMap((group) => group.items ?? [])
        .filter(({ link }) => link !== "/" && link !== "/privacy"),
    },
  ],
  outline: { label: "이 페이지에서" },
  docFooter: { prev: "이전", next: "다음" },
  darkModeSwitchLabel: "화면 모드",
  lightModeSwitchTitle: "밝은 화면으로 바꾸기",
  darkModeSwitchTitle: "어두운 화면으로 바꾸기",
  sidebarMenuLabel: "메뉴",
  returnToTopLabel: "맨 위로",
  langMenuLabel: "언어 바꾸기",
  skipToContentLabel: "본문으로 건너뛰기",
};

const koreanSearch = {
  button: { buttonText: "검색", buttonAriaLabel: "검색" },
  modal: {
    displayDetails: "자세히 보기",
    resetButtonTitle: "지우기",
    backButtonTitle: "닫기",
    noResultsText: "검색 결과가 없습니다:",
    footer: { selectText: "선택", navigateText: "이동", closeText: "닫기" },
  },
};

export default defineConfig({
  title: "Tensorferry",
  description: "Keras models become PyTorch and TensorFlow.js in your browser",
  cleanUrls: false,
  // Pages are about code of today; a date of each would need the history of git.
  lastUpdated: false,
  locales: {
    root: { label: "English", lang: "en", themeConfig: english },
    ko: {
      label: "한국어",
      lang: "ko",
      description: "브라우저에서 Keras 모델을 PyTorch와 TensorFlow.js로 바꿉니다",
      themeConfig: korean,
    },
  },
  head: [
    ["meta", { "http-equiv": "Content-Security-Policy", content: POLICY }],
    ["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon.trim())}` }],
  ],
  themeConfig: {
    outline: [2, 3],
    i18nRouting: false,
    search: { provider: "local", options: { locales: { ko: { translations: koreanSearch } } } },
  },
  markdown: {
    config: (markdown) =>
      markdown.core.ruler.before("normalize", "hashes", (state) => {
        state.src = withHashes(state.src);
      }),
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag === "tensor-ferry" } } },
});
