// The snapshots of the projects that are asked about, brought up to date in the background: a query waits for that only
// so long. The least recently used ones go when all together are too large. Used on the loop.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "chroma_snapshot.hpp"
#include "codehelper/index/chroma_store.hpp"
#include "codehelper/net/task_group.hpp"

namespace codehelper {

class ChromaSnapshots {
 public:
  /// All references outlive it.
  ChromaSnapshots(EventLoop& loop, ChromaApi& api, const ChromaOptions& options);

  struct View {
    std::shared_ptr<const ChromaSnapshot> snapshot;
    bool is_current = false;       // it holds all that `index` holds
    std::optional<Error> problem;  // why it could not be brought up to date
  };
  /// Waits until the snapshot holds what `index` holds, but not beyond `limit`.
  Task<View> view(RequestContext context, Project project, ChromaIndex index, Deadline limit);
  /// Begins to bring the snapshot up to date, unless it is or that goes on already.
  void start_following(RequestContext context, const Project& project, const ChromaIndex& index);
  /// Whether a first snapshot of the project is being made.
  bool is_warming(const Project& project) const;

 private:
  struct Entry {
    Entry(EventLoop& loop, ChromaApi& api, std::string key);

    std::string root;
    std::shared_ptr<ChromaSnapshot> snapshot;
    std::string revision;  // that the snapshot holds
    bool is_following = false;
    std::optional<Error> problem;     // of the last attempt
    boost::asio::steady_timer ended;  // cancelled when an attempt ends
  };

  /// The project's entry, now the most recently used.
  std::shared_ptr<Entry> find(const Project& project);
  Task<void> follow(RequestContext context, std::shared_ptr<Entry> entry, ChromaIndex index);
  static Task<Result<void>> wait_for_end(std::shared_ptr<Entry> entry);
  void drop_least_used();

  EventLoop& loop_;
  ChromaApi& api_;
  std::size_t limit_bytes_;
  std::list<std::shared_ptr<Entry>> entries_;  // most recently used first
  TaskGroup followers_;
};

}  // namespace codehelper
