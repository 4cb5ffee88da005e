import {
  Virtualizer,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from "@tanstack/virtual-core";
import { h } from "./dom.js";

/** Rows of one height, of which only those exist that are seen. */
export class VirtualList {
  readonly root: HTMLElement;
  private readonly sizer = h("div", { class: "sizer", role: "presentation" });
  private readonly virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  private readonly stop: () => void;
  private make: (index: number) => HTMLElement = () => h("div");
  private count = 0;

  constructor(
    private readonly rowHeight: number,
    properties: Record<string, unknown>,
  ) {
    this.root = h("div", { class: "virtual", tabindex: "0", ...properties }, this.sizer);
    this.virtualizer = new Virtualizer<HTMLElement, HTMLElement>({
      ...this.settings(),
      onChange: () => this.render(),
    });
    this.stop = this.virtualizer._didMount();
    this.virtualizer._willUpdate();
  }

  /** Shows `count` rows; `make` gives one, and is asked anew whenever it comes into view. */
  show(count: number, make: (index: number) => HTMLElement): void {
    [this.count, this.make] = [count, make];
    this.virtualizer.setOptions({ ...this.virtualizer.options, ...this.settings() });
    this.virtualizer._willUpdate();
    this.virtualizer.measure();
    this.render();
  }

  reveal(index: number): void {
    this.virtualizer.scrollToIndex(index, { align: "center" });
  }

  /** Asks for the rows that are seen anew. */
  render(): void {
    this.sizer.style.height = `${this.virtualizer.getTotalSize()}px`;
    this.sizer.replaceChildren(
      ...this.virtualizer.getVirtualItems().map(({ index, start }) => {
        const row = this.make(index);
        row.style.transform = `translateY(${start}px)`;
        row.style.height = `${this.rowHeight}px`;
        return row;
      }),
    );
  }

  close(): void {
    this.stop();
  }

  private settings() {
    return {
      count: this.count,
      getScrollElement: () => this.root,
      estimateSize: () => this.rowHeight,
      overscan: 12,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
    };
  }
}
