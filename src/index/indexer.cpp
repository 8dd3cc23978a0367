#include "codehelper/index/indexer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

#include "codehelper/base/elapsed.hpp"
#include "embedding_work.hpp"
#include "file_preparation.hpp"
#include "index_changes.hpp"
#include "shard_pass.hpp"

namespace codehelper {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;  // && of tasks: both at once, until both are done

/// Each lane holds a slice, and one slice more waits to be written, whatever the project's size. Writing is a third of
/// the work and done by one lane at a time, so more than four are no faster. A cancellation waits for the slices under
/// way.
constexpr std::size_t kMaxLanes = 4;
constexpr std::uint64_t kSliceBytes = std::uint64_t{1024} * 1024;
constexpr std::size_t kSliceFiles = 250;

/// A store that loses an index while it is written says `conflict`; one that does so for ever is broken.
constexpr int kMaxPasses = 4;

std::string format_utc_now() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

std::string count_reasons(const std::vector<SkippedFile>& skipped) {
  std::map<std::string_view, std::size_t> counts;
  for (const SkippedFile& file : skipped) ++counts[to_string(file.reason)];
  std::string text;
  for (const auto& [reason, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, reason);
  return text.empty() ? "it is empty" : "skipped: " + text;
}

/// One pass. All its tasks run on the loop, one after the other but where said.
class IndexPass {
 public:
  IndexPass(RequestContext context, Project project, VectorStore& store, Embedder& embedder, EventLoop& loop,
            IndexOptions options)
      : context_(std::move(context)),
        project_(std::move(project)),
        store_(store),
        embedder_(embedder),
        loop_(loop),
        options_(std::move(options)),
        shard_(context_, project_, options_.shard, options_.reports),
        turn_passed_(loop.context(), asio::steady_timer::time_point::max()) {}

  Task<Result<IndexReport>> run() {
    auto done = co_await run_caught();
    if (!done) co_return std::unexpected(done.error());
    co_return std::move(report_);
  }

  /// Best effort: the store may be what failed.
  Task<void> write_failure(Error error) {
    auto written = co_await load_marker();
    if (written && is_refresh()) co_return;
    if (written) written = co_await mark_failed(error.message);
    if (written) written = co_await shard_.report_failure(error.message);
    if (!written) context_.log.warning("index_failure_not_recorded", {{"message", written.error().message}});
  }

 private:
  /// Cancellation also comes as an exception out of whatever was awaited, or as the end of a call.
  Task<Result<void>> run_caught() {
    try {
      auto done = co_await index_changes();
      if (done || done.error().code != ErrorCode::cancelled) co_return done;
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted) throw;
    }
    co_return fail(ErrorCode::cancelled, "indexing was cancelled");
  }

  Task<Result<void>> index_changes() {
    auto both = load_known() && list_files();
    auto outcome = co_await std::move(both);
    auto& [known, listing] = outcome;
    if (!known) co_return known;
    if (!listing) co_return std::unexpected(listing.error());
    shard_.keep_own(*listing);
    report_.skipped = std::move(listing->skipped);
    const IndexChanges changes = find_changes(listing->files, known_, reuse_);
    report_.progress.files_total = listing->files.size();
    report_.progress.files_done = changes.unchanged_files;
    unchanged_ = changes.unchanged_files;
    files_ = changes.unchanged_files;
    chunks_ = changes.unchanged_chunks;
    removed_ = changes.removed;
    const bool has_work = !changes.to_read.empty() || !changes.removed.empty() || !options_.shard.is_whole();
    if (has_work && !is_refresh()) {
      auto begun = co_await begin_writing();
      if (!begun) co_return begun;
    }
    auto started = co_await shard_.report_start();
    if (!started) co_return started;
    auto indexed = co_await index_files(changes.to_read);
    if (!indexed) co_return indexed;
    co_return co_await finish();
  }

  Task<Result<SourceListing>> list_files() {
    auto list = [root = project_.root, limit = options_.max_file_bytes] { return list_source_files(root, limit); };
    co_return co_await loop_.run_blocking(std::move(list));
  }

  Task<Result<void>> load_known() {
    auto marker = co_await store_.load_marker(context_, project_);
    auto files = co_await store_.list_files(context_, project_);
    if ((!marker || !files) && options_.from_scratch) {
      auto dropped = co_await store_.drop(context_, project_);
      if (!dropped) co_return dropped;
      marker = std::optional<IndexMarker>();
      files = std::vector<IndexedFile>();
    }
    if (!marker) co_return std::unexpected(marker.error());
    if (!files) co_return std::unexpected(files.error());
    if (*marker) report_.marker = **marker;
    has_marker_ = true;
    auto dimension = co_await embedder_.find_dimension(context_);
    if (!dimension) co_return std::unexpected(dimension.error());
    dimension_ = *dimension;
    has_other_vectors_ = *marker && ((*marker)->embedder != embedder_.identity() || (*marker)->dimension != dimension_);
    if (has_other_vectors_ || options_.from_scratch) reuse_ = Reuse::nothing;
    for (IndexedFile& file : *files) {
      if (!options_.shard.holds(file.path)) continue;
      if (reuse_ == Reuse::nothing) file.hash.clear();
      known_.emplace(file.path, std::move(file));
    }
    co_return Result<void>{};
  }

  /// Unless it is known: a pass may fail before, and what the marker says of the earlier index has to stay.
  Task<Result<void>> load_marker() {
    if (has_marker_) co_return Result<void>{};
    auto marker = co_await store_.load_marker(context_, project_);
    if (!marker) co_return std::unexpected(marker.error());
    if (*marker) report_.marker = std::move(**marker);
    has_marker_ = true;
    co_return Result<void>{};
  }

  bool is_refresh() const {
    return options_.is_refresh && report_.marker.state == IndexState::ready && reuse_ == Reuse::unchanged_files;
  }

  /// Says `indexing`, and keeps what is known of the earlier index, which goes on answering. Vectors of another
  /// embedder can't answer: they go first, so that a kill never leaves two kinds.
  Task<Result<void>> begin_writing() {
    IndexBatch batch;
    if (has_other_vectors_) {
      for (const auto& [path, file] : known_) batch.removed_paths.push_back(path);
      report_.marker = {};
    }
    report_.marker.state = IndexState::indexing;
    report_.marker.cause.clear();
    describe(report_.marker);
    batch.marker = report_.marker;
    co_return co_await store_.apply(context_, project_, std::move(batch));
  }

  Task<Result<void>> index_files(std::span<const SourceFile> files) {
    auto stop = co_await check_stop();  // lanes hear of what comes while they run only
    if (!stop) co_return stop;
    slices_ = split_files(files, kSliceBytes, kSliceFiles);
    co_return co_await run_lanes(std::min(loop_.blocking_threads(), kMaxLanes));
  }

  Task<Result<void>> run_lanes(std::size_t lanes) {
    if (lanes == 1) co_return co_await index_slices();
    auto both = index_slices() && run_lanes(lanes - 1);
    auto outcome = co_await std::move(both);
    auto& [one, others] = outcome;
    co_return one ? std::move(others) : std::move(one);
  }

  /// One of the lanes: takes the next slice and prepares it beside the others, until none is left. The slices are
  /// written one at a time and in their order, so that the same files give the same index.
  Task<Result<void>> index_slices() {
    co_await asio::this_coro::throw_if_cancelled(false);  // check_stop() looks: exceptions of two lanes are no errors
    while (next_slice_ < slices_.size()) {
      const std::size_t slice = next_slice_++;
      auto prepared = co_await prepare(slices_[slice]);
      auto taken = co_await wait_for_turn(slice);
      if (is_stopped_) break;
      if (taken) taken = co_await take_in(std::move(prepared));
      is_stopped_ = !taken;
      ++turn_;
      turn_passed_.cancel();
      if (!taken) co_return taken;
    }
    co_return Result<void>{};
  }

  /// Until it may be written, or none may any more: a lane that throws cancels the others.
  Task<Result<void>> wait_for_turn(std::size_t slice) {
    while (turn_ != slice && !is_stopped_) {
      co_await turn_passed_.async_wait(asio::as_tuple(asio::use_awaitable));
      auto stop = co_await check_stop();
      if (!stop) co_return stop;
    }
    co_return Result<void>{};
  }

  Task<Result<PreparedFiles>> prepare(std::span<const SourceFile> files) {
    auto work = [this, files] { return prepare_files({project_.root, files, known_, options_.max_file_bytes}); };
    co_return co_await loop_.run_blocking(std::move(work));
  }

  Task<Result<void>> check_stop() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return fail(ErrorCode::cancelled, "indexing was cancelled");
    if (context_.deadline.passed()) co_return fail(ErrorCode::timeout, "indexing took longer than its limit");
    co_return Result<void>{};
  }

  /// Writes the slice before this one: the last one goes into the commit that ends the pass.
  Task<Result<void>> take_in(Result<PreparedFiles> prepared) {
    if (!prepared) co_return std::unexpected(prepared.error());
    auto written = co_await write(std::exchange(pending_, {}));
    if (!written) co_return written;
    files_ += prepared->changed.size() + prepared->touched.size();
    for (const FileChunks& file : prepared->changed) chunks_ += file.chunks.size();
    for (const IndexedFile& file : prepared->touched) chunks_ += file.chunks;
    std::ranges::move(prepared->removed, std::back_inserter(removed_));
    std::ranges::move(prepared->skipped, std::back_inserter(report_.skipped));
    looked_at_ += prepared->files;
    pending_.files = std::move(prepared->changed);
    pending_.touched = std::move(prepared->touched);
    co_return co_await check_stop();
  }

  /// Embeds and commits; the progress is told after that.
  Task<Result<void>> write(IndexBatch batch) {
    if (batch.files.empty() && batch.touched.empty() && batch.removed_paths.empty() && !batch.marker) {
      co_return Result<void>{};
    }
    auto embedded = co_await embed(batch.files);
    if (!embedded) co_return embedded;
    std::uint64_t chunks = 0;
    for (const FileChunks& file : batch.files) chunks += file.chunks.size();
    const std::uint64_t files = batch.files.size();
    auto applied = co_await store_.apply(context_, project_, std::move(batch));
    if (!applied) co_return applied;
    IndexProgress& progress = report_.progress;
    progress.files_done = unchanged_ + looked_at_;
    progress.chunks += chunks;
    progress.embedded_files += files;
    progress.seconds = seconds_since(started_);
    if (options_.on_progress) options_.on_progress(progress);
    co_return Result<void>{};
  }

  /// Gives each chunk its vector: one that is known already, or else a new one.
  Task<Result<void>> embed(std::vector<FileChunks>& files) {
    EmbeddingWork work(embedder_.identity(), files);
    if (options_.vectors != nullptr && reuse_ == Reuse::unchanged_files && work.size() > 0) {
      auto known = co_await options_.vectors->find_vectors(context_, project_, work.keys());
      if (!known) co_return std::unexpected(known.error());
      work.take_known(std::move(*known));
    }
    auto texts = work.release_missing_texts();
    report_.progress.embedded_chunks += texts.size();
    if (!texts.empty()) {
      auto made = co_await embedder_.embed(context_, TextRole::passage, std::move(texts));
      if (!made) co_return std::unexpected(made.error());
      auto taken = work.take_made(std::move(*made));
      if (!taken) co_return taken;
    }
    work.hand_out(files);
    co_return Result<void>{};
  }

  /// The rest, what is gone, and the marker in one commit; a shard leaves the marker to the last one.
  Task<Result<void>> finish() {
    IndexCounts counts{files_, chunks_, report_.skipped.size()};
    IndexBatch batch = std::move(pending_);
    report_.removed_files = removed_.size();
    batch.removed_paths = std::move(removed_);
    if (!options_.shard.is_whole()) {
      auto written = co_await write(std::move(batch));
      if (!written) co_return written;
      auto end = co_await shard_.report_end(counts);
      if (!end) co_return std::unexpected(end.error());
      if (!end->failure.empty()) co_return co_await mark_failed(end->failure);
      if (!end->sum) co_return Result<void>{};  // others are at work still
      counts = *end->sum;
      batch = {};
    }
    if (counts.chunks == 0) {
      co_return fail(ErrorCode::invalid_input, fmt::format("no file can be indexed in {} ({})", project_.root.string(),
                                                           count_reasons(report_.skipped)));
    }
    IndexMarker marker = report_.marker;
    marker.state = IndexState::ready;
    marker.cause.clear();
    describe(marker);
    marker.files = counts.files;
    marker.chunks = counts.chunks;
    marker.skipped = counts.skipped;
    marker.finished_at = format_utc_now();
    batch.marker = marker;
    auto written = co_await write(std::move(batch));
    if (written) report_.marker = std::move(marker);
    co_return written;
  }

  Task<Result<void>> mark_failed(std::string cause) {
    IndexBatch batch;
    batch.marker = report_.marker;
    batch.marker->state = IndexState::failed;
    batch.marker->cause = std::move(cause);
    batch.marker->project_path = project_.posted_path;
    co_return co_await store_.apply(context_, project_, std::move(batch));
  }

  void describe(IndexMarker& marker) const {
    marker.project_path = project_.posted_path;
    marker.embedder = embedder_.identity();
    marker.dimension = dimension_;
  }

  RequestContext context_;
  Project project_;
  VectorStore& store_;
  Embedder& embedder_;
  EventLoop& loop_;
  IndexOptions options_;
  ShardPass shard_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();

  IndexedFiles known_;
  Reuse reuse_ = Reuse::unchanged_files;
  bool has_other_vectors_ = false;
  std::size_t dimension_ = 0;  // of the embedder's vectors
  IndexReport report_;         // its marker is the one in the store, if has_marker_
  bool has_marker_ = false;
  std::vector<std::span<const SourceFile>> slices_;
  std::size_t next_slice_ = 0;  // that no lane has taken
  std::size_t turn_ = 0;        // the slice that may be written
  bool is_stopped_ = false;     // by a failure: no turn comes any more
  asio::steady_timer turn_passed_;
  IndexBatch pending_;  // prepared, not yet written
  std::vector<std::string> removed_;
  std::uint64_t unchanged_ = 0;
  std::uint64_t looked_at_ = 0;  // files read in this pass
  std::uint64_t files_ = 0;      // of the finished index
  std::uint64_t chunks_ = 0;
};

}  // namespace

Task<Result<IndexReport>> index_project(RequestContext context, Project project, VectorStore& store, Embedder& embedder,
                                        EventLoop& loop, IndexOptions options) {
  for (int passes = 1;; ++passes) {
    IndexPass pass(context, project, store, embedder, loop, options);
    auto done = co_await pass.run();
    if (done) co_return done;
    if (done.error().code == ErrorCode::conflict && passes < kMaxPasses) {
      context.log.warning("index_begun_anew", {{"cause", done.error().message}});
      continue;
    }
    // A cancelled task can't await anything until this.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await pass.write_failure(done.error());
    co_return done;
  }
}

}  // namespace codehelper
