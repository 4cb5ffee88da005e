import type { TensorStatistics } from "../../inspection.js";
import { h } from "../dom.js";
import { countText } from "../format.js";
import type { Messages } from "../messages/messages.js";

function numberText(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

/** What a tensor's numbers are like: a few facts, and how they are spread. */
export function statisticsView(
  name: string,
  statistics: TensorStatistics,
  messages: Messages,
): HTMLElement {
  const { statistics: words } = messages;
  const facts: [string, string][] = [
    [words.elements, countText(statistics.count)],
    [words.mean, `${numberText(statistics.mean)} ± ${numberText(statistics.deviation)}`],
    [words.range, `${numberText(statistics.minimum)} … ${numberText(statistics.maximum)}`],
  ];
  if (statistics.notFinite > 0) facts.push([words.notFinite, countText(statistics.notFinite)]);
  return h(
    "div",
    { id: "statistics" },
    h("b", {}, name),
    h(
      "dl",
      { class: "facts" },
      ...facts.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
    histogram(statistics, messages),
  );
}

function histogram({ histogram: counts, minimum, maximum }: TensorStatistics, messages: Messages) {
  const most = Math.max(1, ...counts);
  const label = messages.histogramLabel(numberText(minimum), numberText(maximum));
  return h(
    "div",
    { class: "histogram", role: "img", "aria-label": label },
    ...counts.map((count) => {
      const bar = h("span", { title: countText(count) });
      bar.style.height = `${count === 0 ? 0 : Math.max(2, (100 * count) / most)}%`;
      return bar;
    }),
  );
}
