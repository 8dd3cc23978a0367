// Landlock by its system calls (Documentation/userspace-api/landlock.rst). The numbers stand here because headers are
// often older than kernels.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "confinement.hpp"

namespace codehelper {

namespace {

struct RulesetAttributes {
  std::uint64_t handled_files = 0;
  std::uint64_t handled_network = 0;  // from version 4
  std::uint64_t scoped = 0;           // from version 6
};
struct [[gnu::packed]] PathAttributes {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

constexpr std::uint64_t kExecute = 1U << 0;
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadDirectory = 1U << 3;
constexpr std::uint64_t kMakeCharacterDevice = 1U << 6;
constexpr std::uint64_t kMakeBlockDevice = 1U << 11;
constexpr std::uint64_t kRefer = 1U << 13;        // from version 2
constexpr std::uint64_t kTruncate = 1U << 14;     // from version 3
constexpr std::uint64_t kDeviceIoctl = 1U << 15;  // from version 5
constexpr std::uint64_t kFirstVersion = (1U << 13) - 1;

constexpr std::uint64_t kBindAndConnectTcp = 3;
constexpr std::uint64_t kAbstractSocketsAndSignals = 3;

constexpr std::uint64_t kRead = kExecute | kReadFile | kReadDirectory;
constexpr std::uint64_t kWrite = ~(kMakeCharacterDevice | kMakeBlockDevice);
constexpr std::uint64_t kForFiles = kExecute | kWriteFile | kReadFile | kTruncate | kDeviceIoctl;

std::uint64_t file_rights(int version) {
  std::uint64_t rights = kFirstVersion;
  if (version >= 2) rights |= kRefer;
  if (version >= 3) rights |= kTruncate;
  if (version >= 5) rights |= kDeviceIoctl;
  return rights;
}

class Ruleset {
 public:
  Ruleset(int version, const SandboxPlan& plan) : handled_(file_rights(version)) {
    RulesetAttributes attributes{.handled_files = handled_};
    std::size_t size = sizeof attributes.handled_files;
    if (version >= 4) {
      size = 2 * sizeof(std::uint64_t);
      const bool is_open = plan.network == NetworkAccess::full || plan.mechanisms.has(Mechanism::network_namespace);
      attributes.handled_network = is_open ? 0 : kBindAndConnectTcp;
    }
    if (version >= 6) {
      size = sizeof attributes;
      attributes.scoped = kAbstractSocketsAndSignals;
    }
    descriptor_ = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
    if (descriptor_ < 0) error_ = errno;
  }
  ~Ruleset() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;

  // What is not there can't be reached either.
  void allow(const char* path, std::uint64_t rights) {
    if (error_ != 0) return;
    open_how how{.flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS};
    const int target = static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
    if (target < 0) return;
    struct stat status{};
    ::fstat(target, &status);
    PathAttributes rule{.allowed = rights & handled_, .parent = target};
    if (!S_ISDIR(status.st_mode)) rule.allowed &= kForFiles;
    constexpr int kPathBeneath = 1;
    if (::syscall(SYS_landlock_add_rule, descriptor_, kPathBeneath, &rule, 0) != 0) error_ = errno;
    ::close(target);
  }
  int enforce() {
    if (error_ == 0 && ::syscall(SYS_landlock_restrict_self, descriptor_, 0) != 0) error_ = errno;
    return error_;
  }

 private:
  std::uint64_t handled_;
  int descriptor_ = -1;
  int error_ = 0;
};

}  // namespace

int landlock_version() {
  constexpr unsigned kAskForVersion = 1;
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

int restrict_files(const SandboxPlan& plan) {
  const int version = landlock_version();
  if (version == 0) return ENOSYS;
  Ruleset ruleset(version, plan);
  for (const std::string& path : plan.writable) ruleset.allow(path.c_str(), kWrite);
  for (const char* device : kDeviceFiles) ruleset.allow(device, kReadFile | kWriteFile | kDeviceIoctl);
  if (plan.mechanisms.has(Mechanism::mount_namespace)) {
    if (!plan.moved_to.empty()) ruleset.allow(plan.moved_to.c_str(), kWrite);
    ruleset.allow("/", kRead);  // of the private root, which holds nothing but what is granted
    ruleset.allow("/dev/pts", kRead | kWriteFile | kDeviceIoctl);
    for (const char* directory : kPrivateDirectories) ruleset.allow(directory, kWrite);
  } else {
    for (const std::string& path : plan.readable) ruleset.allow(path.c_str(), kRead);
    ruleset.allow("/proc", kRead);
    ruleset.allow("/dev/shm", kWrite);  // semaphores of multiprocessing; shared, for want of a private one
  }
  return ruleset.enforce();
}

}  // namespace codehelper
