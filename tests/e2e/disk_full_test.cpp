#include <catch2/catch.hpp>

#include <cstdio>

#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper::test;

namespace {

std::string run_disk_full(const Variables& variables) {
  std::string command = "env";
  for (const auto& [name, value] : variables) command += " " + name + "='" + value + "'";
  command += " unshare --map-root-user --mount " CODEHELPER_TEST_FOLDER "/disk_full.sh 2>&1";
  FILE* stream = ::popen(command.c_str(), "r");
  std::string output;
  for (int c = std::fgetc(stream); c != EOF; c = std::fgetc(stream)) output += static_cast<char>(c);
  ::pclose(stream);
  return output;
}

std::string line_that_begins(const std::string& output, const std::string& begin) {
  const std::size_t at = output.find("\n" + begin);
  return at == std::string::npos ? "" : output.substr(at + 1, output.find('\n', at + 1) - at - 1);
}

}  // namespace

TEST_CASE("disk full: the ingest says so, the earlier index answers, and with room the next one ends ready") {
  TemporaryDirectory folder;
  const auto project = folder.path() / "project";
  std::filesystem::create_directory(project);
  std::ofstream(project / "needle.py") << "def needle():\n    return 1\n";

  const std::string output = run_disk_full({{"BINARY", CODEHELPER_BINARY},
                                            {"DATA", (folder.path() / "data").string()},
                                            {"PROJECT", project.string()},
                                            {"LARGE", CODEHELPER_TEST_CORPUS}});

  INFO(output);
  CHECK_THAT(output, Catch::StartsWith("small=0\n"));
  CHECK_THAT(output, Catch::Contains("codehelper ingest: the disk is full while writing"));
  CHECK_THAT(line_that_begins(output, "while full: "), Catch::Contains(R"("cause":"the disk is full while writing)"));
  CHECK_THAT(line_that_begins(output, "found: "), Catch::Contains(R"("path":"needle.py")"));
  CHECK_THAT(line_that_begins(output, "afterwards: "), Catch::Contains(R"("index_status":"ready")"));
  CHECK_THAT(line_that_begins(output, "server="), Catch::Equals("server=0"));
}
