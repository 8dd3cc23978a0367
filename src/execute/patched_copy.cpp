#include "patched_copy.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "codehelper/base/elapsed.hpp"
#include "codehelper/base/path.hpp"
#include "project_copy.hpp"
#include "tree_removal.hpp"

namespace codehelper {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kSlice{20};

// In the copy too: links beside the project are reached by the same relative names.
std::string name_of(const fs::path& project) {
  return project.has_filename() ? project.filename().string() : "project";
}

// Shared, because Asio copies what comes back from the pool.
Result<std::shared_ptr<CopyPlace>> make_place(const fs::path& parent, const std::string& name) {
  auto place = CopyPlace::make(parent);
  if (!place) return std::unexpected(place.error());
  if (::mkdir((place->path() / name).c_str(), S_IRWXU) == 0) return std::make_shared<CopyPlace>(std::move(*place));
  const int error = errno;
  remove_tree(place->path());
  return fail_copy(parent, "a copy of the project", error);
}

}  // namespace

fs::path copies_directory(const CopyRules& rules) {
  if (!rules.directory.empty()) return rules.directory;
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  return error ? fs::path("/tmp") : temporary;
}

Task<Result<std::unique_ptr<PatchedProject>>> PatchedProject::prepare(EventLoop& loop, CopyRules rules,
                                                                      fs::path project, std::string patch) {
  const std::string name = name_of(project);
  auto check = [root = project.string(), text = std::move(patch)] { return mend_patch(text, make_patch_source(root)); };
  auto outcome = co_await loop.run_blocking(std::move(check));
  if (!outcome) co_return std::unexpected(outcome.error());
  auto make = [parent = copies_directory(rules), name] { return make_place(parent, name); };
  auto place = co_await loop.run_blocking(std::move(make));
  if (!place) co_return std::unexpected(place.error());
  std::unique_ptr<PatchedProject> made(
      new PatchedProject(loop, std::move(rules), std::move(*place), std::move(*outcome)));
  made->directory_ = made->place_->path() / name;
  co_return made;
}

PatchedProject::PatchedProject(EventLoop& loop, CopyRules rules, std::shared_ptr<CopyPlace> place, PatchOutcome outcome)
    : loop_(loop), rules_(std::move(rules)), place_(std::move(place)), outcome_(std::move(outcome)) {
  description_.patch = outcome_.text;
  for (const PatchedFile& file : outcome_.files) description_.files.push_back(file.path);
}

PatchedProject::~PatchedProject() {
  remove_tree(place_->path());
}

Task<Result<void>> PatchedProject::fill(CommandPlan& plan) {
  const auto begin = std::chrono::steady_clock::now();
  const Deadline deadline = Deadline::after(plan.timeout);
  description_.is_at_project_path = !plan.sandbox.moved_to.empty();
  const fs::path seen_at = description_.is_at_project_path ? plan.project : directory_;
  ProjectCopy copy({.project = plan.project,
                    .place = place_->path().parent_path(),
                    .copy = directory_,
                    .links_to = seen_at,
                    .rules = rules_,
                    .changes = std::move(outcome_.files)});
  while (true) {
    auto step = [&copy] { return copy.step(kSlice); };
    const auto is_done = co_await loop_.run_blocking(step);
    if (!is_done) co_return std::unexpected(is_done.error());
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(ErrorCode::cancelled, "the run was cancelled");
    if (deadline.passed()) {
      co_return fail(ErrorCode::timeout,
                     fmt::format("the copy of the project took longer than the time limit of {:.1f} s; {} files were "
                                 "copied by then",
                                 std::chrono::duration<double>(plan.timeout).count(), copy.files()));
    }
    if (*is_done) break;
  }
  plan.timeout = std::max(deadline.remaining(), std::chrono::milliseconds(1));
  plan.cwd = plan.cwd == plan.project ? seen_at : seen_at / plan.cwd.lexically_relative(plan.project);
  description_.copied_files = copy.files();
  description_.copied_bytes = copy.bytes();
  description_.seconds = seconds_since(begin);
  co_return Result<void>{};
}

Task<void> PatchedProject::remove() {
  TreeRemoval removal(place_->path());
  bool is_done = false;
  while (!is_done) {
    auto step = [&removal] { return removal.step(kSlice); };
    is_done = co_await loop_.run_blocking(step);
  }
}

}  // namespace codehelper
