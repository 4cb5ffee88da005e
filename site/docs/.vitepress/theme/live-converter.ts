/** `<LiveConverter />` in a page: the element itself, and a button that opens a sample in it. */

import type { TensorFerryElement } from "tensorferry/element";
import { useData, withBase } from "vitepress";
import { defineComponent, h, onMounted, ref } from "vue";

const SAMPLE = "digits_resnet.h5";

export const LiveConverter = defineComponent({
  setup() {
    const { lang } = useData();
    const element = ref<TensorFerryElement>();
    const trouble = ref("");

    // Pages are also rendered where there is no browser; the element is defined in one only.
    onMounted(() => import("tensorferry/element"));

    async function openSample(): Promise<void> {
      const response = await fetch(withBase(`/../samples/${SAMPLE}`));
      if (!response.ok) {
        trouble.value = `${response.status} ${response.statusText}`;
        return;
      }
      await customElements.whenDefined("tensor-ferry");
      await element.value?.open([new File([await response.blob()], SAMPLE)]);
    }

    return () =>
      h("div", { class: "live vp-raw" }, [
        h("tensor-ferry", { ref: element, lang: lang.value }, [
          h("button", { class: "sample", type: "button", onClick: openSample }, TRY[lang.value]),
          h("span", { role: "status" }, trouble.value),
        ]),
      ]);
  },
});

const TRY: Record<string, string> = { en: "Open a sample", ko: "예제 모델 열기" };
