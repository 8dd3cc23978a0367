#include "sound_pages.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace codehelper {

SoundPages::SoundPages(std::filesystem::path database)
    : database_(std::move(database)), file_(database_.string() + kSuffix) {
  std::ifstream stream(file_);
  saved_.assign(std::istreambuf_iterator<char>(stream), {});
  sound_ = saved_;
}

bool SoundPages::are_known() const {
  const std::string now = state();
  const std::lock_guard lock(mutex_);
  return now.empty() || now == sound_;
}

void SoundPages::note() {
  std::string now = state();
  const std::lock_guard lock(mutex_);
  sound_ = std::move(now);
}

void SoundPages::save() const {
  const std::lock_guard lock(mutex_);
  if (!sound_.empty() && sound_ != saved_) std::ofstream(file_) << sound_;
}

/// Which file it is, its size and its times; "" when there is none.
std::string SoundPages::state() const {
  struct stat status{};
  if (::stat(database_.c_str(), &status) != 0) return {};
  return fmt::format("{} {} {}.{:09} {}.{:09}\n", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

}  // namespace codehelper
