import type { ElementState } from "tensorferry/element";

/** What the page says around the element; a language is one object of these. */
export interface PageMessages {
  lock: Record<ElementState, string>;
  samples: string;
  /** The words of index.html, by their `data-text`. */
  texts: Record<TextKey, string>;
}

export type TextKey =
  | "lead"
  | "offline"
  | "privacy-lock"
  | "privacy-rest"
  | "privacy-more"
  | "docs"
  | "layers"
  | "single-file"
  | "embed"
  | "privacy"
  | "design"
  | "licences";

const locked = "This page is locked: your browser lets no request out of it any more.";
const lockedKo = "이 페이지는 잠겨 있습니다. 이제 브라우저가 어떤 요청도 내보내지 않습니다.";

export const pageMessages: Record<"en" | "ko", PageMessages> = {
  en: {
    lock: {
      idle: "Loading…",
      loading: "Loading…",
      ready: "This page sends nothing.",
      locked,
      open: locked,
    },
    samples: "or try a sample:",
    texts: {
      lead: "A Keras .h5 or .keras model goes in; PyTorch or TensorFlow.js comes out. The work is done by this page: your file is not uploaded.",
      offline: "Ready to work offline.",
      "privacy-lock":
        "When the page has loaded, it adds a Content-Security-Policy to itself which your browser enforces: from then on neither the page nor its workers can fetch, post, open a socket, or load a script, a picture, a style or a frame from anywhere. Only then is the first byte of your file read. You can watch this in the network panel of your browser’s tools.",
      "privacy-rest":
        "What such a policy cannot stop is navigation, and a service worker. This page has no code that navigates with anything of your file; its service worker answers requests for the page’s own files from a cache, and does nothing else (your browser may ask for a newer service-worker.js now and then; nothing of your file is in that). You can also switch your network off now: everything goes on working.",
      "privacy-more": "More on privacy",
      docs: "Documentation",
      layers: "Layers",
      "single-file": "For offline use: one file",
      embed: "Embed",
      privacy: "Privacy",
      design: "How it works",
      licences: "Licences",
    },
  },
  ko: {
    lock: {
      idle: "불러오는 중…",
      loading: "불러오는 중…",
      ready: "이 페이지는 아무것도 보내지 않습니다.",
      locked: lockedKo,
      open: lockedKo,
    },
    samples: "또는 예제로 해 보기:",
    texts: {
      lead: "Keras의 .h5나 .keras 모델을 넣으면 PyTorch나 TensorFlow.js 모델이 나옵니다. 변환은 이 페이지 안에서 이루어지며, 파일은 업로드되지 않습니다.",
      offline: "네트워크 없이도 쓸 수 있습니다.",
      "privacy-lock":
        "페이지를 다 불러오면 스스로에게 Content-Security-Policy를 더하고, 브라우저가 이를 강제합니다. 그때부터는 페이지도 워커도 데이터를 가져오거나 보낼 수 없고, 소켓을 열거나 스크립트·그림·스타일·프레임을 불러올 수 없습니다. 파일은 그 뒤에야 읽기 시작합니다. 브라우저 개발자 도구의 네트워크 패널에서 직접 확인할 수 있습니다.",
      "privacy-rest":
        "이런 정책으로 막을 수 없는 것은 페이지 이동과 서비스 워커입니다. 이 페이지에는 파일의 내용을 가지고 이동하는 코드가 없고, 서비스 워커는 페이지 자신의 파일에 대한 요청에 캐시로 답할 뿐 다른 일은 하지 않습니다(브라우저가 가끔 새 service-worker.js가 있는지 물어볼 수 있지만 거기에 파일의 내용은 들어가지 않습니다). 지금 네트워크를 꺼도 모든 것이 그대로 동작합니다.",
      "privacy-more": "개인정보 보호에 대해 더 알아보기",
      docs: "문서",
      layers: "레이어",
      "single-file": "오프라인용 단일 파일",
      embed: "내 페이지에 넣기",
      privacy: "개인정보 보호",
      design: "동작 원리",
      licences: "라이선스",
    },
  },
};
