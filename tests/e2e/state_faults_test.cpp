// Every file operation on what a server keeps besides indexes, the current project and the conversations, made to fail
// once while a question is answered. What was kept before is there after the next start; what could not be kept is
// said. FAULT_STRIDE as in fault_injection_test.cpp.
#include <catch2/catch.hpp>

#include <csignal>
#include <iostream>

#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/stride.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDefaultStride = 41;

class StateTrial {
 public:
  StateTrial() {
    for (const char* name : {"one", "two"}) folder_.write(std::string(name) + "/a.py", "def parse():\n    return 1\n");
    CodehelperProcess server(kArguments, variables("", 0));
    ApiClient api(server.wait_for_url());
    REQUIRE(post_project(api, "one"));
    REQUIRE(ask(api, "first").status == 200);
    server.signal(SIGTERM);
    REQUIRE(server.wait() == 0);
    fs::copy(data(), base(), fs::copy_options::recursive);
  }

  std::vector<std::string> points(const std::string& kind) {
    fs::remove(log());
    run(kind, 0);
    std::vector<std::string> points;
    std::ifstream lines(log());
    for (std::string line; std::getline(lines, line);) points.push_back(line);
    return points;
  }

  void run(const std::string& kind, std::size_t at) {
    fs::remove_all(data());
    fs::copy(base(), data(), fs::copy_options::recursive);
    const auto [is_posted, is_kept] = use(kind, at);
    CodehelperProcess server(kArguments, variables("", 0));
    ApiClient api(server.wait_for_url());
    const std::string project(api.get("/project").json().at("project_path").as_string());
    const std::string questions = questions_of(api);
    CHECK((project == path("two") || (!is_posted && project == path("one"))));
    CHECK((questions == "first second " || (!is_kept && questions == "first ")));
    CHECK(was_kept(ask(api, "third")));
    CHECK(questions_of(api) == questions + "third ");
  }

 private:
  inline static const std::vector<std::string> kArguments{"serve-api", "--port", "0"};

  fs::path data() const { return folder_.path() / "data"; }
  fs::path base() const { return folder_.path() / "base"; }
  fs::path log() const { return folder_.path() / "points"; }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  Variables variables(const std::string& kind, std::size_t at) const {
    Variables variables{{"CODEHELPER_DATA_DIR", data().string()}};
    if (kind.empty()) return variables;
    variables["LD_PRELOAD"] = CODEHELPER_FAULT_SHIM;
    variables["FAULT_FOLDERS"] = (data() / "c").string();  // "conversations.db…", "current_project.json…"
    variables["FAULT_KIND"] = kind;
    variables["FAULT_AT"] = std::to_string(at);
    variables["FAULT_LOG"] = log().string();
    return variables;
  }

  bool post_project(ApiClient& api, const std::string& name) {
    if (api.post("/project", {{"project_path", path(name)}}).status != 200) return false;
    wait_until("the index is ready", std::chrono::seconds(60), [&] {
      const ApiAnswer answer = api.get("/project?project_path=" + path(name));
      return answer.status == 200 && answer.json().at("index_status") != "indexing";
    });
    return true;
  }
  ApiAnswer ask(ApiClient& api, const std::string& question) {
    return api.post("/chat", {{"message", question}, {"conversation_id", "c-1"}, {"project_path", path("one")}});
  }
  static bool was_kept(const ApiAnswer& answer) {
    return answer.status == 200 && !answer.text.contains("This answer could not be kept");
  }
  /// Each with a blank behind.
  static std::string questions_of(ApiClient& api) {
    const ApiAnswer answer = api.get("/conversations/c-1");
    if (answer.status != 200) return answer.text;
    std::string questions;
    for (const auto& turn : answer.json().at("turns").as_array()) {
      questions.append(turn.at("question").as_string()).append(" ");
    }
    return questions;
  }

  struct Outcome {
    bool is_posted = false;
    bool is_kept = false;
  };
  /// What the server said that it has done. It may be killed meanwhile.
  Outcome use(const std::string& kind, std::size_t at) {
    CodehelperProcess server(kArguments, variables(kind, at));
    Outcome outcome;
    try {
      ApiClient api(server.wait_for_url());
      outcome.is_posted = post_project(api, "two");
      const ApiAnswer answer = ask(api, "second");
      CHECK(answer.status == 200);
      outcome.is_kept = was_kept(answer);
    } catch (const std::exception& error) {
      INFO(error.what() << server.errors());
      CHECK((kind == "kill" || kind == "torn"));
    }
    server.signal(SIGKILL);
    server.wait();
    return outcome;
  }

  TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("faults of a server's state: what was kept stays, and what could not be kept is said") {
  const std::string kind = GENERATE("enospc", "eio", "half", "kill", "torn");
  StateTrial trial;

  const std::vector<std::string> points = trial.points(kind);
  REQUIRE_FALSE(points.empty());
  std::size_t faults = 0;
  for (std::size_t at = 1; at <= points.size(); at += find_stride("FAULT_STRIDE", kDefaultStride)) {
    INFO(kind << " at point " << at << ": " << points[at - 1]);
    trial.run(kind, at);
    ++faults;
  }
  std::cout << "a server's state, " << kind << ": " << points.size() << " points, " << faults << " faults" << std::endl;
}
