#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/index/shared_state.hpp"

namespace codehelper {
namespace {

/// Written beside and renamed, so that a reader sees the whole old or the whole new text.
Result<void> write_atomically(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  const std::filesystem::path draft = fmt::format("{}.{}", file.string(), make_request_id());
  std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!error && stream) std::filesystem::rename(draft, file, error);
  if (!error && stream) return {};
  std::error_code ignored;
  std::filesystem::remove(draft, ignored);
  return fail(ErrorCode::internal,
              fmt::format("{} can't be written{}", file.string(), error ? ": " + error.message() : ""));
}

std::optional<CurrentProject> read_project(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto object = parse_json_object(text);
  if (!object) return std::nullopt;  // none yet
  auto path = required_string(*object, "project_path");
  auto pinned_repo = optional_string(*object, "pinned_repo");
  if (!path || !pinned_repo) return std::nullopt;
  return CurrentProject{std::move(*path), pinned_repo->value_or("")};
}

class FileState final : public SharedState {
 public:
  FileState(EventLoop& loop, std::filesystem::path file) : loop_(loop), file_(std::move(file)) {}

  Task<Result<std::optional<CurrentProject>>> load(RequestContext /*context*/) override {
    auto read = [file = file_] { return read_project(file); };
    co_return co_await loop_.run_blocking(std::move(read));
  }

  Task<Result<void>> save(RequestContext /*context*/, CurrentProject project) override {
    boost::json::object state{{"project_path", project.project_path}};
    if (!project.pinned_repo.empty()) state["pinned_repo"] = project.pinned_repo;
    auto write = [file = file_, text = boost::json::serialize(state)] { return write_atomically(file, text); };
    co_return co_await loop_.run_blocking(std::move(write));
  }

 private:
  EventLoop& loop_;
  std::filesystem::path file_;
};

}  // namespace

std::unique_ptr<SharedState> make_file_state(EventLoop& loop, std::filesystem::path file) {
  return std::make_unique<FileState>(loop, std::move(file));
}

}  // namespace codehelper
