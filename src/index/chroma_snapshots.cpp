#include "chroma_snapshots.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <utility>

#include "codehelper/base/elapsed.hpp"
#include "codehelper/net/with_deadline.hpp"

namespace codehelper {

namespace asio = boost::asio;

ChromaSnapshots::Entry::Entry(EventLoop& loop, ChromaApi& api, std::string key)
    : root(std::move(key)),
      snapshot(std::make_shared<ChromaSnapshot>(loop, api)),
      ended(loop.context(), asio::steady_timer::time_point::max()) {}

ChromaSnapshots::ChromaSnapshots(EventLoop& loop, ChromaApi& api, const ChromaOptions& options)
    : loop_(loop), api_(api), limit_bytes_(options.snapshots_limit_bytes), followers_(loop, Log::none()) {}

std::shared_ptr<ChromaSnapshots::Entry> ChromaSnapshots::find(const Project& project) {
  const std::string root = project.root.string();
  const auto found = std::ranges::find(entries_, root, [](const auto& entry) { return entry->root; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
  } else {
    entries_.push_front(std::make_shared<Entry>(loop_, api_, root));
  }
  return entries_.front();
}

bool ChromaSnapshots::is_warming(const Project& project) const {
  const std::string root = project.root.string();
  const auto found = std::ranges::find(entries_, root, [](const auto& entry) { return entry->root; });
  return found != entries_.end() && (*found)->is_following && !(*found)->snapshot->is_built();
}

void ChromaSnapshots::start_following(RequestContext context, const Project& project, const ChromaIndex& index) {
  const std::shared_ptr<Entry> entry = find(project);
  if (entry->is_following || entry->revision == index.revision()) return;
  entry->is_following = true;
  context.deadline = Deadline::never();  // it goes on for those who ask later
  followers_.spawn("follow_chroma", follow(std::move(context), entry, index));
}

Task<void> ChromaSnapshots::follow(RequestContext context, std::shared_ptr<Entry> entry, ChromaIndex index) {
  const std::string revision = index.revision();
  const bool was_built = entry->snapshot->is_built();
  const auto begin = std::chrono::steady_clock::now();
  const auto followed = co_await entry->snapshot->follow(context, std::move(index));
  const double seconds = seconds_since(begin);
  entry->problem.reset();
  if (followed) {
    entry->revision = revision;
    const std::size_t bytes = entry->snapshot->memory_bytes();
    context.log.info("lexical_index_followed", {{"first", !was_built}, {"seconds", seconds}, {"bytes", bytes}});
  } else {
    entry->problem = followed.error();
    context.log.warning("lexical_index_not_followed", {{"cause", followed.error().message}});
  }
  entry->is_following = false;
  entry->ended.cancel();
  drop_least_used();
}

Task<Result<void>> ChromaSnapshots::wait_for_end(std::shared_ptr<Entry> entry) {
  while (entry->is_following) co_await entry->ended.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return Result<void>{};
}

Task<ChromaSnapshots::View> ChromaSnapshots::view(RequestContext context, Project project, ChromaIndex index,
                                                  Deadline limit) {
  start_following(std::move(context), project, index);
  const std::shared_ptr<Entry> entry = find(project);
  auto waiting = wait_for_end(entry);
  const auto ended = co_await with_deadline(limit, "bringing the lexical index up to date", std::move(waiting));
  View view{entry->snapshot, ended.has_value() && !entry->problem, std::nullopt};
  if (!ended) {
    view.problem = ended.error();
  } else {
    view.problem = entry->problem;
  }
  co_return view;
}

void ChromaSnapshots::drop_least_used() {
  std::size_t bytes = 0;
  for (const auto& entry : entries_) bytes += entry->snapshot->memory_bytes();
  for (auto next = entries_.end(); bytes > limit_bytes_ && next != entries_.begin() && entries_.size() > 1;) {
    --next;
    if ((*next)->is_following || next == entries_.begin()) continue;
    bytes -= (*next)->snapshot->memory_bytes();
    next = entries_.erase(next);
  }
}

}  // namespace codehelper
