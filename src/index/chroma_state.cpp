#include <utility>

#include "chroma_api.hpp"
#include "chroma_records.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/shared_state.hpp"

namespace codehelper {
namespace {

constexpr const char* kCollection = "codehelper-state";

class ChromaState final : public SharedState {
 public:
  ChromaState(EventLoop& loop, HttpClient& client, std::chrono::milliseconds limit)
      : api_(loop, client, {limit, limit, std::chrono::milliseconds(0)}) {}

  Task<Result<std::optional<CurrentProject>>> load(RequestContext context) override {
    const auto found = co_await api_.find_collection(std::move(context), kCollection);
    if (!found) co_return std::unexpected(found.error());
    if (!*found) co_return std::nullopt;
    const auto path = required_string((*found)->metadata, "project_path");
    const auto pinned_repo = optional_string((*found)->metadata, "pinned_repo");
    if (!path || !pinned_repo) co_return std::nullopt;
    co_return CurrentProject{decode_chroma_path(*path), pinned_repo->value_or("")};
  }

  Task<Result<void>> save(RequestContext context, CurrentProject project) override {
    const boost::json::object metadata{{"project_path", encode_chroma_path(project.project_path)},
                                       {"pinned_repo", to_valid_utf8(project.pinned_repo)}};
    const auto made = co_await api_.make_collection(context, kCollection, metadata);
    if (!made) co_return std::unexpected(made.error());
    co_return co_await api_.set_metadata(context, made->id, metadata);
  }

 private:
  ChromaApi api_;
};

}  // namespace

std::unique_ptr<SharedState> make_chroma_state(EventLoop& loop, HttpClient& client, std::chrono::milliseconds limit) {
  return std::make_unique<ChromaState>(loop, client, limit);
}

}  // namespace codehelper
