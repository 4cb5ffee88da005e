import type { Rectangle } from "./layout-messages.js";

const LEAST_SCALE = 0.04;
const MOST_SCALE = 2.5;

/** Which part of a drawing is seen, in CSS pixels: a point p of it is at p · scale + offset. */
export class Viewport {
  scale = 1;
  x = 0;
  y = 0;
  width = 0;
  height = 0;

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
  }

  /** Keeps what is at (x, y) of the screen where it is. */
  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    const real = scale / this.scale;
    this.x = x - (x - this.x) * real;
    this.y = y - (y - this.y) * real;
    this.scale = scale;
  }

  /** The drawing's point at (x, y) of the screen. */
  pointAt(x: number, y: number): { x: number; y: number } {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  sees({ x, y, width, height }: Rectangle): boolean {
    const left = x * this.scale + this.x;
    const top = y * this.scale + this.y;
    return (
      left < this.width &&
      top < this.height &&
      left + width * this.scale > 0 &&
      top + height * this.scale > 0
    );
  }

  /** All of a drawing where it can be read then; else its width, from the top. */
  fit(width: number, height: number, leastReadable: number): void {
    const whole = Math.min(this.width / width, this.height / height, 1);
    const byWidth = Math.min(this.width / width, 1);
    this.scale = Math.max(LEAST_SCALE, whole >= leastReadable ? whole : byWidth);
    this.x = (this.width - width * this.scale) / 2;
    this.y = whole >= leastReadable ? (this.height - height * this.scale) / 2 : 0;
  }

  /** Moves so that a rectangle of the drawing is seen, by no more than that needs. */
  reveal({ x, y, width, height }: Rectangle, margin = 24): void {
    const nearest = (at: number, size: number, room: number) =>
      at < margin ? margin - at : at + size > room - margin ? room - margin - at - size : 0;
    this.pan(
      nearest(x * this.scale + this.x, width * this.scale, this.width),
      nearest(y * this.scale + this.y, height * this.scale, this.height),
    );
  }
}
