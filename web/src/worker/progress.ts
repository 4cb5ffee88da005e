/** How often a running call shows signs of life. */
const INTERVAL_MILLISECONDS = 50;

/** Adds up the bytes that a call has done and tells of them, not oftener than is of use. */
export class Progress {
  private bytes = 0;
  private told = performance.now();

  constructor(private readonly tell: (bytes: number) => void) {}

  readonly add = (bytes: number): void => {
    this.bytes += bytes;
    const now = performance.now();
    if (now - this.told < INTERVAL_MILLISECONDS) return;
    this.told = now;
    this.tell(this.bytes);
    this.bytes = 0;
  };
}
