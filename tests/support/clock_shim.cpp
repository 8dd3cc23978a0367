// Preloaded into a program, it moves the program's wall clock by the seconds that the file CLOCK_FILE holds, read anew
// at each look. Clocks that measure time (CLOCK_MONOTONIC and the like) stay as they are.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace {

time_t read_offset() {
  const char* file = std::getenv("CLOCK_FILE");
  if (file == nullptr) return 0;
  std::array<char, 32> text{};
  const auto descriptor = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC));
  ::syscall(SYS_read, descriptor, text.data(), text.size() - 1);
  ::syscall(SYS_close, descriptor);
  return std::atol(text.data());
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += read_offset();
  return result;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* place) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (place != nullptr) *place = now.tv_sec;
  return now.tv_sec;
}
}
