/**
 * The custom element `<tensor-ferry>`; importing it defines it, with all that stands behind it: no
 * script is loaded later.
 *
 * @module element
 */

import { type Engine, engine } from "./engine.js";
import { TensorFerryElement, define } from "./tensor-ferry.js";

export type * from "./events.js";
export { TensorFerryElement };

class WholeElement extends TensorFerryElement {
  protected override loadEngine(): Promise<Engine> {
    return Promise.resolve(engine);
  }
}

define(WholeElement);
