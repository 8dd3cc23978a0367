// POST /run with a patch, on real small projects: the patch is tried in a copy, and the project stays as it is.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "codehelper/net/sse.hpp"
#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

// All that may not change, with inodes and times.
std::string describe_tree(const fs::path& root) {
  std::map<std::string, std::string> entries;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status{};
    ::lstat(entry.path().c_str(), &status);
    std::ostringstream text;
    text << status.st_mode << ' ' << status.st_ino << ' ' << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec
         << ' ' << status.st_ctim.tv_sec << '.' << status.st_ctim.tv_nsec << ' ';
    if (entry.is_regular_file()) text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    entries[entry.path().string()] = text.str();
  }
  std::string whole;
  for (const auto& [path, text] : entries) whole += path + ": " + text + "\n";
  return whole;
}

std::ptrdiff_t copies_in(const fs::path& directory) {
  if (!fs::exists(directory)) return 0;
  return std::distance(fs::directory_iterator(directory), {});
}

const std::string kFix =
    "--- a/shop/price.py\n+++ b/shop/price.py\n@@ -1,2 +1,2 @@\n def total(prices):\n-    return max(prices)\n"
    "+    return sum(prices)\n";
const std::string kAddTest =
    "diff --git a/tests/test_more.py b/tests/test_more.py\nnew file mode 100644\n--- /dev/null\n"
    "+++ b/tests/test_more.py\n@@ -0,0 +1,4 @@\n+from shop.price import total\n+\n+def test_none():\n"
    "+    assert total([0]) == 0\n";

struct VerifyFixture {
  VerifyFixture() : VerifyFixture(Variables()) {}
  explicit VerifyFixture(Variables variables)
      : variables_(std::move(variables)),
        process({"dev", "--port", "0", "--copy-dir", (folder.path() / "copies").string(), make_python_project()},
                variables_),
        url(process.wait_for_url()),
        before(describe_tree(repo)) {}

  std::string make_python_project() {
    folder.write("shop/pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['.']\n");
    folder.write("shop/shop/__init__.py", "");
    folder.write("shop/shop/price.py", "def total(prices):\n    return max(prices)\n");
    folder.write("shop/tests/test_price.py",
                 "from shop.price import total\n\ndef test_total():\n    assert total([1, 2]) == 3\n");
    repo = (folder.path() / "shop").string();
    return repo;
  }

  ApiAnswer verify(const std::string& patch, json::object more = {}) {
    more["project_path"] = repo;
    more["action"] = "verify";
    more["patch"] = patch;
    return ApiClient(url).post("/run", more);
  }
  void check_untouched() {
    CHECK(describe_tree(repo) == before);
    wait_until("no copy is left", std::chrono::seconds(5), [&] { return copies_in(folder.path() / "copies") == 0; });
  }

  TemporaryDirectory folder;
  std::string repo;
  Variables variables_;
  CodehelperProcess process;
  std::string url;
  std::string before;
};

}  // namespace

TEST_CASE_METHOD(VerifyFixture, "verify: a patch that makes the tests pass is told with a receipt") {
  const ApiAnswer answer = verify(kFix + kAddTest);

  INFO(answer.text);
  REQUIRE(answer.status == 200);
  const json::object run = answer.json();
  CHECK(run.at("success") == true);
  CHECK(run.at("tests_outcome") == "passed");
  const json::object& receipt = run.at("receipt").as_object();
  CHECK(receipt.at("argv") == json::array{"pytest"});
  CHECK(receipt.at("exit_code") == 0);
  CHECK(receipt.at("tests") == json::object{{"run", 2}, {"failed", 0}, {"skipped", 0}, {"unit", "tests"}});
  CHECK(receipt.at("stdout_sha256").as_string().size() == 64);
  CHECK_FALSE(receipt.at("run_id").as_string().empty());
  CHECK(run.at("patched_files") == json::array{"shop/price.py", "tests/test_more.py"});
  CHECK_THAT(std::string(run.at("patch").as_string()), Catch::Contains("+    return sum(prices)"));
  REQUIRE(run.at("attempts").as_array().size() == 1);
  CHECK(run.at("attempts").at(0).at("receipt") == run.at("receipt"));
  check_untouched();
}

TEST_CASE_METHOD(VerifyFixture, "verify: tests that fail, no test at all and output without numbers are no success") {
  const json::object failing = verify(kAddTest).json();
  const json::object none = verify(kFix, {{"command", {"pytest", "-k", "nothing_of_that_name"}}}).json();
  const json::object silent = verify(kFix, {{"command", {"pytest", "-qqq", "--no-summary"}}}).json();
  const json::object other = verify(kFix, {{"command", {"python3", "-c", "import shop.price"}}}).json();

  CHECK(failing.at("success") == false);
  CHECK(failing.at("tests_outcome") == "failed");
  CHECK(failing.at("tests").at("failed") == 1);
  CHECK(none.at("success") == false);
  CHECK(none.at("tests").at("run") == 0);
  CHECK(silent.at("success").as_bool() == (silent.at("tests_outcome") == "passed"));
  CHECK(other.at("success") == true);
  CHECK(other.at("tests_outcome") == "unknown");
  check_untouched();
}

TEST_CASE_METHOD(VerifyFixture, "verify: a patch that doesn't apply is a 422 that names file, hunk and line") {
  const ApiAnswer answer = verify(
      "--- a/shop/price.py\n+++ b/shop/price.py\n@@ -1,2 +1,2 @@\n def total(prices):\n-    return min(prices)\n"
      "+    return sum(prices)\n");

  CHECK(answer.status == 422);
  CHECK(answer.json().at("error") == "patch_does_not_apply");
  CHECK(answer.json().at("message") ==
        "hunk 1 of shop/price.py: it expects `    return min(prices)` where line 2 of the file is `    return "
        "max(prices)`");
  check_untouched();
}

TEST_CASE_METHOD(VerifyFixture, "verify: with an event stream the output comes as it is written") {
  HttpCall call{"POST", "/run", {}, ""};
  call.headers.add("Accept", "text/event-stream");
  call.body = json::serialize(json::object{{"project_path", repo}, {"action", "verify"}, {"patch", kFix}});

  const ApiAnswer answer = ApiClient(url).call(std::move(call));

  SseParser parser;
  const auto events = parser.feed(answer.text).value();
  REQUIRE(events.size() >= 3);
  CHECK(events.front().event == "started");
  std::string output;
  for (const SseEvent& event : events) {
    if (event.event == "output") output += json::parse(event.data).at("text").as_string();
  }
  const json::object done = json::parse(events.back().data).as_object();
  CHECK(events.back().event == "done");
  CHECK(done.at("success") == true);
  CHECK(done.at("stdout").as_string() == output);
  check_untouched();
}

TEST_CASE_METHOD(VerifyFixture,
                 "verify: the copy is at the project's path where mount namespaces are, as build trees want") {
  const json::object run =
      verify(kFix, {{"command", {"python3", "-c", "import os, shop.price as p; print(os.getcwd(), p.__file__)"}}})
          .json();

  const std::string output(run.at("stdout").as_string());
  const bool is_in_place = run.at("ran_at_project_path").as_bool();
  const bool names_project = output == repo + " " + repo + "/shop/price.py\n";
  CHECK(names_project == is_in_place);
  CHECK(run.at("exit_code") == 0);
  check_untouched();
}

TEST_CASE("verify: without namespaces the copy has a path of its own, and the project is out of reach") {
  VerifyFixture fixture(
      Variables{{"RUNNER_SANDBOX_WITHOUT", "user_namespace,mount_namespace,pid_namespace,network_namespace"}});
  const std::string attack =
      "import os\nprint(os.getcwd())\nopen('" + fixture.repo + "/shop/price.py', 'a').write('x')";

  const json::object run = fixture.verify(kFix, {{"command", {"python3", "-c", attack}}}).json();
  const json::object tests = fixture.verify(kFix).json();

  CHECK(run.at("ran_at_project_path") == false);
  CHECK_THAT(std::string(run.at("stdout").as_string()), Catch::StartsWith((fixture.folder.path() / "copies").string()));
  CHECK(run.at("exit_code") != 0);
  CHECK(tests.at("success") == true);
  fixture.check_untouched();
}

TEST_CASE_METHOD(VerifyFixture, "verify: a Makefile's tests count when their output says how many ran") {
  folder.write("made/Makefile", "test:\n\t@python3 -m unittest -v\n");
  folder.write("made/value.py", "VALUE = 1\n");
  folder.write("made/test_value.py",
               "import unittest, value\nclass T(unittest.TestCase):\n    def test_value(self):\n"
               "        self.assertEqual(value.VALUE, 2)\n");
  repo = (folder.path() / "made").string();
  before = describe_tree(repo);

  const json::object run =
      verify("--- a/value.py\n+++ b/value.py\n@@ -1 +1 @@\n-VALUE = 1\n+VALUE = 2\n", {{"command", {"make", "test"}}})
          .json();

  INFO(run.at("stderr"));
  CHECK(run.at("success") == true);
  CHECK(run.at("tests").at("run") == 1);
  check_untouched();
}

TEST_CASE("verify: what a killed Runner has left is gone after the next start") {
  TemporaryDirectory folder;
  folder.write("root/project/file", "a\n");
  const std::string copies = (folder.path() / "copies").string();
  const std::vector<std::string> arguments{
      "serve-runner", "--port", "0", "--allowed-root", (folder.path() / "root").string(), "--copy-dir", copies};
  {
    CodehelperProcess first(arguments, {});
    const std::string url = first.wait_for_url();
    HttpCall call{"POST", "/execute", {}, ""};
    call.body = json::serialize(json::object{{"project_path", (folder.path() / "root/project").string()},
                                             {"command", {"python3", "-c", "import time; time.sleep(600)"}},
                                             {"patch", "--- a/file\n+++ b/file\n@@ -1 +1 @@\n-a\n+b\n"}});
    std::thread caller([&] { CHECK_THROWS(ApiClient(url).call(call)); });
    wait_until("a copy is there", std::chrono::seconds(10), [&] { return copies_in(copies) == 1; });
    first.signal(SIGKILL);
    first.wait();
    caller.join();
  }
  REQUIRE(copies_in(copies) == 1);

  CodehelperProcess second(arguments, {});
  second.wait_for_url();

  CHECK(copies_in(copies) == 0);
}

TEST_CASE_METHOD(VerifyFixture, "verify: run-tests --json keeps its fields and has the receipt too") {
  const RunOutcome run = run_codehelper({"run-tests", "--json"}, {{"CODE_HELPER_API_URL", url}});

  const json::object told = json::parse(run.output).as_object();
  for (const char* field : {"success", "exit_code", "summary", "stdout", "stderr", "duration_seconds", "timed_out",
                            "tests_outcome", "command", "tests", "receipt"}) {
    CAPTURE(field);
    CHECK(told.contains(field));
  }
  CHECK_FALSE(told.contains("patch"));
  CHECK(run.exit_code == 1);
  CHECK(told.at("success") == false);
}
