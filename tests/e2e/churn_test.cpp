// A project that changes while it is indexed, in every way that a file can; and many who read while others write.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "codehelper/index/index_check.hpp"
#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/index_content.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace fs = std::filesystem;

namespace {

constexpr int kFiles = 60;

std::string source_of(int version, int lines) {
  std::string text;
  for (int line = 0; line < lines; ++line)
    text += "def f" + std::to_string(line) + "():\n    return " + std::to_string(version) + "\n\n";
  return text;
}

/// How many versions of source_of() a text holds lines of.
std::size_t count_versions(const std::string& text) {
  std::set<std::string> versions;
  for (std::size_t at = text.find("return "); at != std::string::npos; at = text.find("return ", at + 1)) {
    versions.insert(text.substr(at, text.find('\n', at) - at));
  }
  return versions.size();
}

/// Files, each of which becomes something else again and again until the object is gone.
class Churn {
 public:
  explicit Churn(const TemporaryDirectory& folder) : folder_(folder) {
    for (int i = 0; i < kFiles; ++i) restore(i);
    thread_ = std::jthread([this](const std::stop_token& stop) { change(stop); });
  }

  fs::path project() const { return folder_.path() / "project"; }
  long changes() const { return changes_; }
  /// Ends the changes and leaves plain files.
  void settle() {
    thread_ = {};
    for (int i = 0; i < kFiles; ++i) restore(i);
  }

 private:
  fs::path package(int i) const { return project() / ("package_" + std::to_string(i % 6)); }
  fs::path file(int i) const { return package(i) / ("module_" + std::to_string(i) + ".py"); }

  void restore(int i) {
    if (fs::is_symlink(package(i)) || !fs::is_directory(package(i))) remove(package(i));
    fs::create_directories(package(i));
    fs::permissions(package(i), fs::perms::owner_all);
    remove(file(i));
    std::ofstream(file(i)) << source_of(i, 40);
  }

  static void remove(const fs::path& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  static void make_socket(const fs::path& path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(name.sun_path, sizeof name.sun_path - 1);
    ::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    ::close(socket);
  }

  void change(const std::stop_token& stop) {
    std::mt19937 random(7);
    while (!stop.stop_requested()) {
      change_one(static_cast<int>(random() % kFiles), static_cast<int>(random() % 10));
      ++changes_;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // so that the ingest gets its share of the machine
    }
  }

  void change_one(int i, int how) {
    std::error_code ignored;
    if (how < 7 && how > 2) remove(file(i));
    switch (how) {
      case 0:
        fs::resize_file(file(i), 5, ignored);
        break;
      case 1:
        // Who opens a pipe waits for its reader.
        if (fs::is_regular_file(fs::symlink_status(file(i), ignored))) {
          std::ofstream(file(i), std::ios::app) << source_of(i, 40);
        }
        break;
      case 2:
        fs::rename(file(i), file((i + 6) % kFiles), ignored);
        break;
      case 3:
        ::mkfifo(file(i).c_str(), 0600);
        break;
      case 4:
        make_socket(file(i));
        break;
      case 5:
        fs::create_symlink("/dev/zero", file(i), ignored);
        break;
      case 6:
        fs::create_directory(file(i), ignored);
        break;
      case 7:
        fs::permissions(file(i), fs::perms::none, ignored);
        break;
      case 8:
        fs::rename(package(i), project() / "moved", ignored);
        fs::create_directory_symlink("/etc", package(i), ignored);
        fs::remove(package(i), ignored);
        fs::rename(project() / "moved", package(i), ignored);
        break;
      default:
        restore(i);
    }
  }

  const TemporaryDirectory& folder_;
  std::atomic<long> changes_ = 0;
  std::jthread thread_;
};

RunOutcome ingest(const fs::path& project, const fs::path& data) {
  return run_codehelper({"ingest", project.string()}, {{"CODEHELPER_DATA_DIR", data.string()}});
}

fs::path index_of(const fs::path& project, const fs::path& data) {
  return embedded_index_path(data, {project.string(), project});
}

}  // namespace

TEST_CASE("churn: files that become anything while they are indexed do no harm, and calm brings a clean index") {
  TemporaryDirectory folder;
  Churn churn(folder);
  const fs::path data = folder.path() / "data";

  for (int pass = 0; pass < 4; ++pass) {
    const RunOutcome outcome = ingest(churn.project(), data);
    INFO(outcome.errors);
    CHECK(outcome.exit_code == 0);
    for (const CheckResult& result : check_index_file(index_of(churn.project(), data))) CHECK(result.fix == "");
  }
  CHECK(churn.changes() > 100);
  churn.settle();
  REQUIRE(ingest(churn.project(), data).exit_code == 0);
  REQUIRE(ingest(churn.project(), folder.path() / "clean").exit_code == 0);

  const IndexContent content = load_index_content(index_of(churn.project(), data));
  CHECK(describe_difference(content, load_index_content(index_of(churn.project(), folder.path() / "clean"))) == "");
}

TEST_CASE(
    "churn: a project that is deleted while it is indexed is a failure that says so, or an index of what was read") {
  TemporaryDirectory folder;
  const fs::path data = folder.path() / "data";
  for (int delay_ms : {20, 80, 160, 320}) {
    Churn churn(folder);
    churn.settle();
    std::jthread remover([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
      fs::remove_all(churn.project());
    });
    const RunOutcome outcome = ingest(churn.project(), data);
    INFO(outcome.exit_code << ": " << outcome.errors);
    CHECK((outcome.exit_code == 0 || outcome.exit_code == 1));
    CHECK_THAT(outcome.errors, Catch::Contains("indexed ") || Catch::Contains("no such directory") ||
                                   Catch::Contains("no file can be indexed") || Catch::Contains("can't be opened") ||
                                   Catch::Contains("no directory"));
  }
}

TEST_CASE("churn: of two ingests at once one works, the other says who does") {
  TemporaryDirectory folder;
  Churn churn(folder);
  churn.settle();
  const fs::path data = folder.path() / "data";
  const Variables variables{{"CODEHELPER_DATA_DIR", data.string()}};

  for (int round = 0; round < 4; ++round) {
    CodehelperProcess one({"ingest", churn.project().string(), "--from-scratch"}, variables);
    CodehelperProcess other({"ingest", churn.project().string(), "--from-scratch"}, variables);
    const std::pair codes(one.wait(), other.wait());
    INFO(one.errors() << other.errors());
    CHECK((codes.first == 0 || codes.second == 0));
    CHECK((codes.first == 0 || codes.first == 75));
    CHECK((codes.second == 0 || codes.second == 75));
  }
  for (const CheckResult& result : check_index_file(index_of(churn.project(), data))) CHECK(result.fix == "");
}

TEST_CASE("churn: eight who search while every file changes and is indexed twenty times see whole versions only") {
  TemporaryDirectory folder;
  const auto write_version = [&](int version) {
    for (int i = 0; i < 12; ++i) folder.write("project/m" + std::to_string(i) + ".py", source_of(version, 20));
  };
  write_version(0);
  const fs::path project = folder.path() / "project";
  const fs::path data = folder.path() / "data";
  REQUIRE(ingest(project, data).exit_code == 0);
  CodehelperProcess server({"serve-api", "--port", "0"}, {{"CODEHELPER_DATA_DIR", data.string()}});
  const std::string url = server.wait_for_url();

  std::atomic<int> mixed = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> searchers;
    for (int i = 0; i < 8; ++i) {
      searchers.emplace_back([&](const std::stop_token& stop) {
        ApiClient api(url);
        while (!stop.stop_requested()) {
          const ApiAnswer answer =
              api.post("/search", {{"query", "f1 return"}, {"project_path", project.string()}, {"limit", 20}});
          ++answers;
          if (answer.status != 200) {
            ++failed;
            continue;
          }
          // It may be empty: what is not in its file any more is left out.
          for (const auto& hit : answer.json().at("hits").as_array()) {
            if (count_versions(std::string(hit.at("text").as_string())) > 1) ++mixed;
          }
        }
      });
    }
    for (int version = 1; version <= 20; ++version) {
      write_version(version);
      const int code = ingest(project, data).exit_code;
      CHECK((code == 0 || code == 75));  // the server follows the changes too
    }
  }

  ApiClient api(url);
  ApiAnswer last;
  wait_until("all is indexed", std::chrono::seconds(60), [&] {  // a question waits for some seconds only
    last = api.post("/search", {{"query", "f1 return"}, {"project_path", project.string()}});
    return last.status == 200 && last.json().at("index").at("changed_files") == 0;
  });

  CHECK(answers > 20);
  REQUIRE_FALSE(last.json().at("hits").as_array().empty());
  CHECK(std::string(last.json().at("hits").at(0).at("text").as_string()).contains("return 20\n"));
  CHECK(failed == 0);
  CHECK(mixed == 0);
}
