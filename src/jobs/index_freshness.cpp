#include "codehelper/jobs/index_freshness.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

#include "codehelper/base/path.hpp"
#include "codehelper/index/change_finder.hpp"
#include "codehelper/net/task_group.hpp"
#include "codehelper/net/with_deadline.hpp"

namespace codehelper {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostProjects = 8;
/// Looks and passes of one update; a tree that changes on and on is looked at again with the next question.
constexpr int kMostRounds = 6;
/// After changes that could not be indexed, a question tries again this much later.
constexpr std::chrono::seconds kPauseAfterFailure{30};
/// Until it is seen whether another process, which indexes the project, is done.
constexpr std::chrono::milliseconds kOtherProcess{200};
/// A tree that is never quiet is indexed this long after a change nevertheless.
constexpr std::chrono::milliseconds kLongestUnrest{3'000};

struct Tree {
  Tree(EventLoop& loop, Project given, std::uint64_t max_file_bytes)
      : project(std::move(given)),
        watcher(TreeWatcher::open(loop)),
        finder(project.root, max_file_bytes),
        news(loop.context(), asio::steady_timer::time_point::max()) {}

  /// Takes what happened. Not while a look may be changing what is watched.
  bool has_happened() { return watcher && watcher->take_changes(); }
  bool is_watched() const { return watcher != nullptr && watch != TreeWatcher::Watch::partial; }

  Project project;
  std::unique_ptr<TreeWatcher> watcher;
  TreeWatcher::Watch watch = TreeWatcher::Watch::partial;
  ChangeFinder finder;
  bool has_indexed = false;  // the finder knows the index
  bool is_settled = false;   // nothing happened since the last look, as far as is known
  bool is_updating = false;
  bool is_followed = false;  // follow() runs
  bool has_failed = false;   // our own last pass did
  Clock::time_point update_began;
  Clock::time_point failed_at;
  Clock::time_point asked_at;
  std::optional<std::uint64_t> changed_files;
  asio::steady_timer news;  // cancelled when an update ends
};

class LocalFreshness final : public IndexFreshness {
 public:
  LocalFreshness(EventLoop& loop, Log log, VectorStore& store, LocalIngestJobs& jobs, FreshnessOptions options)
      : loop_(loop), log_(log), store_(store), jobs_(jobs), options_(std::move(options)), work_(loop, std::move(log)) {}

  Task<std::optional<std::uint64_t>> refresh(RequestContext context, Project project) override {
    const auto tree = find(std::move(project));
    if (is_current(*tree)) co_return tree->changed_files;
    // Without a watch, a look that is under way may have passed what changed a moment ago.
    const int updates = tree->is_updating && !tree->is_watched() ? 2 : 1;
    for (int i = 0; i < updates; ++i) {
      start_update(tree);
      co_await wait_for_update(context, tree);
    }
    co_return tree->changed_files;
  }

  std::optional<std::uint64_t> look(Project project) override {
    const auto tree = find(std::move(project));
    const bool must_look = tree->is_watched() ? !is_current(*tree) : !tree->changed_files;
    if (must_look) start_update(tree);
    return tree->changed_files;
  }

  Task<void> shut_down() override {
    is_ending_ = true;
    work_.cancel_all();
    co_await work_.join();
    for (const auto& [root, tree] : trees_) end(*tree);
  }

 private:
  using TreePointer = std::shared_ptr<Tree>;

  static void end(Tree& tree) {
    if (tree.watcher) tree.watcher->close();
  }

  TreePointer find(Project project) {
    TreePointer& tree = trees_[project.root.string()];
    if (!tree) tree = std::make_shared<Tree>(loop_, std::move(project), options_.max_file_bytes);
    tree->asked_at = Clock::now();
    const TreePointer found = tree;
    if (trees_.size() > kMostProjects) forget_oldest();
    return found;
  }

  void forget_oldest() {
    const auto age = [](const auto& entry) {
      return entry.second->is_updating ? Clock::time_point::max() : entry.second->asked_at;
    };
    const auto oldest = std::ranges::min_element(trees_, {}, age);
    if (oldest->second->is_updating) return;
    end(*oldest->second);
    trees_.erase(oldest);
  }

  /// Whether the last look still holds.
  static bool is_current(Tree& tree) {
    if (tree.is_updating) return false;
    if (tree.has_happened()) tree.is_settled = false;
    const bool has_just_failed = tree.has_failed && Clock::now() - tree.failed_at < kPauseAfterFailure;
    return has_just_failed || (tree.is_watched() && tree.is_settled);
  }

  void start_update(const TreePointer& tree) {
    tree->is_settled = false;
    if (tree->is_updating || is_ending_) return;
    tree->is_updating = true;
    tree->update_began = Clock::now();
    work_.spawn("index_update", update(tree));
  }

  /// Until it has ended, or has taken as long as a question may wait.
  Task<void> wait_for_update(RequestContext context, TreePointer tree) {
    const Deadline deadline = Deadline::at(tree->update_began + options_.question_wait).earlier(context.deadline);
    while (tree->is_updating && !deadline.passed()) {
      auto waiting = wait_for_news(tree);
      const auto waited = co_await with_deadline(deadline, "indexing what changed", std::move(waiting));
      if (!waited) co_return;
    }
  }

  static Task<Result<void>> wait_for_news(TreePointer tree) {
    co_await tree->news.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return Result<void>{};
  }

  Task<void> update(TreePointer tree) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const RequestContext context = make_background_context(log_, "fresh");
    auto updated = co_await bring_up_to_date(context, tree);
    const bool has_failed = !updated && updated.error().code != ErrorCode::cancelled;  // else it gave way to a job
    if (has_failed) {
      tree->has_failed = true;
      tree->failed_at = Clock::now();
      context.log.warning("index_not_updated", {{"cause", updated.error().message}});
    }
    tree->is_updating = false;
    tree->news.cancel();
    if (tree->is_watched() && !tree->is_followed && !is_ending_) {
      tree->is_followed = true;
      work_.spawn("index_follow", follow(tree));
    }
  }

  Task<Result<void>> bring_up_to_date(RequestContext context, TreePointer tree) {
    for (int round = 0; round < kMostRounds; ++round) {
      if (is_ending_) co_return fail(ErrorCode::cancelled, "the server ends");
      const bool knows_index = tree->has_indexed;
      if (!knows_index) {
        auto loaded = co_await load_indexed(context, tree);
        if (!loaded) co_return loaded;
      }
      tree->has_happened();
      auto watching = look_and_watch(tree);
      auto looked = co_await std::move(watching);
      if (!looked) co_return looked;
      if (*tree->changed_files > 0) {
        if (knows_index) {  // another process may have indexed it
          tree->has_indexed = false;
          continue;
        }
        auto indexed = co_await index_changes(context, tree);
        if (!indexed) co_return std::unexpected(indexed.error());
        if (!*indexed) co_return Result<void>{};
        continue;
      }
      tree->has_failed = false;
      const bool must_look_again = tree->watch == TreeWatcher::Watch::extended || tree->has_happened();
      if (must_look_again) continue;
      tree->is_settled = true;
      co_return Result<void>{};
    }
    co_return Result<void>{};
  }

  Task<Result<void>> load_indexed(RequestContext context, TreePointer tree) {
    auto files = co_await store_.list_files(std::move(context), tree->project);
    if (!files) co_return std::unexpected(files.error());
    auto take = [tree, files = std::move(*files)]() mutable {
      tree->finder.set_indexed(std::move(files));
      return true;
    };
    tree->has_indexed = co_await loop_.run_blocking(std::move(take));
    co_return Result<void>{};
  }

  Task<Result<void>> look_and_watch(TreePointer tree) {
    auto look = [tree, data_dir = options_.data_dir]() -> Result<TreeLook> {
      auto looked = tree->finder.look();
      if (!looked) return looked;
      std::erase_if(looked->folders, [&](const WatchedFolder& folder) { return is_inside(folder.path, data_dir); });
      if (tree->watcher) tree->watch = tree->watcher->watch(std::move(looked->folders));
      return looked;
    };
    const auto looked = co_await loop_.run_blocking(std::move(look));
    if (!looked) co_return std::unexpected(looked.error());
    tree->changed_files = looked->changed_files;
    co_return Result<void>{};
  }

  /// False when it is not ours to index.
  Task<Result<bool>> index_changes(RequestContext context, TreePointer tree) {
    const auto marker = co_await store_.load_marker(context, tree->project);
    if (!marker) co_return std::unexpected(marker.error());
    const bool is_fit = *marker && (*marker)->is_searchable() && (*marker)->embedder == options_.embedder;
    if (!is_fit) co_return false;
    const auto job = co_await jobs_.status(context, tree->project);
    if (!job) co_return std::unexpected(job.error());
    if (job->state != JobState::succeeded) co_return false;
    Project project = tree->project;
    if (!(*marker)->project_path.empty()) project.posted_path = (*marker)->project_path;
    tree->has_indexed = false;
    auto indexed = co_await jobs_.refresh(context, std::move(project));
    const bool is_busy = !indexed && indexed.error().code == ErrorCode::conflict;
    if (is_busy) indexed = co_await sleep_for(kOtherProcess);
    if (!indexed) co_return std::unexpected(indexed.error());
    co_return true;
  }

  /// Indexes what happens between questions.
  Task<void> follow(TreePointer tree) {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (tree->is_watched() && !is_ending_) {
      const auto happened = co_await tree->watcher->wait();
      if (!happened) break;
      const auto quiet = co_await wait_for_quiet(tree);
      if (!quiet) break;
      if (!tree->is_settled) start_update(tree);
      while (tree->is_updating) {
        const auto waited = co_await wait_for_news(tree);
        if (!waited) break;
      }
    }
    tree->is_followed = false;
  }

  Task<Result<void>> wait_for_quiet(TreePointer tree) {
    const Deadline longest = Deadline::after(kLongestUnrest);
    while (!tree->is_updating && !longest.passed() && tree->has_happened()) {
      tree->is_settled = false;
      const auto slept = co_await sleep_for(options_.quiet);
      if (!slept) co_return slept;
    }
    co_return Result<void>{};
  }

  EventLoop& loop_;
  Log log_;
  VectorStore& store_;
  LocalIngestJobs& jobs_;
  FreshnessOptions options_;
  TaskGroup work_;
  bool is_ending_ = false;                    // nothing is begun any more
  std::map<std::string, TreePointer> trees_;  // by root
};

}  // namespace

std::unique_ptr<IndexFreshness> make_index_freshness(EventLoop& loop, Log log, VectorStore& store,
                                                     LocalIngestJobs& jobs, FreshnessOptions options) {
  return std::make_unique<LocalFreshness>(loop, std::move(log), store, jobs, std::move(options));
}

}  // namespace codehelper
