// What a process tree takes at this moment, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace codehelper {

struct TreeUsage {
  std::uint64_t memory_bytes = 0;   // anonymous and shared memory; pages that several processes share count once
  std::uint64_t largest_bytes = 0;  // resident, of one process
  std::uint32_t tasks = 0;          // processes and threads
};

/// Of all descendants of this process. Pages that several processes share are told apart only where the plain sum is
/// above `precise_from_bytes`, because that is slow. Processes that come and go meanwhile may be missed.
TreeUsage measure_descendants(std::uint64_t precise_from_bytes);

/// Processor time of all descendants of this process that live, to the kernel's tick.
std::uint64_t measure_cpu_microseconds();

}  // namespace codehelper
