#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "codehelper/execute/child_process.hpp"
#include "codehelper/execute/sandbox.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == codehelper::kSupervisorMode) return codehelper::run_supervisor(argc, argv);
  if (argc > 1 && argv[1] == codehelper::kConfinementProbeMode) return codehelper::run_confinement_probe(argc, argv);
  return Catch::Session().run(argc, argv);
}
