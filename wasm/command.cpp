// The command for Node (web/src/node/cli.ts): src/cli with the files and the terminal of
// JavaScript.

#include <emscripten/bind.h>
#include <emscripten/val.h>

#include "cli/run.h"
#include "js_host.h"

namespace {

int run_command(const emscripten::val& arguments, const emscripten::val& host) {
  return tensorferry::cli::run(emscripten::vecFromJSArray<std::string>(arguments),
                               tensorferry::js_host(host));
}

}  // namespace

EMSCRIPTEN_BINDINGS(tensorferry_command) { emscripten::function("runCommand", &run_command); }
