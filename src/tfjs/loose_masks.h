#pragma once

#include "io/note.h"
#include "tfjs/names.h"
#include "tfjs/network.h"

namespace tensorferry::tfjs {

/// TF.js keeps what it hands to layers in one object for a whole run (tfjs-layers/src/engine/
/// executor.ts: `kwargs`), if there is a Masking or it is the run of a nested model: once there was
/// a mask, each layer behind is called with the last one, and once a layer was given initial
/// states, so is each. Where there is a Masking in the network or those that it holds, every layer
/// that would read a mask is given one of its own, which is on everywhere. What cannot be kept
/// apart is added to `refused`.
void keep_masks_apart(Network& network, Names& names, io::Notes& refused);

}  // namespace tensorferry::tfjs
