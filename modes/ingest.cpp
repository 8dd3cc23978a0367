#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <csignal>
#include <cstdio>

#include "codehelper/base/json_text.hpp"
#include "codehelper/jobs/ingest_events.hpp"
#include "codehelper/net/task_group.hpp"
#include "index_plan.hpp"
#include "modes.hpp"
#include "progress.hpp"
#include "serving.hpp"
#include "skipped_file.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kLogInterval{200};

std::string describe_skips(const std::vector<SkippedFile>& skipped) {
  std::map<std::string_view, std::size_t> counts;
  for (const SkippedFile& file : skipped) ++counts[to_string(file.reason)];
  std::string text;
  for (const auto& [reason, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, reason);
  return text.empty() ? "none" : text;
}

// Tells standard error, the log, and GET /progress how far the index is.
class ProgressReport {
 public:
  explicit ProgressReport(Log log) : log_(std::move(log)) {}

  void take(const IndexProgress& progress) {
    latest_ = progress;
    display_.show(progress);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_log_ && progress.files_done < progress.files_total) return;
    next_log_ = now + kLogInterval;
    log_.info(kIngestProgress, to_json(progress));
  }
  const IndexProgress& latest() const { return latest_; }
  void finish(const std::string& text) { display_.finish(text); }

 private:
  Log log_;
  ProgressDisplay display_;
  IndexProgress latest_;
  std::chrono::steady_clock::time_point next_log_;
};

Task<Result<HttpReply>> answer_progress(ProgressReport& report) {
  co_return make_json_reply(json::serialize(to_json(report.latest())));
}

struct Ingest {
  EventLoop& loop;
  const Config& config;
  IndexParts& parts;
  ProgressReport& report;
  Project project;
  const Arguments& arguments;
  std::optional<Result<IndexReport>> outcome;
};

Shard shard_of(const Config& config) {
  return {config.index.shard, config.index.shards, config.index.run_id};
}

Task<void> run_index(Ingest& ingest, RequestContext context) {
  // Cancelled by a signal: the indexer stops at its next commit point and says so itself.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  IndexOptions options;
  options.max_file_bytes = ingest.config.index.max_file_bytes;
  options.from_scratch = ingest.arguments.from_scratch;
  options.is_refresh = ingest.arguments.refresh;
  options.shard = shard_of(ingest.config);
  options.vectors = ingest.parts.vectors.get();
  options.reports = ingest.parts.chroma;
  options.on_progress = [&ingest](const IndexProgress& progress) { ingest.report.take(progress); };
  auto outcome = co_await index_project(context, ingest.project, *ingest.parts.store, *ingest.parts.embedder,
                                        ingest.loop, std::move(options));
  ingest.outcome = std::move(outcome);
}

Task<void> run_and_stop(Ingest& ingest, RequestContext context, HttpServer* server) {
  TaskGroup group(ingest.loop, context.log);
  group.spawn("index", run_index(ingest, context));
  ingest.loop.handle_shutdown_signals([&group, &context](int signal) {
    context.log.info("graceful_shutdown", {{"signal", signal}});
    group.cancel_all();
  });
  // From here on a signal is obeyed: whoever reads this may send one.
  context.log.info(kIngestStarted, {{"project_path", ingest.project.posted_path}});
  co_await group.join();
  if (server != nullptr) co_await server->drain(std::chrono::seconds(1));
}

json::object to_json(const IndexReport& done) {
  json::array skipped;
  for (const SkippedFile& file : done.skipped) skipped.push_back(to_json(file));
  return {{"files", done.marker.files},
          {"chunks", done.marker.chunks},
          {"embedded_files", done.progress.embedded_files},
          {"embedded_chunks", done.progress.embedded_chunks},
          {"removed_files", done.removed_files},
          {"seconds", done.progress.seconds},
          {"skipped", std::move(skipped)}};
}

int finish(Ingest& ingest, const Log& log) {
  if (!ingest.outcome) {
    return fail_mode("ingest", {ErrorCode::internal, "an internal error occurred; the log names it"});
  }
  if (!*ingest.outcome) {
    const Error& error = ingest.outcome->error();
    log.error("ingest_failed", {{"code", to_string(error.code)}, {"cause", error.message}});
    ingest.report.finish("codehelper ingest: " + error.message);
    return kExitFailed;
  }
  const IndexReport& done = **ingest.outcome;
  log.info("ingest_finished", {{"files", done.marker.files},
                               {"chunks", done.marker.chunks},
                               {"embedded_files", done.progress.embedded_files},
                               {"embedded_chunks", done.progress.embedded_chunks},
                               {"removed_files", done.removed_files},
                               {"skipped", done.skipped.size()},
                               {"seconds", done.progress.seconds}});
  for (const SkippedFile& file : done.skipped) {
    log.debug("file_skipped", {{"path", file.path}, {"reason", to_string(file.reason)}, {"detail", file.detail}});
  }
  ingest.report.finish(fmt::format("indexed {} files, {} chunks in {:.1f} s ({} files read anew; left out: {})",
                                   done.marker.files, done.marker.chunks, done.progress.seconds,
                                   done.progress.embedded_files, describe_skips(done.skipped)));
  if (ingest.arguments.json) fmt::print("{}\n", to_json_text(to_json(done)));
  return kExitDone;
}

}  // namespace

int run_ingest(const Config& config, const Arguments& arguments) {
  const auto reach = check_reach(config.listen);
  if (arguments.listen && !reach) {
    fail_mode("ingest", reach.error());
    return kExitUsage;
  }
  auto project = open_project(arguments.path);
  if (project && arguments.plan) return print_index_plan(config, arguments, *project);
  EventLoop loop;
  Metrics metrics;
  const Log log = arguments.json ? Log::none() : make_log(config);
  const RequestContext context = make_background_context(log, "ingest");
  auto parts = make_index_parts(loop, metrics, config, config.index.chroma_patience);
  if (!project) return fail_mode("ingest", project.error());
  if (!parts) return fail_mode("ingest", parts.error());
  auto lock = IndexLock::acquire(config.index.data_dir, *project, shard_of(config));
  if (!lock) {
    const int failed = fail_mode("ingest", lock.error());
    return lock.error().code == ErrorCode::conflict ? kIngestLocked : failed;
  }
  ProgressReport report(context.log);
  Ingest ingest{loop, config, *parts, report, *project, arguments, std::nullopt};

  std::unique_ptr<HttpServer> server;
  if (arguments.listen) {
    Router router;
    add_base_routes(router, metrics);
    Route progress;
    progress.method = "GET";
    progress.path = "/progress";
    progress.scopes = Scope::read;
    progress.handler = [&report](RequestContext, HttpRequest) { return answer_progress(report); };
    router.add(std::move(progress));
    auto options = make_server_options(config, context.log);
    if (!options) return fail_mode("ingest", options.error());
    server = std::make_unique<HttpServer>(loop, std::move(router), std::move(*options), context.log, metrics);
    const auto port = server->start();
    if (!port) return fail_mode("ingest", port.error());
    fmt::print(stderr, "codehelper: listening on {}\n", make_url(config.listen.host, *port));
  }
  run_until_done(loop, run_and_stop(ingest, context, server.get()));
  return finish(ingest, context.log);
}

int run_index(const Config& given, const Arguments& arguments) {
  Config config = given;
  // For people: the log of a Job is noise to them.
  if (!config.log_level_is_set) config.log_level = LogLevel::warning;
  return run_ingest(config, arguments);
}

}  // namespace codehelper
