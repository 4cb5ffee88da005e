#pragma once

#include <emscripten/val.h>

#include "io/host.h"

namespace tensorferry {

/// The `Host` that JavaScript gives (web/src/node/host.ts). What its functions throw becomes
/// `io::Error{ReadFailed | WriteFailed}`.
io::Host js_host(const emscripten::val& host);

}  // namespace tensorferry
