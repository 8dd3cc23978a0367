#include "codehelper/jobs/local_ingest_jobs.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/jobs/ingest_events.hpp"
#include "codehelper/net/task_group.hpp"
#include "index_outcome.hpp"

namespace codehelper {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kKeptOutputBytes = 16 * 1024;
constexpr std::chrono::hours kNoLimit{24 * 365};

// One child of ours, from its start to its end.
struct Child {
  Child(EventLoop& loop, const Log& log, std::string id)
      : job_id(std::move(id)), group(loop, log), news(loop.context(), asio::steady_timer::time_point::max()) {}

  void take_line(std::string_view line) {
    const auto event = parse_ingest_event(line);
    if (!event) return;
    if (event->kind == IngestEvent::Kind::progress) {
      progress = event->progress;
    } else {
      started = true;
      news.cancel();
    }
  }

  void take_output(std::string_view piece) {
    unfinished_line.append(piece);
    for (std::size_t end = unfinished_line.find('\n'); end != std::string::npos; end = unfinished_line.find('\n')) {
      take_line(std::string_view(unfinished_line).substr(0, end));
      unfinished_line.erase(0, end + 1);
    }
  }

  std::string job_id;
  TaskGroup group;
  asio::steady_timer news;  // cancelled when `started` or `result` changes
  bool started = false;
  bool cancelled = false;
  std::string unfinished_line;
  std::optional<IndexProgress> progress;
  std::optional<Result<CommandResult>> result;
};

// The last line that the child wrote to standard error, without its name in front.
std::string last_words(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  text.remove_prefix(text.rfind('\n') + 1);  // npos + 1 is 0
  constexpr std::string_view kName = "codehelper ingest: ";
  if (text.starts_with(kName)) text.remove_prefix(kName.size());
  return std::string(text);
}

std::string describe_end(const Child& child) {
  if (child.cancelled) return "cancelled";
  if (!*child.result) return child.result->error().message;
  const CommandResult& ended = **child.result;
  if (ended.exit_code < 0) return fmt::format("the ingest was ended by signal {}", -ended.exit_code);
  if (!ended.standard_error.empty()) return last_words(ended.standard_error);
  return fmt::format("the ingest ended with status {}", ended.exit_code);
}

// Whether the child came to its own end, and so has written its marker itself.
bool has_ended_by_itself(const Child& child) {
  return *child.result && ((*child.result)->exit_code == 0 || (*child.result)->exit_code == 1);
}

class LocalIngestJobs final : public IngestJobs {
 public:
  LocalIngestJobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store, LocalJobsOptions options)
      : loop_(loop), log_(std::move(log)), metrics_(metrics), store_(store), options_(std::move(options)) {}

  Task<Result<void>> start(RequestContext context, Project project) override {
    const std::string key = project.root.string();
    const auto running = children_.find(key);
    if (running != children_.end()) co_return fail(ErrorCode::conflict, running->second->job_id);
    auto child = std::make_shared<Child>(loop_, log_, make_job_id(project.posted_path));
    children_[key] = child;
    child->group.spawn("ingest", watch(context, project, child));
    while (!child->started && !child->result) {
      co_await child->news.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (child->started) co_return Result<void>{};
    if (*child->result && (*child->result)->exit_code == kIngestLocked) {
      const std::string other = co_await find_foreign_job(context, project);
      co_return fail(ErrorCode::conflict, other);
    }
    co_return fail(ErrorCode::unavailable, "the ingest could not be started: " + describe_end(*child));
  }

  Task<Result<JobStatus>> status(RequestContext context, Project project) override {
    const auto running = children_.find(project.root.string());
    if (running != children_.end()) {
      co_return JobStatus{JobState::active, running->second->job_id, {}, running->second->progress};
    }
    // The lock is asked for first: a job that ends between the two looks has then written its marker.
    const bool is_locked = IndexLock::is_held(options_.data_dir, project);
    if (is_locked) {
      std::string job_id = co_await find_foreign_job(context, project);
      co_return JobStatus{JobState::active, std::move(job_id), {}, std::nullopt};
    }
    const auto marker = co_await store_.load_marker(context, project);
    if (!marker) co_return std::unexpected(marker.error());
    co_return read_outcome(*marker);
  }

  Task<Result<void>> cancel(RequestContext, Project project) override {
    const auto running = children_.find(project.root.string());
    if (running == children_.end()) {
      if (IndexLock::is_held(options_.data_dir, project)) {
        co_return fail(ErrorCode::conflict, "the ingest was started by another process; end it there");
      }
      co_return fail(ErrorCode::not_found, "no index job is active");
    }
    running->second->cancelled = true;
    running->second->group.cancel_all();
    co_return Result<void>{};
  }

  Task<void> shut_down() override {
    const auto children = children_;
    for (const auto& [key, child] : children) child->group.cancel_all();
    for (const auto& [key, child] : children) co_await child->group.join();
  }

 private:
  CommandPlan make_plan(const Project& project) const {
    CommandPlan plan;
    plan.executable = options_.executable;
    plan.arguments = {"codehelper", "ingest", "--", project.posted_path};
    plan.project = project.root;
    plan.cwd = project.root;
    plan.env = options_.env;
    plan.timeout = kNoLimit;
    return plan;
  }

  Task<void> watch(RequestContext context, Project project, std::shared_ptr<Child> child) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    ChildOptions options;
    options.keep_bytes = kKeptOutputBytes;
    options.on_output = [child](OutputStream stream, std::string_view piece) {
      if (stream == OutputStream::standard_output) child->take_output(piece);
    };
    CommandPlan plan = make_plan(project);
    auto result = co_await run_child(loop_, options_.executable, std::move(plan), std::move(options));
    child->result = std::move(result);
    const bool succeeded = *child->result && (*child->result)->exit_code == 0;
    if (child->started && !has_ended_by_itself(*child)) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await record_failure(context, store_, project, describe_end(*child));
    }
    metrics_.count("codehelper_ingest_jobs_total", "Index jobs that ended, by outcome.",
                   {{"outcome", succeeded          ? "succeeded"
                                : child->cancelled ? "cancelled"
                                                   : "failed"}});
    context.log.info("ingest_job_ended", {{"job_id", child->job_id}, {"succeeded", succeeded}});
    children_.erase(project.root.string());
    child->news.cancel();
  }

  // The id of a job that another process runs, by the path that it wrote into the marker.
  Task<std::string> find_foreign_job(RequestContext context, Project project) {
    const auto marker = co_await store_.load_marker(context, project);
    const bool is_known = marker && *marker && !(*marker)->project_path.empty();
    co_return make_job_id(is_known ? (*marker)->project_path : project.posted_path);
  }

  EventLoop& loop_;
  Log log_;
  Metrics& metrics_;
  VectorStore& store_;
  LocalJobsOptions options_;
  std::map<std::string, std::shared_ptr<Child>> children_;
};

}  // namespace

std::unique_ptr<IngestJobs> make_local_ingest_jobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store,
                                                   LocalJobsOptions options) {
  return std::make_unique<LocalIngestJobs>(loop, std::move(log), metrics, store, std::move(options));
}

}  // namespace codehelper
