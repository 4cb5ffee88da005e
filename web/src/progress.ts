export interface Progress {
  /** Bytes of output made and bytes read for checksums. */
  done: number;
  total: number;
  /** Bytes a second, over the last seconds. */
  rate: number;
}

const TELL_MILLISECONDS = 50;
/** The rate forgets what is older than about this. */
const RATE_SECONDS = 2;

export class ProgressMeter {
  private done = 0;
  private rate = 0;
  private told = performance.now();
  private toldDone = 0;

  constructor(
    private readonly total: number,
    private readonly tell: ((progress: Progress) => void) | undefined,
  ) {}

  readonly count = (bytes: number): void => {
    this.done += bytes;
    const seconds = (performance.now() - this.told) / 1000;
    if (seconds * 1000 < TELL_MILLISECONDS && this.done < this.total) return;
    const weight = this.rate === 0 ? 1 : 1 - Math.exp(-seconds / RATE_SECONDS);
    if (seconds > 0) this.rate += weight * ((this.done - this.toldDone) / seconds - this.rate);
    this.told = performance.now();
    this.toldDone = this.done;
    this.tell?.({ done: this.done, total: this.total, rate: this.rate });
  };
}
