#include <string>
#include <vector>

#include "cli/native/guarded.h"
#include "cli/native/host.h"
#include "cli/run.h"

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  const tensorferry::io::Host host = tensorferry::cli::native_host();
  return tensorferry::cli::run_in_child([&] { return tensorferry::cli::run(arguments, host); },
                                        host);
}
