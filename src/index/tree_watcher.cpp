#include "codehelper/index/tree_watcher.hpp"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <cstring>
#include <set>
#include <utility>

namespace codehelper {
namespace {

namespace asio = boost::asio;

/// Reads tell nothing. A file that is written through a mapping is told of when it is closed.
constexpr std::uint32_t kEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW |
                                  IN_EXCL_UNLINK;
/// Each takes a kilobyte of the kernel's memory.
constexpr std::size_t kMostFolders = 50'000;

/// Other machines write to these, and inotify doesn't hear of it.
bool is_on_network(const std::string& path) {
  constexpr std::array<std::uint32_t, 8> kMagics = {NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC,
                                                    SMB2_SUPER_MAGIC, V9FS_MAGIC,      FUSE_SUPER_MAGIC,
                                                    CEPH_SUPER_MAGIC, AFS_FS_MAGIC};
  struct statfs status{};
  if (::statfs(path.c_str(), &status) != 0) return false;
  return std::ranges::find(kMagics, static_cast<std::uint32_t>(status.f_type)) != kMagics.end();
}

}  // namespace

std::unique_ptr<TreeWatcher> TreeWatcher::open(EventLoop& loop) {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return nullptr;
  return std::unique_ptr<TreeWatcher>(new TreeWatcher(loop, descriptor));
}

TreeWatcher::Watch TreeWatcher::watch(std::vector<WatchedFolder> folders) {
  if (!stream_.is_open() || folders.size() > kMostFolders) return Watch::partial;
  if (!folders.empty() && is_on_network(folders.front().path)) return Watch::partial;
  std::set<std::string_view> wanted;
  for (const WatchedFolder& folder : folders) wanted.insert(folder.path);
  std::vector<std::string> unwanted;
  for (const auto& [path, number] : numbers_) {
    if (!wanted.contains(path)) unwanted.push_back(path);
  }
  for (const std::string& path : unwanted) {
    const auto entry = numbers_.extract(path);
    ::inotify_rm_watch(stream_.native_handle(), entry.mapped());
    folders_.erase(entry.mapped());
  }
  const std::size_t before = numbers_.size();
  for (const WatchedFolder& folder : folders) {
    if (!numbers_.contains(folder.path) && !add(folder)) return Watch::partial;
  }
  return numbers_.size() == before ? Watch::same : Watch::extended;
}

/// A folder that is gone meanwhile is no failure: its parent tells of that.
bool TreeWatcher::add(const WatchedFolder& folder) {
  const int number = ::inotify_add_watch(stream_.native_handle(), folder.path.c_str(), kEvents);
  if (number < 0) return errno != ENOSPC && errno != ENOMEM;
  // A folder that was moved keeps its number under a new path.
  if (const auto old = folders_.find(number); old != folders_.end()) numbers_.erase(old->second.path);
  folders_.insert_or_assign(number, Folder{folder.path, folder.only});
  numbers_.insert_or_assign(folder.path, number);
  return true;
}

bool TreeWatcher::take_changes() {
  bool has_changed = false;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  while (stream_.is_open()) {
    const ssize_t size = ::read(stream_.native_handle(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = event.len == 0 ? "" : buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      const auto folder = folders_.find(event.wd);
      if ((event.mask & IN_IGNORED) != 0 && folder != folders_.end()) {
        numbers_.erase(folder->second.path);  // it is gone; one that is made there again is watched anew
        folders_.erase(folder);
        has_changed = true;
        continue;
      }
      const bool is_lost = (event.mask & IN_Q_OVERFLOW) != 0;
      const bool counts = folder != folders_.end() && (folder->second.only.empty() || folder->second.only == name);
      has_changed = has_changed || is_lost || counts;
    }
  }
  return has_changed;
}

Task<Result<void>> TreeWatcher::wait() {
  if (!stream_.is_open()) co_return fail(ErrorCode::cancelled, "the watch has ended");
  const auto waited =
      co_await stream_.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  if (std::get<0>(waited)) co_return fail(ErrorCode::cancelled, "the watch has ended");
  co_return Result<void>{};
}

void TreeWatcher::close() {
  boost::system::error_code ignored;
  stream_.close(ignored);
}

}  // namespace codehelper
