// What changes in a project is seen by the next question.
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <set>

#include "codehelper/base/text.hpp"
#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

void run_git(const fs::path& repository, const std::string& arguments) {
  const std::string command = "git -C '" + repository.string() +
                              "' -c user.name=t -c user.email=t@t -c init.defaultBranch=main " + arguments +
                              " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("git " + arguments);
}

void write_file(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A server over an index in the embedded store that is ready, of the sample repository under git.
struct FreshFixture {
  FreshFixture()
      : repo(write_sample_repository(folder)), variables{{"CODEHELPER_DATA_DIR", (folder.path() / "data").string()}} {
    run_git(repo, "init -q");
    run_git(repo, "add parser.py server.py test_parser.py README.md");
    run_git(repo, "commit -qm first");
    server.emplace(std::vector<std::string>{"serve-api", "--port", "0"}, variables);
    api.emplace(server->wait_for_url());
    REQUIRE(api->post("/project", {{"project_path", repo.string()}}).status == 200);
    wait_until_ready();
  }

  std::string status() { return std::string(api->get("/project").json().at("index_status").as_string()); }
  void wait_until_ready() {
    wait_until("the index is ready", std::chrono::seconds(60), [&] { return status() == "ready"; });
  }

  ApiAnswer search(const std::string& word) {
    ApiAnswer answer = api->post("/search", {{"query", word}, {"limit", 20}});
    REQUIRE(answer.status == 200);
    return answer;
  }

  /// The files where the word is found; each hit's text is checked against its file, and nothing is missing.
  std::set<std::string> ask(const std::string& word) {
    const ApiAnswer answer = search(word);
    CHECK(answer.json().at("index").at("changed_files") == 0);
    std::set<std::string> paths;
    for (const json::value& hit : answer.json().at("hits").as_array()) {
      const std::string path(hit.at("path").as_string());
      const std::string text = read_file(repo / path);
      const auto first = static_cast<int>(hit.at("start_line").as_int64());
      const auto last = static_cast<int>(hit.at("end_line").as_int64());
      CHECK(select_lines(text, first, last) == std::string_view(hit.at("text").as_string()));
      if (select_lines(text, first, last).contains(word)) paths.insert(path);  // not what is only alike
    }
    return paths;
  }

  std::uint64_t refreshes() {
    const std::string text = api->get("/metrics").text;
    const std::string name = "codehelper_index_refreshes_total{outcome=\"succeeded\"} ";
    const auto at = text.find(name);
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
  }

  TemporaryDirectory folder;
  fs::path repo;
  Variables variables;
  std::optional<CodehelperProcess> server;
  std::optional<ApiClient> api;
};

using Paths = std::set<std::string>;

}  // namespace

TEST_CASE_METHOD(FreshFixture,
                 "fresh: an edit, a new file, a renamed one and a deleted one are seen by the next question") {
  REQUIRE(ask("zebra_crossing") == Paths{});

  write_file(repo / "server.py", "\n\n\n" + read_file(repo / "server.py") + "\n\ndef zebra_crossing():\n    pass\n");
  CHECK(ask("zebra_crossing") == Paths{"server.py"});
  write_file(repo / "new/deep/folder/striped.py", "def zebra_crossing_again():\n    pass\n");
  CHECK(ask("zebra_crossing") == Paths{"server.py", "new/deep/folder/striped.py"});
  write_file(repo / "new/deep/folder/striped.py", "def horse():\n    pass\n");
  CHECK(ask("zebra_crossing") == Paths{"server.py"});
  fs::rename(repo / "new", repo / "old");
  CHECK(ask("horse") == Paths{"old/deep/folder/striped.py"});
  fs::remove(repo / "server.py");
  CHECK(ask("zebra_crossing") == Paths{});
  fs::remove_all(repo / "old");
  CHECK(ask("horse") == Paths{});
  CHECK(status() == "ready");
}

TEST_CASE_METHOD(FreshFixture, "fresh: a switch of branches and what .gitignore says are seen by the next question") {
  run_git(repo, "checkout -qb other");
  write_file(repo / "branch.py", "def only_on_the_other_branch():\n    pass\n");
  write_file(repo / "parser.py", "def parse_trailers(text):\n    return text\n");
  run_git(repo, "add branch.py parser.py");
  run_git(repo, "commit -qm other");
  REQUIRE(ask("only_on_the_other_branch") == Paths{"branch.py"});

  run_git(repo, "checkout -q main");
  CHECK(ask("only_on_the_other_branch").contains("branch.py") == false);
  CHECK(ask("parse_headers").contains("parser.py"));
  run_git(repo, "checkout -q other");
  CHECK(ask("only_on_the_other_branch").contains("branch.py"));

  write_file(repo / "notes/walrus.txt", "a walrus\n");
  CHECK(ask("walrus") == Paths{"notes/walrus.txt"});
  write_file(repo / ".gitignore", "notes/\n");
  CHECK(ask("walrus") == Paths{});
  run_git(repo, "add -f notes/walrus.txt");
  CHECK(ask("walrus") == Paths{"notes/walrus.txt"});
}

TEST_CASE_METHOD(FreshFixture,
                 "fresh: what changed is indexed without a question, and nothing is done while nothing changes") {
  wait_until("the tree is watched", std::chrono::seconds(30), [&] {
    const json::object index = api->get("/project").json().at("index").as_object();
    return index.contains("changed_files") && index.at("changed_files") == 0;
  });
  const std::uint64_t before = refreshes();

  write_file(repo / "later.py", "def platypus():\n    pass\n");
  wait_until("the change is indexed", std::chrono::seconds(30), [&] { return refreshes() > before; });

  const std::uint64_t after = refreshes();
  CHECK(ask("platypus") == Paths{"later.py"});
  for (int i = 0; i < 5; ++i) ask("platypus");
  CHECK(refreshes() <= after + 1);  // the file was too new to be believed the first time
  CHECK(api->get("/project").json().at("index").at("files") == 5);
}

TEST_CASE_METHOD(FreshFixture, "fresh: a posted job ends what is being indexed by itself, and counts as the job") {
  for (int i = 0; i < 5; ++i) {
    write_file(repo / ("n" + std::to_string(i) + ".py"), "def name_" + std::to_string(i) + "():\n    pass\n");
    const ApiAnswer posted = api->post("/project", {{"project_path", repo.string()}, {"reindex", true}});
    CHECK(posted.status == 200);
    wait_until_ready();
  }

  CHECK(ask("name_4").contains("n4.py"));
}

TEST_CASE_METHOD(FreshFixture, "fresh: a server that is killed while it indexes what changed leaves the index ready") {
  for (int i = 0; i < 400; ++i) {
    write_file(repo / ("n" + std::to_string(i) + ".py"), "def name_" + std::to_string(i) + "():\n    pass\n");
  }
  api->get("/project");
  server->signal(SIGKILL);
  server->wait();
  server.emplace(std::vector<std::string>{"serve-api", "--port", "0"}, variables);
  api.emplace(server->wait_for_url());

  CHECK(status() == "ready");
  wait_until("all is indexed", std::chrono::seconds(60), [&] {
    const json::object index = search("name_399").json().at("index").as_object();
    return index.at("files") == 404 && index.at("changed_files") == 0;
  });
  CHECK(ask("name_399").contains("n399.py"));
}

TEST_CASE_METHOD(FreshFixture, "fresh: an index of another embedder is not replaced by itself") {
  server->signal(SIGTERM);
  CHECK(server->wait() == 0);
  Variables other = variables;
  other["EMBED_URL"] = "http://127.0.0.1:1";
  server.emplace(std::vector<std::string>{"serve-api", "--port", "0"}, other);
  api.emplace(server->wait_for_url());
  write_file(repo / "later.py", "def platypus():\n    pass\n");

  const ApiAnswer refused = api->post("/search", {{"query", "platypus"}});

  CHECK(refused.status == 409);
  CHECK(refused.json().at("error") == "other_embedder");
  CHECK(status() == "ready");
  const ApiAnswer readiness = api->get("/readyz");
  CHECK(readiness.json().at("embedder") == "connection_error");
}
