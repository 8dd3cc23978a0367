// Preloaded into a program, it makes one of the program's file operations fail. Operations on what lies below
// FAULT_FOLDERS (separated by ':') are counted, over all threads, if a fault of FAULT_KIND can happen to them; the one
// with the number FAULT_AT fails. FAULT_LOG gets a line for each that was counted.
//
// The system is called directly: a second interposer (a sanitizer's) is then never called by this one.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

enum class Operation { look, open, create, read, write, sync, resize, rename, remove, make_folder, map, lock, list };

constexpr std::array<std::string_view, 13> kNames{"look",   "open",   "create",      "read", "write", "sync", "resize",
                                                  "rename", "remove", "make_folder", "map",  "lock",  "list"};

/// enospc: what takes space. eio: everything. half: a read or write of half the bytes. kill: SIGKILL before a change.
/// torn: half a write, then SIGKILL.
enum class Kind { none, enospc, eio, half, kill, torn };

enum class Fate { go_on, fail, halve, tear };

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Kind parse_kind(std::string_view text) {
  if (text == "enospc") return Kind::enospc;
  if (text == "eio") return Kind::eio;
  if (text == "half") return Kind::half;
  if (text == "kill") return Kind::kill;
  return text == "torn" ? Kind::torn : Kind::none;
}

bool is_change(Operation operation) {
  switch (operation) {
    case Operation::create:
    case Operation::write:
    case Operation::sync:
    case Operation::resize:
    case Operation::rename:
    case Operation::remove:
    case Operation::make_folder:
      return true;
    default:
      return false;
  }
}

bool can_happen(Kind kind, Operation operation) {
  switch (kind) {
    case Kind::eio:
      return true;
    case Kind::enospc:
      return is_change(operation) && operation != Operation::remove;
    case Kind::half:
      return operation == Operation::read || operation == Operation::write;
    case Kind::kill:
      return is_change(operation);
    case Kind::torn:
      return operation == Operation::write;
    default:
      return false;
  }
}

[[noreturn]] void die() {
  ::syscall(SYS_kill, ::getpid(), SIGKILL);
  std::abort();
}

class Faults {
 public:
  static Faults& the() {
    static Faults faults;
    return faults;
  }

  Fate decide(Operation operation, std::string_view path) {
    if (kind_ == Kind::none || !can_happen(kind_, operation) || !is_watched(path)) return Fate::go_on;
    const long number = ++count_;
    log(operation, path);
    if (number != at_) return Fate::go_on;
    if (kind_ == Kind::kill) die();
    if (kind_ == Kind::half) return Fate::halve;
    return kind_ == Kind::torn ? Fate::tear : Fate::fail;
  }
  Fate decide(Operation operation, int descriptor) {
    return kind_ == Kind::none ? Fate::go_on : decide(operation, path_of(descriptor));
  }
  Fate decide_at(Operation operation, int folder, const char* path) {
    if (kind_ == Kind::none) return Fate::go_on;
    if (*path == '/') return decide(operation, std::string_view(path));
    return decide(operation, path_of(folder) + "/" + path);
  }
  /// The result of a call that fails.
  int refuse() const {
    errno = kind_ == Kind::enospc ? ENOSPC : EIO;
    return -1;
  }

 private:
  static int open_log(const std::string& file) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    return file.empty() ? -1 : static_cast<int>(::syscall(SYS_openat, AT_FDCWD, file.c_str(), kFlags, 0600));
  }
  static std::string path_of(int descriptor) {
    std::array<char, PATH_MAX> path{};
    const std::string link = descriptor == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(descriptor);
    const long size = ::syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), path.data(), path.size());
    return {path.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

  bool is_watched(std::string_view path) const {
    for (std::string_view rest = folders_; !rest.empty();) {
      const std::string_view folder = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
      if (path.starts_with(folder)) return true;
    }
    return false;
  }

  void log(Operation operation, std::string_view path) const {
    if (log_ < 0) return;
    std::string line(kNames[static_cast<std::size_t>(operation)]);
    line.append(" ").append(path).append("\n");
    ::syscall(SYS_write, log_, line.data(), line.size());
  }

  Kind kind_ = parse_kind(variable("FAULT_KIND"));
  std::string folders_ = variable("FAULT_FOLDERS");
  long at_ = std::atol(variable("FAULT_AT").c_str());
  int log_ = open_log(variable("FAULT_LOG"));
  std::atomic<long> count_ = 0;
};

int open_file(int folder, const char* path, int flags, mode_t mode) {
  const Operation operation = (flags & O_CREAT) != 0 ? Operation::create : Operation::open;
  if (Faults::the().decide_at(operation, folder, path) != Fate::go_on) return Faults::the().refuse();
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

/// `call` takes a number of bytes and gives how many were read or written.
ssize_t transfer(Operation operation, int descriptor, std::size_t size, auto call) {
  switch (Faults::the().decide(operation, descriptor)) {
    case Fate::fail:
      return Faults::the().refuse();
    case Fate::halve:
      return call(size > 1 ? size / 2 : size);
    case Fate::tear:
      call(size / 2);
      die();
    default:
      return call(size);
  }
}

int change(Operation operation, int folder, const char* path, auto call) {
  if (Faults::the().decide_at(operation, folder, path) != Fate::go_on) return Faults::the().refuse();
  return static_cast<int>(call());
}

int change(Operation operation, int descriptor, auto call) {
  if (Faults::the().decide(operation, descriptor) != Fate::go_on) return Faults::the().refuse();
  return static_cast<int>(call());
}

int look(int folder, const char* path, struct stat* status, int flags) {
  const bool is_descriptor = *path == '\0';
  auto& faults = Faults::the();
  const Fate fate =
      is_descriptor ? faults.decide(Operation::look, folder) : faults.decide_at(Operation::look, folder, path);
  if (fate != Fate::go_on) return faults.refuse();
  return static_cast<int>(::syscall(SYS_newfstatat, folder, path, status, flags));
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

mode_t mode_in(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// The 64-bit names are the same functions: off_t has 64 bits on every machine that is supported.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(flags, arguments);
  va_end(arguments);
  return open_file(folder, path, flags, mode);
}
int open64(const char*, int, ...) __attribute__((alias("open")));
int openat64(int, const char*, int, ...) __attribute__((alias("openat")));

ssize_t read(int descriptor, void* bytes, std::size_t size) {
  return transfer(Operation::read, descriptor, size,
                  [=](std::size_t part) { return ::syscall(SYS_read, descriptor, bytes, part); });
}
ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return transfer(Operation::write, descriptor, size,
                  [=](std::size_t part) { return ::syscall(SYS_write, descriptor, bytes, part); });
}
ssize_t pread(int descriptor, void* bytes, std::size_t size, off_t offset) {
  return transfer(Operation::read, descriptor, size,
                  [=](std::size_t part) { return ::syscall(SYS_pread64, descriptor, bytes, part, offset); });
}
ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return transfer(Operation::write, descriptor, size,
                  [=](std::size_t part) { return ::syscall(SYS_pwrite64, descriptor, bytes, part, offset); });
}
ssize_t pread64(int, void*, std::size_t, off_t) __attribute__((alias("pread")));
ssize_t pwrite64(int, const void*, std::size_t, off_t) __attribute__((alias("pwrite")));

int fsync(int descriptor) {
  return change(Operation::sync, descriptor, [=] { return ::syscall(SYS_fsync, descriptor); });
}
int fdatasync(int descriptor) {
  return change(Operation::sync, descriptor, [=] { return ::syscall(SYS_fdatasync, descriptor); });
}
int ftruncate(int descriptor, off_t size) {
  return change(Operation::resize, descriptor, [=] { return ::syscall(SYS_ftruncate, descriptor, size); });
}
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  return change(Operation::resize, descriptor,
                [=] { return ::syscall(SYS_fallocate, descriptor, mode, offset, size); });
}
int fallocate64(int, int, off_t, off_t) __attribute__((alias("fallocate")));
int posix_fallocate(int descriptor, off_t offset, off_t size) {
  return fallocate(descriptor, 0, offset, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int, off_t, off_t) __attribute__((alias("posix_fallocate")));

int rename(const char* from, const char* to) {
  return change(Operation::rename, AT_FDCWD, to, [=] { return ::syscall(SYS_rename, from, to); });
}
int unlink(const char* path) {
  return change(Operation::remove, AT_FDCWD, path, [=] { return ::syscall(SYS_unlink, path); });
}
int unlinkat(int folder, const char* path, int flags) {
  return change(Operation::remove, folder, path, [=] { return ::syscall(SYS_unlinkat, folder, path, flags); });
}
int remove(const char* path) {
  return change(Operation::remove, AT_FDCWD, path, [=] {
    const long removed = ::syscall(SYS_unlink, path);
    return removed != 0 && (errno == EISDIR || errno == EPERM) ? ::syscall(SYS_rmdir, path) : removed;
  });
}
int mkdir(const char* path, mode_t mode) {
  return change(Operation::make_folder, AT_FDCWD, path, [=] { return ::syscall(SYS_mkdir, path, mode); });
}
int mkdirat(int folder, const char* path, mode_t mode) {
  return change(Operation::make_folder, folder, path, [=] { return ::syscall(SYS_mkdirat, folder, path, mode); });
}

void* mmap(void* at, std::size_t size, int rights, int flags, int descriptor, off_t offset) {
  // Memory without a file is asked for before this library is ready.
  const bool fails = descriptor >= 0 && Faults::the().decide(Operation::map, descriptor) != Fate::go_on;
  if (fails) {
    Faults::the().refuse();
    return MAP_FAILED;
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the system gives an address
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, rights, flags, descriptor, offset));
}
void* mmap64(void*, std::size_t, int, int, int, off_t) __attribute__((alias("mmap")));

int flock(int descriptor, int operation) {
  return change(Operation::lock, descriptor, [=] { return ::syscall(SYS_flock, descriptor, operation); });
}
int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const auto call = [=] { return ::syscall(SYS_fcntl, descriptor, command, argument); };
  const bool is_lock = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK;
  return is_lock ? change(Operation::lock, descriptor, call) : static_cast<int>(call());
}
int fcntl64(int, int, ...) __attribute__((alias("fcntl")));

int stat(const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, 0);
}
int lstat(const char* path, struct stat* status) {
  return look(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
int fstat(int descriptor, struct stat* status) {
  return look(descriptor, "", status, AT_EMPTY_PATH);
}
int fstatat(int folder, const char* path, struct stat* status, int flags) {
  return look(folder, path, status, flags);
}
int stat64(const char*, struct stat64*) __attribute__((alias("stat")));
int lstat64(const char*, struct stat64*) __attribute__((alias("lstat")));
int fstat64(int, struct stat64*) __attribute__((alias("fstat")));
int fstatat64(int, const char*, struct stat64*, int) __attribute__((alias("fstatat")));
int access(const char* path, int mode) {
  return change(Operation::look, AT_FDCWD, path, [=] { return ::syscall(SYS_access, path, mode); });
}
int faccessat(int folder, const char* path, int mode, int flags) {
  return change(Operation::look, folder, path, [=] { return ::syscall(SYS_faccessat2, folder, path, mode, flags); });
}
char* realpath(const char* path, char* resolved) {
  static const auto real = next<char* (*)(const char*, char*)>("realpath");
  if (Faults::the().decide_at(Operation::look, AT_FDCWD, path) == Fate::go_on) return real(path, resolved);
  Faults::the().refuse();
  return nullptr;
}
dirent* readdir(DIR* stream) {
  static const auto real = next<dirent* (*)(DIR*)>("readdir");
  if (Faults::the().decide(Operation::list, ::dirfd(stream)) == Fate::go_on) return real(stream);
  Faults::the().refuse();
  return nullptr;
}
dirent64* readdir64(DIR*) __attribute__((alias("readdir")));
}
