#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "codehelper/index/indexer.hpp"

namespace codehelper {
namespace {

std::filesystem::path lock_path(const std::filesystem::path& data_dir, const Project& project, const Shard& shard) {
  std::filesystem::path file = embedded_index_path(data_dir, project);
  if (!shard.is_whole()) file += fmt::format(".{}-of-{}", shard.index, shard.count);
  file += ".lock";
  return file;
}

/// For people who look into the file; the lock itself is the kernel's.
void write_process_id(int descriptor) {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0) return;
  static_cast<void>(::pwrite(descriptor, text.data(), text.size(), 0));
}

/// is_held() of another process holds the lock for some microseconds: such a moment is waited out.
bool lock_exclusively(int descriptor) {
  constexpr int kTries = 5;
  constexpr std::chrono::milliseconds kPause{2};
  for (int i = 1; ::flock(descriptor, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK || i == kTries) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace

Result<IndexLock> IndexLock::acquire(const std::filesystem::path& data_dir, const Project& project,
                                     const Shard& shard) {
  const std::filesystem::path file = lock_path(data_dir, project, shard);
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) {
    return fail(ErrorCode::unavailable, fmt::format("can't open the lock {} ({}): make its folder writable, or set "
                                                    "CODEHELPER_DATA_DIR",
                                                    file.string(), std::system_category().message(errno)));
  }
  IndexLock lock(descriptor);
  if (!lock_exclusively(descriptor)) {
    if (errno == EWOULDBLOCK) {
      return fail(ErrorCode::conflict,
                  fmt::format("{} is being indexed already ({} is held)", project.root.string(), file.string()));
    }
    return fail(ErrorCode::unavailable,
                fmt::format("can't lock {}: {}", file.string(), std::system_category().message(errno)));
  }
  write_process_id(descriptor);
  return lock;
}

bool IndexLock::is_held(const std::filesystem::path& data_dir, const Project& project) {
  const int descriptor = ::open(lock_path(data_dir, project, {}).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return false;
  // A shared lock, so that two that look at the same time don't see each other.
  const bool is_free = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  const bool is_held = !is_free && errno == EWOULDBLOCK;
  ::close(descriptor);
  return is_held;
}

IndexLock::IndexLock(IndexLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

IndexLock& IndexLock::operator=(IndexLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

IndexLock::~IndexLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace codehelper
