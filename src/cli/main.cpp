#include <malloc.h>

#include <string>
#include <vector>

#include "cli/native/guarded.h"
#include "cli/native/host.h"
#include "cli/run.h"

int main(int count, char** values) {
#ifdef __GLIBC__
  // Tiles and buffers go back to the system when they are freed; by default the limit grows with
  // them, and what threads freed stays in their arenas.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
  const std::vector<std::string> arguments(values + 1, values + count);
  const tensorferry::io::Host host = tensorferry::cli::native_host();
  return tensorferry::cli::run_in_child([&] { return tensorferry::cli::run(arguments, host); },
                                        host);
}
