#include "helper_program.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

// The build names the file.
asm(".section .rodata.codehelper_helper,\"a\",@progbits\n"
    ".balign 16\n"
    ".hidden codehelper_helper_begin\n"
    ".global codehelper_helper_begin\n"
    "codehelper_helper_begin:\n"
    ".incbin \"" CODEHELPER_HELPER_FILE
    "\"\n"
    ".hidden codehelper_helper_end\n"
    ".global codehelper_helper_end\n"
    "codehelper_helper_end:\n"
    ".previous\n");

extern "C" const char codehelper_helper_begin[];
extern "C" const char codehelper_helper_end[];

namespace codehelper {

namespace {

// Newer kernels want to be told that a file is to be executed; older ones don't know the flag.
int make_anonymous_file() {
  constexpr const char* kName = "codehelper";
  constexpr unsigned kExecutable = 0x10;  // MFD_EXEC, since Linux 6.3
  const int file = ::memfd_create(kName, MFD_CLOEXEC | kExecutable);
  return file < 0 && errno == EINVAL ? ::memfd_create(kName, MFD_CLOEXEC) : file;
}

bool write_program(int file) {
  const char* next = codehelper_helper_begin;
  while (next != codehelper_helper_end) {
    const ssize_t written = ::write(file, next, static_cast<std::size_t>(codehelper_helper_end - next));
    if (written <= 0) return false;
    next += written;
  }
  return true;
}

}  // namespace

int open_helper_program() {
  constexpr int kOutOfTheWay = 16;  // of the descriptors that a started program gets
  const int made = make_anonymous_file();
  if (made < 0) return -1;
  const int file = ::fcntl(made, F_DUPFD_CLOEXEC, kOutOfTheWay);
  ::close(made);
  if (file < 0 || write_program(file)) return file;
  ::close(file);
  return -1;
}

}  // namespace codehelper
