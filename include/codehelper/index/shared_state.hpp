// What all API servers over one store agree on: which project is current. A seam: a file beside the embedded store, a
// collection in Chroma.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "codehelper/base/request_context.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct CurrentProject {
  std::string project_path;  // as posted
  std::string pinned_repo;   // empty = none

  bool operator==(const CurrentProject&) const = default;
};

class SharedState {
 public:
  virtual ~SharedState() = default;

  /// Nothing while no project was ever posted. Errors: timeout, unavailable.
  virtual Task<Result<std::optional<CurrentProject>>> load(RequestContext context) = 0;
  /// Replaces what was there; the last one wins. Errors: timeout, unavailable, internal when a file can't be written.
  virtual Task<Result<void>> save(RequestContext context, CurrentProject project) = 0;
};

/// Of this process alone; `project` is current at first.
std::unique_ptr<SharedState> make_own_state(CurrentProject project);

/// JSON in `file`, replaced as a whole. `loop` outlives it.
std::unique_ptr<SharedState> make_file_state(EventLoop& loop, std::filesystem::path file);

/// The metadata of the collection "codehelper-state". `loop` and `client` outlive it; `limit` is that of a call.
std::unique_ptr<SharedState> make_chroma_state(EventLoop& loop, HttpClient& client, std::chrono::milliseconds limit);

}  // namespace codehelper
