/** tensorferry-ui.js: what stands behind the zone, for the loader. */

import { engine } from "../element/engine.js";
import { ENGINE } from "./handover.js";

Reflect.set(globalThis, ENGINE, engine);
