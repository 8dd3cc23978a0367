#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <cstring>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/index/shared_state.hpp"
#include "descriptor.hpp"

namespace codehelper {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1024} * 1024;

/// Also when the machine stops a moment later. False with errno set.
bool write_whole_file(const std::filesystem::path& file, std::string_view text) {
  const FileDescriptor opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!opened.is_open()) return false;
  while (!text.empty()) {
    const ssize_t written = ::write(opened.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(opened.get()) == 0;
}

/// Written beside and renamed, so that a reader sees the whole old or the whole new text.
Result<void> write_atomically(const std::filesystem::path& file, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  const std::filesystem::path draft = fmt::format("{}.{}", file.string(), make_request_id());
  if (write_whole_file(draft, text) && std::rename(draft.c_str(), file.c_str()) == 0) return {};
  const int code = errno;
  std::filesystem::remove(draft, error);
  return fail(ErrorCode::unavailable,
              fmt::format("{} can't be written ({}): make room there, or set CODEHELPER_DATA_DIR to a folder that can",
                          file.string(), std::strerror(code)));
}

Result<std::optional<CurrentProject>> read_project(const std::filesystem::path& file) {
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!opened.is_open() && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  const auto text = opened.is_open() ? read_bytes(opened.get(), kMaxBytes) : std::unexpected(errno);
  if (!text) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} can't be read: {}", file.string(), std::strerror(text.error())));
  }
  const auto object = parse_json_object(*text);
  if (!object) return std::nullopt;
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
