// The process's own figures for Prometheus, under the usual names: cpu, memory, descriptors, start time, build.
#pragma once

#include "codehelper/base/metrics.hpp"

namespace codehelper {

/// Reads /proc/self; what can't be read is left out.
void record_process_figures(Metrics& metrics);

}  // namespace codehelper
