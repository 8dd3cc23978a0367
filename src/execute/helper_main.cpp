// The helper program: the hidden modes of codehelper, and nothing else (helper_program.hpp).
#include <cstdio>
#include <string_view>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/sandbox.hpp"

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == codehelper::kSupervisorMode) return codehelper::run_supervisor(argc, argv);
  if (mode == codehelper::kConfinementProbeMode) return codehelper::run_confinement_probe(argc, argv);
  std::fputs("codehelper: this program is started by codehelper itself\n", stderr);
  return 2;
}
