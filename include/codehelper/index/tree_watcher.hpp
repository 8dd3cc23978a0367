// Tells that something happened in a tree of folders, through inotify(7): it costs nothing while nothing happens. Knows
// no more than that, since what is different is found by looking (change_finder.hpp).
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct WatchedFolder {
  std::string path;  // absolute
  std::string only;  // the one name in it that counts; empty = all

  bool operator==(const WatchedFolder&) const = default;
};

class TreeWatcher {
 public:
  /// Null where there is no inotify to be had (its limit of instances). `loop` outlives it.
  static std::unique_ptr<TreeWatcher> open(EventLoop& loop);

  enum class Watch {
    same,      // nothing new is watched
    extended,  // what happened in the new folders before this is not told
    partial,   // some can't be watched: the limit of watches is reached, or a network holds them. Don't rely on it
  };
  /// From now on these folders are watched, and no others.
  Watch watch(std::vector<WatchedFolder> folders);

  /// Whether anything happened since the last call. What was done before the call, in whatever process, is seen.
  bool take_changes();
  /// Resumes when something happens, or has and was not taken. Errors: cancelled, also by close().
  Task<Result<void>> wait();
  void close();

 private:
  struct Folder {
    std::string path;
    std::string only;
  };

  TreeWatcher(EventLoop& loop, int descriptor) : stream_(loop.executor(), descriptor) {}
  bool add(const WatchedFolder& folder);

  boost::asio::posix::stream_descriptor stream_;
  std::map<int, Folder> folders_;       // by watch descriptor
  std::map<std::string, int> numbers_;  // the same by path
};

}  // namespace codehelper
