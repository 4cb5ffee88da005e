#pragma once

#include "io/note.h"
#include "tfjs/network.h"

/// What TF.js asks of a network as a whole.
namespace tensorferry::tfjs {

/// A chain of layers, each called once with what the last one gave.
bool is_sequential(const Network& network);

/// TF.js leaves out layers that no output needs, and fails on weights that nobody takes.
void drop_unreached_weights(Network& network);

/// Notes a shared layer whose calls TF.js would mix up.
void require_call_order(const Network& network, io::Notes& refused);

/// Layers that come in between change the order of calls, and may part a chain.
void check_again(Network& network, io::Notes& refused);

}  // namespace tensorferry::tfjs
