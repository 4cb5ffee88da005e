#include "cli/native/guarded.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tensorferry::cli {

int run_in_child(const std::function<int()>& work, const io::Host& host) {
  const pid_t child = ::fork();
  if (child < 0) {
    return work();
  }
  if (child == 0) {
    std::exit(work());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) {
    return WEXITSTATUS(status);
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGINT || signal == SIGTERM) {
    return 128 + signal;
  }
  host.print_error(std::string("tensorferry: the file made the reader fail (") +
                   ::strsignal(signal) +
                   "). It is damaged, or made to do so; nothing was converted.\n");
  return 2;
}

}  // namespace tensorferry::cli
