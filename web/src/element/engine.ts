/** What stands behind the drop zone. A page that only shows the zone need not have it yet. */

import type { Runtime, RuntimeOptions } from "../runtime.js";
import { sharedRuntime } from "../runtime.js";
import { Conversion } from "./conversion.js";

export interface Engine {
  /** `locked`: its workers are made behind the lock of the page. */
  runtime(options: RuntimeOptions, locked: boolean): Promise<Runtime>;
  show(...model: ConstructorParameters<typeof Conversion>): Conversion;
}

export const engine: Engine = {
  runtime: sharedRuntime,
  show: (...model) => new Conversion(...model),
};
