#include <catch2/catch.hpp>

#include "support/codehelper_process.hpp"

using namespace codehelper::test;

TEST_CASE("command line: every mode has --help with its settings, and --version") {
  const std::string mode = GENERATE("serve-api", "serve-runner", "ingest", "index", "dev", "chat", "run-tests",
                                    "search", "project", "doctor");

  const RunOutcome help = run_codehelper({mode, "--help"});
  const RunOutcome version = run_codehelper({mode, "--version"});

  INFO(mode);
  CHECK(help.exit_code == 0);
  CHECK_THAT(help.output, Catch::Contains("CODEHELPER_LOG_LEVEL"));
  CHECK(version.exit_code == 0);
  CHECK_THAT(version.output, Catch::StartsWith("codehelper 0."));
}

TEST_CASE("command line: what is unknown is refused with the nearest name and status 2") {
  const RunOutcome flag = run_codehelper({"serve-api", "--prot", "1"});
  const RunOutcome mode = run_codehelper({"serve-apy"});
  const RunOutcome variable = run_codehelper({"search", "x"}, {{"CODEHELPER_API_TOKN", "t"}});
  const RunOutcome nothing = run_codehelper({});

  CHECK(flag.exit_code == 2);
  CHECK_THAT(flag.errors, Catch::Contains("unknown flag --prot; did you mean --port?"));
  CHECK(mode.exit_code == 2);
  CHECK_THAT(mode.errors, Catch::Contains("did you mean serve-api?"));
  CHECK(variable.exit_code == 2);
  CHECK_THAT(variable.errors, Catch::Contains("did you mean CODEHELPER_API_TOKEN?"));
  CHECK(nothing.exit_code == 2);
}

TEST_CASE("command line: all faults of the settings are told at once") {
  const RunOutcome outcome = run_codehelper({"serve-api", "--prot", "1", "--port", "x", "--drain-seconds", "0"});

  CHECK(outcome.exit_code == 2);
  CHECK_THAT(outcome.errors, Catch::Contains("--port: \"x\" must be a port"));
  CHECK_THAT(outcome.errors, Catch::Contains("unknown flag --prot"));
  CHECK_THAT(outcome.errors, Catch::Contains("--drain-seconds: \"0\" must be a whole number"));
}

TEST_CASE("command line: a limit that is none is refused with the flag, the value and what is allowed") {
  for (const char* given : {"abc", "0", "201", "5x", "1.5", "-3", "99999999999999999999", "0x10", " 5", ""}) {
    const RunOutcome outcome = run_codehelper({"search", "--limit", given, "query"});

    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.errors,
               Catch::Contains("--limit: \"" + std::string(given) + "\" must be a whole number from 1 to 200"));
  }
}

TEST_CASE("command line: flags before the mode and a second mode are refused") {
  const RunOutcome early = run_codehelper({"--bogus", "search", "x"});
  const RunOutcome second = run_codehelper({"search", "x", "ingest", "/tmp"});
  const RunOutcome url = run_codehelper({"serve-api"}, {{"RUNNER_URL", "someone:s3cret@host"}});

  CHECK(early.exit_code == 2);
  CHECK_THAT(early.errors, Catch::Contains("--bogus"));
  CHECK(second.exit_code == 2);
  CHECK_THAT(second.errors, Catch::Contains("unexpected argument \"ingest\""));
  CHECK(url.exit_code != 0);
  CHECK_THAT(url.errors, Catch::Contains("RUNNER_URL") && !Catch::Contains("s3cret"));
}

TEST_CASE("command line: clients say what to do when no server is there, with status 1") {
  const RunOutcome outcome = run_codehelper({"search", "x"}, {{"CODE_HELPER_API_URL", "http://127.0.0.1:9"}});

  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.empty());
  CHECK_THAT(outcome.errors, Catch::Contains("127.0.0.1:9"));
  CHECK_THAT(outcome.errors, Catch::Contains("codehelper dev"));
}

TEST_CASE("command line: a port in use is named, with status 1") {
  CodehelperProcess first({"serve-runner", "--port", "0"}, {});
  const std::string url = first.wait_for_url();
  const std::string port = url.substr(url.rfind(':') + 1);

  const RunOutcome second = run_codehelper({"serve-runner", "--port", port});

  CHECK(second.exit_code == 1);
  CHECK_THAT(second.errors, Catch::Contains(port));
}
