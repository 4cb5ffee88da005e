#include "io/note.h"

namespace tensorferry::io {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Refused:
      return "refused";
  }
  return "refused";
}

}  // namespace tensorferry::io
