#include "codehelper/execute/command_policy.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace codehelper;
using codehelper::test::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

// root/project/sub, root/projectile, outside/secret; links inside the project that lead out; a bin directory.
struct Fixture {
  Fixture() {
    directory.write("root/project/sub/file.txt", "x");
    directory.write("root/projectile/file.txt", "x");
    directory.write("outside/secret/file.txt", "x");
    fs::create_directory_symlink(directory.path() / "outside", directory.path() / "root/project/way_out");
    fs::create_directory_symlink(directory.path() / "root/project/sub", directory.path() / "root/project/way_in");
    fs::create_directory_symlink(directory.path() / "root", directory.path() / "root_link");
    install("bin/tool");
    install("root/project/tool");
    rules.allowed_root = directory.path() / "root";
    rules.executables = {"tool", "absent", "folder"};
    fs::create_directories(directory.path() / "bin/folder");
    rules.search_path = ":.:root/project::" + (directory.path() / "bin").string();
    rules.base_env = {{"PATH", "/usr/bin"}, {"LANG", "C.UTF-8"}};
    request.project_path = (directory.path() / "root/project").string();
    request.command = {"tool", "a", "b c"};
  }

  void install(std::string_view relative) const {
    fs::permissions(directory.write(relative, "#!/bin/sh\n"), fs::perms::owner_all);
  }

  Error refusal() const {
    const auto plan = plan_command(rules, request);
    return plan ? Error{ErrorCode::internal, "it was allowed"} : plan.error();
  }

  TemporaryDirectory directory;
  PolicyRules rules;
  ExecuteRequest request;
};

}  // namespace

TEST_CASE("command policy: plans an allowed command with real paths") {
  Fixture fixture;
  fixture.request.project_path = (fixture.directory.path() / "root_link/projectile/../project/").string();
  fixture.request.cwd = "way_in";
  fixture.request.env = {{"LANG", "de_DE.UTF-8"}, {"MY_VALUE", "1"}};

  const auto plan = plan_command(fixture.rules, fixture.request);

  REQUIRE(plan.has_value());
  CHECK(plan->executable == fixture.directory.path() / "bin/tool");
  CHECK(plan->arguments == std::vector<std::string>{"tool", "a", "b c"});
  CHECK(plan->project == fixture.directory.path() / "root/project");
  CHECK(plan->cwd == fixture.directory.path() / "root/project/sub");
  CHECK(plan->env ==
        std::map<std::string, std::string>{{"PATH", "/usr/bin"}, {"LANG", "de_DE.UTF-8"}, {"MY_VALUE", "1"}});
}

TEST_CASE("command policy: refuses project paths that are not inside the allowed root") {
  Fixture fixture;
  const std::string base = fixture.directory.path().string();
  const std::vector<std::string> paths = {"",
                                          "project",
                                          "../project",
                                          base,
                                          base + "/outside/secret",
                                          base + "/root/../outside",
                                          base + "/root/project/way_out",
                                          base + "/root/project/way_out/secret",
                                          base + "/root/missing",
                                          base + "/root/project/sub/file.txt",
                                          "/",
                                          base + "/root/project" + std::string(1, '\0') + "/sub"};

  for (const std::string& path : paths) {
    fixture.request.project_path = path;
    const Error error = fixture.refusal();

    CAPTURE(path);
    CHECK(error.code == ErrorCode::invalid_input);
    CHECK(error.message.starts_with("project_path:"));
  }
}

TEST_CASE("command policy: compares paths by component, not by prefix") {
  Fixture fixture;
  fixture.rules.allowed_root = fixture.directory.path() / "root/project";
  fixture.request.project_path = (fixture.directory.path() / "root/projectile").string();

  CHECK(fixture.refusal().code == ErrorCode::invalid_input);

  fixture.request.project_path = (fixture.directory.path() / "root/project").string();
  CHECK(plan_command(fixture.rules, fixture.request).has_value());
}

TEST_CASE("command policy: an allowed root that is a link, or the whole system, works") {
  Fixture fixture;
  fixture.rules.allowed_root = fixture.directory.path() / "root_link";
  CHECK(plan_command(fixture.rules, fixture.request).has_value());

  fixture.rules.allowed_root = "/";
  CHECK(plan_command(fixture.rules, fixture.request).has_value());
}

TEST_CASE("command policy: refuses a cwd that is not a directory inside the project") {
  Fixture fixture;
  const std::string base = fixture.directory.path().string();
  const std::vector<std::string> paths = {
      "..", "../projectile",         base + "/root/projectile", "way_out/secret", "missing", "sub/file.txt",
      "/",  std::string("sub\0x", 5)};

  for (const std::string& path : paths) {
    fixture.request.cwd = path;
    const Error error = fixture.refusal();

    CAPTURE(path);
    CHECK(error.code == ErrorCode::invalid_input);
    CHECK(error.message.starts_with("cwd:"));
  }
}

TEST_CASE("command policy: accepts a cwd inside the project, relative or absolute") {
  Fixture fixture;
  const fs::path project = fixture.directory.path() / "root/project";
  for (const std::string& path : std::vector<std::string>{"", ".", "sub", "sub/..", project / "sub", "way_in"}) {
    fixture.request.cwd = path;

    CAPTURE(path);
    CHECK(plan_command(fixture.rules, fixture.request).has_value());
  }
}

TEST_CASE("command policy: allows exact executable names only") {
  Fixture fixture;
  const std::string bin = (fixture.directory.path() / "bin/tool").string();
  for (const std::string& name : std::vector<std::string>{"", "tool2", "too", "TOOL", "tool ", "./tool", "../bin/tool",
                                                          bin, "bash", std::string("tool\0", 5)}) {
    fixture.request.command = {name, "x"};
    const Error error = fixture.refusal();

    CAPTURE(name);
    CHECK(error.code == ErrorCode::invalid_input);
    CHECK(error.message.starts_with("command:"));
  }
  fixture.request.command = {};
  CHECK(fixture.refusal().message == "command: must not be empty");
}

TEST_CASE("command policy: a name with a slash is refused even when it is listed") {
  Fixture fixture;
  fixture.rules.executables.push_back("bin/tool");
  fixture.request.command = {"bin/tool"};

  CHECK(fixture.refusal().code == ErrorCode::invalid_input);
}

TEST_CASE("command policy: an allowed executable that is not installed is no refusal") {
  Fixture fixture;
  for (const char* name : {"absent", "folder"}) {
    fixture.request.command = {name};

    const auto plan = plan_command(fixture.rules, fixture.request);

    REQUIRE(plan.has_value());
    CHECK(plan->executable.empty());
  }
}

TEST_CASE("command policy: looks executables up in the server's path, not in the request's or in relative entries") {
  Fixture fixture;
  fixture.request.env["PATH"] = (fixture.directory.path() / "root/project").string();

  const auto plan = plan_command(fixture.rules, fixture.request);

  REQUIRE(plan.has_value());
  CHECK(plan->executable == fixture.directory.path() / "bin/tool");
  CHECK(plan->env.at("PATH") == fixture.request.env["PATH"]);
}

TEST_CASE("command policy: refuses variables that change how programs are loaded, and our own") {
  Fixture fixture;
  for (const char* name :
       {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_", "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH", "MALLOC_CHECK_",
        "RES_OPTIONS", "HOSTALIASES", "BASH_ENV", "ENV", "IFS", "CODEHELPER_API_TOKEN", "CODEHELPER_X"}) {
    fixture.request.env = {{name, "x"}};
    const Error error = fixture.refusal();

    CAPTURE(name);
    CHECK(error.code == ErrorCode::invalid_input);
    CHECK(error.message == "env: the variable " + std::string(name) + " is not allowed");
  }
}

TEST_CASE("command policy: refuses what is no variable name, and NUL in values") {
  Fixture fixture;
  for (const std::string& name : std::vector<std::string>{"", "1A", "A-B", "A=B", "A B", "É", std::string("A\0", 2)}) {
    fixture.request.env = {{name, "x"}};

    CAPTURE(name);
    CHECK(fixture.refusal().message.starts_with("env:"));
  }
  fixture.request.env = {{"A", std::string("x\0y", 3)}};
  CHECK(fixture.refusal().message.starts_with("env:"));

  fixture.request.env = {{"_a1", ""}, {"LDX", "1"}, {"ENVIRONMENT", "1"}, {"PYTHONPATH", "src"}};
  CHECK(plan_command(fixture.rules, fixture.request).has_value());
}

TEST_CASE("command policy: limits the size of arguments and environment") {
  Fixture fixture;
  const std::string longest(128 * 1024 - 1, 'x');

  fixture.request.command = {"tool", longest};
  CHECK(plan_command(fixture.rules, fixture.request).has_value());
  fixture.request.command = {"tool", longest + "x"};
  CHECK(fixture.refusal().message.starts_with("command:"));
  fixture.request.command = {"tool", std::string("a\0b", 3)};
  CHECK(fixture.refusal().message.starts_with("command:"));
  fixture.request.command = std::vector<std::string>(9, longest);
  fixture.request.command[0] = "tool";
  CHECK(fixture.refusal().message.contains("1 MiB"));
  fixture.request.command = {"tool"};
  fixture.request.env = {{"A", longest}};
  CHECK(fixture.refusal().message.starts_with("env:"));
}

TEST_CASE("command policy: limits the time") {
  Fixture fixture;
  for (const auto timeout : {-1ms, 0ms, 999ms, 3'600'001ms}) {
    fixture.request.timeout = timeout;

    CHECK(fixture.refusal().message.starts_with("timeout_seconds:"));
  }
  fixture.request.timeout = 1500ms;
  CHECK(plan_command(fixture.rules, fixture.request)->timeout == 1500ms);
}

TEST_CASE("base environment: passes tools' homes and nothing that is secret") {
  const auto environment = make_base_environment({{"PATH", "/opt/bin"},
                                                  {"CARGO_HOME", "/c"},
                                                  {"HOME", "/home/me"},
                                                  {"TZ", ""},
                                                  {"TERM", "xterm"},
                                                  {"OPENAI_API_KEY", "secret"},
                                                  {"CODEHELPER_API_TOKEN", "secret"},
                                                  {"AWS_SECRET_ACCESS_KEY", "secret"},
                                                  {"LD_PRELOAD", "/x.so"}},
                                                 {});

  CHECK(environment == std::map<std::string, std::string>{{"PATH", "/opt/bin"},
                                                          {"CARGO_HOME", "/c"},
                                                          {"HOME", "/home/me"},
                                                          {"LANG", "C.UTF-8"},
                                                          {"PYTHONUNBUFFERED", "1"},
                                                          {"TERM", "dumb"}});
}

TEST_CASE("base environment: passes what the setting names, but no setting of ours") {
  const auto environment = make_base_environment(
      {{"MY_ONE", "1"}, {"MY_TWO", "2"}, {"MYSELF", "3"}, {"CI", "true"}, {"CODEHELPER_RUNNER_TOKEN", "secret"}},
      {"CI", "MY_*", "CODEHELPER_*"});

  CHECK(environment.at("MY_ONE") == "1");
  CHECK(environment.at("MY_TWO") == "2");
  CHECK(environment.at("CI") == "true");
  CHECK_FALSE(environment.contains("MYSELF"));
  CHECK_FALSE(environment.contains("CODEHELPER_RUNNER_TOKEN"));
}
