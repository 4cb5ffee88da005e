import type { Standing } from "../standing.js";
import type { Layout, Rectangle } from "./layout-messages.js";
import type { Box, Drawing } from "./network.js";
import type { Caption } from "./picture.js";
import type { Viewport } from "./viewport.js";

/** Below this a text cannot be read, so none is drawn. */
const LEAST_TEXT_SCALE = 0.38;
const RADIUS = 8;

export interface Scene {
  drawing: Drawing;
  layout: Layout;
  captions: ReadonlyMap<number, Caption>;
  chosen: number | undefined;
  /** Boxes that a search has found. */
  found: ReadonlySet<number>;
}

export interface Colors {
  text: string;
  muted: string;
  surface: string;
  raised: string;
  border: string;
  accent: string;
  standing: Record<Standing, string>;
  font: string;
}

/** The colors of the element's style, which follow its theme. */
export function readColors(element: Element): Colors {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: color("text"),
    muted: color("muted"),
    surface: color("surface"),
    raised: color("raised"),
    border: color("border"),
    accent: color("accent"),
    standing: {
      exact: color("border"),
      info: color("accent"),
      warning: color("warning"),
      refused: color("refused"),
    },
    font: style.fontFamily,
  };
}

/** Draws what the viewport sees, and nothing else. */
export function paint(
  context: CanvasRenderingContext2D,
  view: Viewport,
  colors: Colors,
  scene: Scene,
): void {
  const ratio = context.canvas.width / Math.max(1, view.width);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  paintFrames(context, view, colors, scene);
  paintLines(context, view, colors, scene);
  for (const box of scene.drawing.boxes) {
    const place = scene.layout.places.get(box.id);
    if (place && view.sees(place)) paintBox(context, view, colors, scene, box, place);
  }
}

function paintFrames(
  context: CanvasRenderingContext2D,
  view: Viewport,
  colors: Colors,
  { drawing, layout }: Scene,
): void {
  for (const { id, title } of drawing.frames) {
    const place = layout.places.get(id);
    if (!place || !view.sees(place)) continue;
    shape(context, place);
    context.fillStyle = colors.raised;
    context.strokeStyle = colors.border;
    context.lineWidth = 1;
    context.setLineDash([4, 4]);
    context.fill();
    context.stroke();
    context.setLineDash([]);
    if (view.scale < LEAST_TEXT_SCALE) continue;
    context.fillStyle = colors.muted;
    context.font = `12px ${colors.font}`;
    context.fillText(title, place.x + 8, place.y - 5, place.width - 16);
  }
}

function paintLines(
  context: CanvasRenderingContext2D,
  view: Viewport,
  colors: Colors,
  { layout }: Scene,
): void {
  context.strokeStyle = colors.muted;
  context.lineWidth = 1.2;
  context.beginPath();
  for (const line of layout.lines) {
    const xs = line.map(({ x }) => x);
    const ys = line.map(({ y }) => y);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const around = { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
    if (!view.sees(around)) continue;
    curve(context, line);
  }
  context.stroke();
  if (view.scale < LEAST_TEXT_SCALE) return;
  context.fillStyle = colors.muted;
  for (const line of layout.lines) {
    const end = line.at(-1);
    if (end && view.sees({ x: end.x - 4, y: end.y - 8, width: 8, height: 8 })) arrow(context, end);
  }
}

function curve(context: CanvasRenderingContext2D, line: readonly { x: number; y: number }[]): void {
  const [first, ...rest] = line;
  const last = rest.pop();
  if (!first || !last) return;
  context.moveTo(first.x, first.y);
  let from = first;
  for (const point of rest) {
    context.quadraticCurveTo(from.x, from.y, (from.x + point.x) / 2, (from.y + point.y) / 2);
    from = point;
  }
  context.quadraticCurveTo(from.x, from.y, last.x, last.y);
}

function arrow(context: CanvasRenderingContext2D, { x, y }: { x: number; y: number }): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 4, y - 7);
  context.lineTo(x + 4, y - 7);
  context.fill();
}

function shape(context: CanvasRenderingContext2D, { x, y, width, height }: Rectangle): void {
  context.beginPath();
  context.roundRect(x, y, width, height, RADIUS);
}

function paintBox(
  context: CanvasRenderingContext2D,
  view: Viewport,
  colors: Colors,
  { captions, chosen, found }: Scene,
  { id, kind }: Box,
  place: Rectangle,
): void {
  const caption = captions.get(id);
  const isChosen = id === chosen;
  if (kind !== "layer") {
    shape(context, { ...place, x: place.x + 4, y: place.y + 4 });
    context.fillStyle = colors.raised;
    context.strokeStyle = colors.border;
    context.lineWidth = 1;
    context.fill();
    context.stroke();
  }
  shape(context, place);
  context.fillStyle = colors.surface;
  context.fill();
  context.strokeStyle = isChosen || found.has(id) ? colors.accent : colors.border;
  context.lineWidth = isChosen ? 3 : found.has(id) ? 2 : 1;
  context.stroke();
  if (!caption) return;
  if (caption.standing !== "exact") {
    context.fillStyle = colors.standing[caption.standing];
    context.beginPath();
    context.roundRect(place.x, place.y, 6, place.height, [RADIUS, 0, 0, RADIUS]);
    context.fill();
  }
  if (view.scale < LEAST_TEXT_SCALE) return;
  const room = place.width - 22;
  context.fillStyle = colors.text;
  context.font = `600 13px ${colors.font}`;
  context.fillText(shortened(context, caption.title, room), place.x + 13, place.y + 18);
  context.fillStyle = colors.muted;
  context.font = `12px ${colors.font}`;
  context.fillText(shortened(context, caption.detail, room), place.x + 13, place.y + 35);
}

function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) least = middle;
    else most = middle - 1;
  }
  return `${text.slice(0, least)}…`;
}
