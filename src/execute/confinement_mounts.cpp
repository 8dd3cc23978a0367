// A root directory made of grants (bubblewrap's way): an empty tmpfs in which every granted path is mounted where it
// was. What isn't granted isn't there, so nothing has to be hidden, and it doesn't matter that a project lies in /tmp.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codehelper/base/file_descriptor.hpp"
#include "confinement.hpp"

namespace codehelper {

namespace {

// Something to be put into the new root: a mount, or a link.
struct Piece {
  std::string path;
  std::uint64_t attributes = 0;
  FileDescriptor tree{};
  bool is_directory = true;
  std::string link_target{};  // not empty: a link
};

constexpr std::uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t kWritable = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t kDevice = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

int set_attributes(int tree, std::uint64_t attributes, unsigned flags) {
  mount_attr wanted{};
  wanted.attr_set = attributes;
  return ::mount_setattr(tree, "", AT_EMPTY_PATH | flags, &wanted, sizeof wanted) == 0 ? 0 : errno;
}

// No link is followed: what was checked as a real path is what is taken, or nothing.
FileDescriptor open_real_path(const char* path) {
  open_how how{.flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return FileDescriptor(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how)));
}

class PrivateRoot {
 public:
  explicit PrivateRoot(const SandboxPlan& plan) : plan_(plan) {}

  StepResult enter() {
    collect();
    if (error_ == 0) make_empty_root();
    if (error_ == 0) fill_devices();
    if (error_ == 0) fill_private_directories();
    for (Piece& piece : pieces_) place(piece);
    if (error_ != 0) return {SandboxStep::mounts, error_};
    mount_process_list();
    if (error_ != 0) return {SandboxStep::process_list, error_};
    seal();
    return {error_ == 0 ? SandboxStep::none : SandboxStep::mounts, error_};
  }

 private:
  void fail_with_errno() {
    if (error_ == 0) error_ = errno;
  }

  // Everything is taken as a detached copy before the new root covers it.
  void collect() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_with_errno();
    for (const char* device : kDeviceFiles) take(device, kDevice, Missing::is_fine);
    for (const std::string& path : plan_.readable) take(path, kReadOnly, Missing::is_fine);
    for (const std::string& path : plan_.writable) take(path, kWritable, Missing::fails);
    if (!plan_.moved_from.empty()) {
      take(plan_.moved_from, kWritable, Missing::fails);
      if (error_ == 0) pieces_.back().path = plan_.moved_to;
    }
    if (!plan_.mechanisms.has(Mechanism::pid_namespace)) take("/proc", kReadOnly, Missing::fails);
    // What lies inside of another comes later, and of two at one place the writable one lies on top.
    std::ranges::sort(pieces_, [](const Piece& a, const Piece& b) {
      return std::pair(a.path, b.attributes) < std::pair(b.path, a.attributes);
    });
  }

  enum class Missing { is_fine, fails };
  void take(const std::string& path, std::uint64_t attributes, Missing missing) {
    if (error_ != 0) return;
    const FileDescriptor at = open_real_path(path.c_str());
    if (!at.is_open() && errno == ELOOP && missing == Missing::is_fine) return take_link(path);
    if (!at.is_open()) {
      if (missing == Missing::fails) fail_with_errno();
      return;
    }
    struct stat status{};
    ::fstat(at.get(), &status);
    Piece piece{.path = path, .attributes = attributes, .is_directory = S_ISDIR(status.st_mode)};
    piece.tree =
        FileDescriptor(::open_tree(at.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE));
    if (!piece.tree.is_open()) return fail_with_errno();
    error_ = set_attributes(piece.tree.get(), attributes, AT_RECURSIVE);
    pieces_.push_back(std::move(piece));
  }

  void take_link(const std::string& path) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size <= 0) return;
    pieces_.push_back({.path = path, .link_target = {target.data(), static_cast<std::size_t>(size)}});
  }

  // Over /proc, which is there on every system, and covered in this namespace only.
  void make_empty_root() {
    const std::string options = "mode=0755,size=" + std::to_string(plan_.temporary_bytes) + ",nr_inodes=262144";
    if (::mount("tmpfs", "/proc", "tmpfs", MS_NOSUID, options.c_str()) != 0) return fail_with_errno();
    root_ = FileDescriptor(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_.is_open() || ::fchdir(root_.get()) != 0) fail_with_errno();
  }

  // The directory of that path in the new root, made where it isn't there. Links are not followed: a project may hold
  // some.
  FileDescriptor make_directories(std::string_view path) {
    FileDescriptor at(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    while (at.is_open() && !path.empty()) {
      const std::size_t end = std::min(path.find('/'), path.size());
      const std::string name(path.substr(0, end));
      path.remove_prefix(std::min(end + 1, path.size()));
      if (name.empty()) continue;
      ::mkdirat(at.get(), name.c_str(), 0755);  // NOLINT(bugprone-unused-return-value): the next line tells
      at = FileDescriptor(::openat(at.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    return at;
  }

  // Many pieces in a row have the same parent, which nothing has covered meanwhile: they are sorted.
  int enter_parent(std::string_view path) {
    if (!parent_.is_open() || path != parent_path_) {
      parent_ = make_directories(path);
      parent_path_ = path;
    }
    return parent_.get();
  }

  void place(const Piece& piece) {
    if (error_ != 0) return;
    const std::size_t slash = piece.path.rfind('/');
    const std::string name = piece.path.substr(slash + 1);
    const int parent = enter_parent(std::string_view(piece.path).substr(0, slash));
    if (parent < 0) return fail_with_errno();
    if (!piece.link_target.empty()) {
      if (::symlinkat(piece.link_target.c_str(), parent, name.c_str()) != 0 && errno != EEXIST) fail_with_errno();
      return;
    }
    // Something of that kind may be there already, as a part of another piece; the last line tells.
    if (piece.is_directory) {
      ::mkdirat(parent, name.c_str(), 0755);
    } else {
      ::mknodat(parent, name.c_str(), S_IFREG | 0644, 0);
    }
    if (::move_mount(piece.tree.get(), "", parent, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) fail_with_errno();
  }

  void fill_devices() {
    const FileDescriptor devices = make_directories("dev");
    const std::pair<const char*, const char*> kLinks[] = {{"/proc/self/fd", "fd"},
                                                          {"/proc/self/fd/0", "stdin"},
                                                          {"/proc/self/fd/1", "stdout"},
                                                          {"/proc/self/fd/2", "stderr"},
                                                          {"pts/ptmx", "ptmx"}};
    for (const auto& [target, name] : kLinks) {
      if (::symlinkat(target, devices.get(), name) != 0) return fail_with_errno();
    }
    // Without it there are no pseudo terminals, which only few tests want.
    const FileDescriptor terminals = make_directories("dev/pts");
    ::mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620");
    const FileDescriptor run = make_directories("run");
  }

  // They stay writable when the root is sealed, because they are mounts of their own.
  void fill_private_directories() {
    for (const char* path : kPrivateDirectories) {
      make_directories(path);
      if (::chmod(path + 1, 01777) != 0) return fail_with_errno();
      Piece piece{.path = path};
      piece.tree = FileDescriptor(::open_tree(AT_FDCWD, path + 1, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
      if (!piece.tree.is_open()) return fail_with_errno();
      error_ = set_attributes(piece.tree.get(), kWritable, 0);
      place(piece);
    }
  }

  // Read-only: root without any capability may still write to /proc/sys.
  void mount_process_list() {
    if (!plan_.mechanisms.has(Mechanism::pid_namespace)) return;
    make_directories("proc");
    if (::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr) != 0) fail_with_errno();
  }

  void seal() {
    error_ = set_attributes(root_.get(), kReadOnly, 0);
    if (error_ != 0) return;
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail_with_errno();
    if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) fail_with_errno();
  }

  const SandboxPlan& plan_;
  std::vector<Piece> pieces_;
  FileDescriptor root_;
  FileDescriptor parent_;  // the directory of the piece that was placed last
  std::string parent_path_;
  int error_ = 0;
};

}  // namespace

StepResult enter_private_root(const SandboxPlan& plan) {
  return PrivateRoot(plan).enter();
}

}  // namespace codehelper
