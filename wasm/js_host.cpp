#include "js_host.h"

#include <emscripten.h>
#include <emscripten/bind.h>

#include "io/error.h"
#include "js_source.h"

// What the host's function gives; 0, with the reason kept as the host's `failure`, where it threw.
EM_JS(emscripten::EM_VAL, tensorferry_call_host,
      (emscripten::EM_VAL handle, const char* name, emscripten::EM_VAL arguments), {
        const host = Emval.toValue(handle);
        try {
          return Emval.toHandle(host[UTF8ToString(name)].apply(host, Emval.toValue(arguments)));
        } catch (error) {
          host.failure = String((error && error.message) || error);
          return 0;
        }
      });

namespace tensorferry {

using emscripten::val;

namespace {

/// One JavaScript object and how to call it.
struct Caller {
  val host;

  template <class... Arguments>
  val operator()(io::ErrorCode code, const char* name, Arguments... arguments) const {
    val list = val::array();
    (list.call<void>("push", val(arguments)), ...);
    const emscripten::EM_VAL result =
        tensorferry_call_host(host.as_handle(), name, list.as_handle());
    if (result == nullptr) {
      throw io::Error(code, host["failure"].as<std::string>() + ".");
    }
    return val::take_ownership(result);
  }

  template <class... Arguments>
  val read(const char* name, Arguments... arguments) const {
    return (*this)(io::ErrorCode::ReadFailed, name, arguments...);
  }

  template <class... Arguments>
  val write(const char* name, Arguments... arguments) const {
    return (*this)(io::ErrorCode::WriteFailed, name, arguments...);
  }
};

std::optional<io::PathKind> path_kind(const std::string& name) {
  if (name == "file") {
    return io::PathKind::File;
  }
  return name == "folder" ? std::optional(io::PathKind::Folder) : std::nullopt;
}

val bytes_view(std::span<const std::byte> bytes) {
  return val(emscripten::typed_memory_view(bytes.size(),
                                           reinterpret_cast<const unsigned char*>(bytes.data())));
}

void set_reading(io::Host& host, const Caller& call) {
  host.kind_of = [call](const std::string& path) {
    return path_kind(call.read("kindOf", path).as<std::string>());
  };
  host.list = [call](const std::string& folder) {
    return emscripten::vecFromJSArray<std::string>(call.read("list", folder));
  };
  host.open = [call](const std::string& path) { return js_source(call.read("open", path)); };
}

void set_writing(io::Host& host, const Caller& call) {
  host.make_folder = [call](const std::string& folder) { call.write("makeFolder", folder); };
  host.create = [call](const std::string& path, std::uint64_t size) {
    return call.write("create", path, static_cast<double>(size)).as<io::FileHandle>();
  };
  host.write_at = [call](io::FileHandle file, std::uint64_t offset,
                         std::span<const std::byte> bytes) {
    call.write("writeAt", file, static_cast<double>(offset), bytes_view(bytes));
  };
  host.copy_range = [call](io::FileHandle file, std::uint64_t offset, const std::string& path,
                           std::uint64_t source_offset, std::uint64_t length) {
    call.write("copyRange", file, static_cast<double>(offset), path,
               static_cast<double>(source_offset), static_cast<double>(length));
  };
  host.close = [call](io::FileHandle file) { call.write("close", file); };
  host.rename = [call](const std::string& from, const std::string& to) {
    call.write("rename", from, to);
  };
  host.remove = [call](const std::string& path) { call.write("remove", path); };
}

}  // namespace

io::Host js_host(const val& object) {
  const Caller call{object};
  io::Host host;
  set_reading(host, call);
  set_writing(host, call);
  host.print = [call](std::string_view text) { call.write("print", std::string(text)); };
  host.print_error = [call](std::string_view text) { call.write("printError", std::string(text)); };
  host.is_terminal = [call] { return call.read("isTerminal").as<bool>(); };
  host.seconds = [call] { return call.read("seconds").as<double>(); };
  host.run_parallel = [](std::size_t, const std::function<void()>& work) { work(); };
  return host;
}

}  // namespace tensorferry
