import type { Inspection } from "../../inspection.js";
import { h } from "../dom.js";
import { countText, shapeText } from "../format.js";
import type { Messages } from "../messages/messages.js";
import type { Standing } from "../standing.js";
import { paint, readColors } from "./paint.js";
import { type Layout, LayoutWorker } from "./layout.js";
import { type Box, type Drawing, Network } from "./network.js";
import { Viewport } from "./viewport.js";

const BOX_HEIGHT = 44;
const LEAST_WIDTH = 96;
const MOST_WIDTH = 260;
const LEAST_READABLE = 0.55;
const KEY_STEP = 60;

export interface PictureActions {
  /** A layer was chosen in the picture. */
  choose(row: number): void;
}

/** What a box says. */
export interface Caption {
  title: string;
  detail: string;
  standing: Standing;
}

/** The network as boxes and lines on a canvas: it can be moved, zoomed, searched and folded. */
export class NetworkPicture {
  readonly root: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly network: Network;
  private readonly unfolded: Set<number>;
  private readonly worker = new LayoutWorker();
  private readonly view = new Viewport();
  private readonly resizing: ResizeObserver;
  private drawing: Drawing = { boxes: [], edges: [], frames: [] };
  private layout: Layout | undefined;
  private captions = new Map<number, Caption>();
  private chosen: number | undefined;
  private found = new Set<number>();
  private frame = 0;
  private isFitted = false;

  constructor(
    private readonly model: Inspection,
    private readonly standingOf: (row: number) => Standing,
    private readonly messages: Messages,
    private readonly actions: PictureActions,
  ) {
    this.network = new Network(model.layers);
    this.unfolded = this.network.unfoldedAtFirst();
    this.canvas = h("canvas", {
      id: "picture",
      tabindex: "0",
      role: "application",
      "aria-label": messages.pictureLabel(model.layers.length),
      onpointerdown: (event: PointerEvent) => this.press(event),
      ondblclick: (event: MouseEvent) => this.toggle(this.boxAt(event)?.id),
      onwheel: (event: WheelEvent) => this.wheel(event),
      onkeydown: (event: KeyboardEvent) => this.key(event),
    });
    this.root = h("div", { class: "picture" }, this.canvas, this.buttons());
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.canvas);
  }

  close(): void {
    this.worker.stop();
    this.resizing.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** What is said of the layers may have changed. */
  restate(): void {
    this.captions = new Map(this.drawing.boxes.map((box) => [box.id, this.captionOf(box)]));
    this.draw();
  }

  /** Lays out and draws what is folded and unfolded now. */
  async refresh(): Promise<void> {
    const drawing = this.network.draw(this.unfolded);
    if (!this.network.isDrawable(drawing)) return this.giveUp();
    const captions = new Map(drawing.boxes.map((box) => [box.id, this.captionOf(box)]));
    const context = this.canvas.getContext("2d");
    const width = (text: string, font: string) => {
      if (!context) return LEAST_WIDTH;
      context.font = font;
      return context.measureText(text).width;
    };
    const layout = await this.worker.place({
      boxes: drawing.boxes.map(({ id, parent }) => {
        const { title, detail } = captions.get(id) ?? { title: "", detail: "" };
        const text = Math.max(
          width(title, "600 13px sans-serif"),
          width(detail, "12px sans-serif"),
        );
        return {
          id,
          parent,
          width: Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, text + 28)),
          height: BOX_HEIGHT,
        };
      }),
      frames: drawing.frames.map(({ id, parent }) => ({ id, parent })),
      edges: drawing.edges,
    });
    if (!layout) return;
    [this.drawing, this.layout] = [drawing, layout];
    this.restate();
    if (!this.isFitted) this.fit();
    this.canvas.dataset["boxes"] = String(drawing.boxes.length);
  }

  /** The list has all layers too. */
  private giveUp(): void {
    this.root.replaceChildren(h("p", { class: "muted" }, this.messages.tooLargeForPicture));
  }

  /** In the next frame, in the colors of the theme. */
  draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const context = this.canvas.getContext("2d");
      if (!context || !this.layout) return;
      paint(context, this.view, readColors(this.canvas), {
        drawing: this.drawing,
        layout: this.layout,
        captions: this.captions,
        chosen: this.chosen,
        found: this.found,
      });
    });
  }

  /** Shows that a layer was chosen elsewhere; unfolds nothing. */
  select(row: number | undefined): void {
    this.chosen = row === undefined ? undefined : this.network.boxOf(row, this.unfolded);
    const place = this.chosen === undefined ? undefined : this.layout?.places.get(this.chosen);
    if (place) this.view.reveal(place);
    this.draw();
  }

  /** Marks the boxes of these layers. */
  mark(rows: readonly number[]): void {
    this.found = new Set(rows.map((row) => this.network.boxOf(row, this.unfolded)));
    this.draw();
  }

  private captionOf({ id, kind, rows }: Box): Caption {
    const { layers } = this.model;
    const standings = rows.map((row) => this.standingOf(row));
    const standing =
      standings.find((it) => it === "refused") ??
      standings.find((it) => it === "warning") ??
      standings.find((it) => it === "info") ??
      "exact";
    const layer = layers[id];
    if (kind === "layer" && layer) {
      const shape = layer.outputShape ? ` ${shapeText(layer.outputShape)}` : "";
      return { title: layer.name, detail: layer.class + shape, standing };
    }
    const parameters = rows.reduce((sum, row) => sum + (layers[row]?.parameters ?? 0), 0);
    return {
      title: this.network.containers.get(id)?.title ?? "",
      detail: this.messages.foldedDetail(rows.length, countText(parameters)),
      standing,
    };
  }

  private toggle(id: number | undefined): void {
    if (id === undefined) return;
    const container = this.network.containers.has(id) ? id : this.network.pathOf(id).at(-1);
    if (container === undefined) return;
    if (!this.unfolded.delete(container)) this.unfold(container);
    const first = this.network.containers.get(container)?.rows[0];
    void this.refresh().then(() => this.select(first));
  }

  /** Folds the others where there is no room for all. */
  private unfold(container: number): void {
    this.unfolded.add(container);
    if (this.network.isDrawable(this.network.draw(this.unfolded))) return;
    this.unfolded.clear();
    for (const around of [...this.network.pathOf(container), container]) this.unfolded.add(around);
  }

  private foldAll(fold: boolean): void {
    this.unfolded.clear();
    if (!fold) for (const id of this.network.unfoldedAtMost()) this.unfolded.add(id);
    this.isFitted = false;
    void this.refresh();
  }

  private fit(): void {
    if (!this.layout || this.view.width === 0) return;
    this.view.fit(this.layout.width, this.layout.height, LEAST_READABLE);
    this.isFitted = true;
    this.draw();
  }

  private buttons(): HTMLElement {
    const { pictureButtons } = this.messages;
    const button = (id: string, text: string, label: string, act: () => void) =>
      h("button", { class: "small", id, "aria-label": label, title: label, onclick: act }, text);
    const zoom = (factor: number) => () => {
      this.view.zoom(factor);
      this.draw();
    };
    const folds =
      this.network.containers.size > 0
        ? [
            button("fold-all", "⊟", pictureButtons.foldAll, () => this.foldAll(true)),
            button("unfold-all", "⊞", pictureButtons.unfoldAll, () => this.foldAll(false)),
          ]
        : [];
    return h(
      "div",
      { class: "picture-buttons", role: "toolbar" },
      button("zoom-in", "+", pictureButtons.zoomIn, zoom(1.4)),
      button("zoom-out", "−", pictureButtons.zoomOut, zoom(1 / 1.4)),
      button("fit", "⤢", pictureButtons.fit, () => this.fit()),
      ...folds,
    );
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    const ratio = devicePixelRatio;
    [this.view.width, this.view.height] = [clientWidth, clientHeight];
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    if (!this.isFitted) this.fit();
    this.draw();
  }

  private boxAt(event: MouseEvent): Box | undefined {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { x, y } = this.view.pointAt(event.clientX - left, event.clientY - top);
    return this.drawing.boxes.find(({ id }) => {
      const place = this.layout?.places.get(id);
      return (
        place &&
        x >= place.x &&
        x <= place.x + place.width &&
        y >= place.y &&
        y <= place.y + place.height
      );
    });
  }

  /** A press that hardly moves chooses the box; another one moves the drawing. */
  private press(down: PointerEvent): void {
    if (down.button !== 0) return;
    this.canvas.setPointerCapture(down.pointerId);
    const stop = new AbortController();
    const { signal } = stop;
    let moved = 0;
    this.canvas.addEventListener(
      "pointermove",
      (event) => {
        moved += Math.abs(event.movementX) + Math.abs(event.movementY);
        this.view.pan(event.movementX, event.movementY);
        this.draw();
      },
      { signal },
    );
    const end = (event: PointerEvent) => {
      stop.abort();
      const box = moved < 4 ? this.boxAt(event) : undefined;
      if (box) this.chooseBox(box.id);
    };
    this.canvas.addEventListener("pointerup", end, { signal });
    this.canvas.addEventListener("pointercancel", () => stop.abort(), { signal });
  }

  private chooseBox(id: number): void {
    const row = this.drawing.boxes.find((box) => box.id === id)?.rows[0];
    if (row !== undefined) this.actions.choose(row);
  }

  /** The page keeps its wheel, unless the picture has the focus or a pinch is meant. */
  private wheel(event: WheelEvent): void {
    const { left, top } = this.canvas.getBoundingClientRect();
    const hasFocus = (this.canvas.getRootNode() as ShadowRoot).activeElement === this.canvas;
    if (event.ctrlKey || event.metaKey) {
      this.view.zoom(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
    } else if (hasFocus) {
      this.view.pan(-event.deltaX, -event.deltaY);
    } else {
      return;
    }
    event.preventDefault();
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const acts: Record<string, () => void> = {
      ArrowDown: () => this.walk(1),
      ArrowUp: () => this.walk(-1),
      ArrowLeft: () => this.view.pan(KEY_STEP, 0),
      ArrowRight: () => this.view.pan(-KEY_STEP, 0),
      "+": () => this.view.zoom(1.4),
      "-": () => this.view.zoom(1 / 1.4),
      "0": () => this.fit(),
      Enter: () => this.toggle(this.chosen),
      " ": () => this.toggle(this.chosen),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    this.draw();
  }

  /** To the box before or behind the chosen one. */
  private walk(step: number): void {
    const at = this.drawing.boxes.findIndex(({ id }) => id === this.chosen);
    const next = this.drawing.boxes[at < 0 ? 0 : at + step];
    if (next) this.chooseBox(next.id);
  }
}
