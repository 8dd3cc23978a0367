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
  enum class Purpose { job, job_from_scratch, refresh };

  Child(EventLoop& loop, const Log& log, Purpose given, std::string id)
      : purpose(given),
        job_id(std::move(id)),
        group(loop, log),
        news(loop.context(), asio::steady_timer::time_point::max()) {}

  bool is_job() const { return purpose != Purpose::refresh; }

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

  Purpose purpose;
  std::string job_id;
  TaskGroup group;
  asio::steady_timer news;  // cancelled when `started` or `result` changes
  bool started = false;
  bool cancelled = false;
  bool has_ended = false;  // `result` is there, and the index says so too
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

// When the index was finished that the marker tells of; empty when there is none, or it can't be read.
std::string find_finish(const Result<std::optional<IndexMarker>>& marker) {
  return marker && *marker ? (*marker)->finished_at : std::string();
}

// Of a job whose index couldn't be told. It holds until another process has finished an index.
struct UnwrittenFailure {
  std::string cause;
  std::string finished_at;  // of the index at that time
};

class ChildIngestJobs final : public LocalIngestJobs {
 public:
  ChildIngestJobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store, LocalJobsOptions options)
      : loop_(loop), log_(std::move(log)), metrics_(metrics), store_(store), options_(std::move(options)) {}

  Task<Result<void>> start(RequestContext context, Project project) override {
    // Before all else: what is being refreshed may not begin anew between its end and this start.
    const bool is_anew = co_await has_unreadable_index(context, project);
    const std::shared_ptr<Child> running = find_child(project);
    if (running && running->is_job()) co_return fail(ErrorCode::conflict, running->job_id);
    if (running) {
      running->group.cancel_all();
      co_await wait_for_end(running);
    }
    const std::shared_ptr<Child> rival = find_child(project);  // of whoever waited for the same end
    if (rival) co_return fail(ErrorCode::conflict, rival->job_id);
    const auto purpose = is_anew ? Child::Purpose::job_from_scratch : Child::Purpose::job;
    const std::shared_ptr<Child> child = start_child(context, project, purpose);
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
    const std::shared_ptr<Child> running = find_child(project);
    if (running && running->is_job()) {
      co_return JobStatus{JobState::active, running->job_id, {}, running->progress};
    }
    if (running) co_return JobStatus{JobState::succeeded, {}, {}, std::nullopt};  // it is of a finished index
    // The lock is asked for first: a job that ends between the two looks has then written its marker.
    const bool is_locked = IndexLock::is_held(options_.data_dir, project);
    if (is_locked) {
      std::string job_id = co_await find_foreign_job(context, project);
      co_return JobStatus{JobState::active, std::move(job_id), {}, std::nullopt};
    }
    const auto marker = co_await store_.load_marker(context, project);
    const auto unwritten = unwritten_.find(project.root.string());
    if (unwritten != unwritten_.end() && unwritten->second.finished_at == find_finish(marker)) {
      co_return JobStatus{JobState::failed, {}, unwritten->second.cause, std::nullopt};
    }
    if (!marker) co_return std::unexpected(marker.error());
    co_return read_outcome(*marker);
  }

  Task<Result<void>> refresh(RequestContext context, Project project) override {
    std::shared_ptr<Child> child = find_child(project);
    if (!child) child = start_child(context, project, Child::Purpose::refresh);
    while (!child->has_ended) {
      co_await child->news.async_wait(asio::as_tuple(asio::use_awaitable));
      const auto state = co_await asio::this_coro::cancellation_state;
      const bool has_left = state.cancelled() != asio::cancellation_type::none;
      if (has_left) co_return fail(ErrorCode::cancelled, "nobody waits for what changed to be indexed any more");
    }
    if (*child->result && (*child->result)->exit_code == 0) co_return Result<void>{};
    const bool is_locked = *child->result && (*child->result)->exit_code == kIngestLocked;
    const bool gave_way = !*child->result && child->result->error().code == ErrorCode::cancelled;
    const ErrorCode code = is_locked ? ErrorCode::conflict : gave_way ? ErrorCode::cancelled : ErrorCode::unavailable;
    co_return fail(code, describe_end(*child));
  }

  Task<Result<void>> cancel(RequestContext, Project project) override {
    const std::shared_ptr<Child> running = find_child(project);
    const bool is_job = running && running->is_job();
    if (!is_job) {
      if (!running && IndexLock::is_held(options_.data_dir, project)) {
        co_return fail(ErrorCode::conflict, "the ingest was started by another process; end it there");
      }
      co_return fail(ErrorCode::not_found, "no index job is active");
    }
    running->cancelled = true;
    running->group.cancel_all();
    co_return Result<void>{};
  }

  Task<void> shut_down() override {
    const auto children = children_;
    for (const auto& [key, child] : children) child->group.cancel_all();
    for (const auto& [key, child] : children) co_await child->group.join();
  }

 private:
  /// Null when there is none.
  std::shared_ptr<Child> find_child(const Project& project) const {
    const auto found = children_.find(project.root.string());
    return found == children_.end() ? nullptr : found->second;
  }

  std::shared_ptr<Child> start_child(const RequestContext& context, const Project& project, Child::Purpose purpose) {
    auto child = std::make_shared<Child>(loop_, log_, purpose, make_job_id(project.posted_path));
    children_[project.root.string()] = child;
    child->group.spawn("ingest", watch(context, project, child));
    return child;
  }

  /// Whether there is one of the embedded store that no pass can go on from.
  Task<bool> has_unreadable_index(RequestContext context, Project project) {
    std::error_code error;
    if (!std::filesystem::exists(embedded_index_path(options_.data_dir, project), error)) co_return false;
    const auto files = co_await store_.list_files(context, project);
    co_return !files && files.error().code == ErrorCode::unavailable;
  }

  static Task<void> wait_for_end(std::shared_ptr<Child> child) {
    while (!child->has_ended) co_await child->news.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  CommandPlan make_plan(const Project& project, Child::Purpose purpose) const {
    CommandPlan plan;
    plan.executable = options_.executable;
    plan.arguments = {"codehelper", "ingest", "--", project.posted_path};
    if (purpose == Child::Purpose::refresh) plan.arguments.insert(plan.arguments.begin() + 2, "--refresh");
    if (purpose == Child::Purpose::job_from_scratch)
      plan.arguments.insert(plan.arguments.begin() + 2, "--from-scratch");
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
    CommandPlan plan = make_plan(project, child->purpose);
    auto result = co_await run_child(loop_, options_.executable, std::move(plan), std::move(options));
    child->result = std::move(result);
    const bool succeeded = *child->result && (*child->result)->exit_code == 0;
    const bool is_job = child->is_job();
    if (is_job && child->started && !has_ended_by_itself(*child)) {
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      co_await record_failure(context, store_, project, describe_end(*child));
    }
    if (is_job) co_await note_outcome(context, project, *child);
    const std::string outcome = succeeded ? "succeeded" : child->cancelled ? "cancelled" : "failed";
    if (is_job) {
      metrics_.count("codehelper_ingest_jobs_total", "Index jobs that ended, by outcome.", {{"outcome", outcome}});
      context.log.info("ingest_job_ended", {{"job_id", child->job_id}, {"succeeded", succeeded}});
    } else {
      metrics_.count("codehelper_index_refreshes_total", "Passes over what changed since the index, by outcome.",
                     {{"outcome", outcome}});
      context.log.info("index_refreshed", {{"succeeded", succeeded}});
    }
    children_.erase(project.root.string());
    child->has_ended = true;
    child->news.cancel();
  }

  // A failure that the index doesn't tell of, because it can't be written.
  Task<void> note_outcome(RequestContext context, Project project, const Child& child) {
    unwritten_.erase(project.root.string());
    const bool has_failed = !*child.result || (*child.result)->exit_code != 0;
    if (!has_failed || !child.started) co_return;
    const auto marker = co_await store_.load_marker(context, project);
    const bool is_told = marker && *marker && (*marker)->state == IndexState::failed;
    if (!is_told) unwritten_[project.root.string()] = {describe_end(child), find_finish(marker)};
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
  std::map<std::string, UnwrittenFailure> unwritten_;  // by root
};

}  // namespace

std::unique_ptr<LocalIngestJobs> make_local_ingest_jobs(EventLoop& loop, Log log, Metrics& metrics, VectorStore& store,
                                                        LocalJobsOptions options) {
  return std::make_unique<ChildIngestJobs>(loop, std::move(log), metrics, store, std::move(options));
}

}  // namespace codehelper
