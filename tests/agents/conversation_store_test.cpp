#include "codehelper/agents/conversation_store.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>

#include "codehelper/index/sqlite.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::TemporaryDirectory;
namespace json = boost::json;

namespace {

struct StoreFixture {
  Result<void> append(const std::string& id, const std::string& question, json::object answer = {{"response", "yes"}},
                      const std::string& project = "/repo") {
    ConversationTurn turn{question, std::move(answer), "2026-11-27T10:00:00.000Z"};
    return run_until_done(loop, store->append({}, id, project, std::move(turn)));
  }
  Result<Conversation> load(const std::string& id) { return run_until_done(loop, store->load({}, id)); }
  std::vector<std::string> ids(ConversationQuery query = {}) {
    std::vector<std::string> found;
    const auto list = run_until_done(loop, store->list({}, std::move(query)));
    if (!list) throw std::runtime_error(list.error().message);
    for (const ConversationSummary& summary : *list) found.push_back(summary.id);
    return found;
  }
  std::string all_bytes() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      std::ifstream stream(entry.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(stream), {});
    }
    return bytes;
  }
  void reopen() { store = open_conversation_store(loop, folder.path()); }

  TemporaryDirectory folder;
  std::filesystem::path file = folder.path() / "conversations.db";
  EventLoop loop{2};
  std::unique_ptr<ConversationStore> store = open_conversation_store(loop, folder.path());
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(StoreFixture, "conversations: turns come back in order after a restart, with their answers whole") {
  const json::object answer{{"response", "see `a.py:1`"}, {"sources", {{{"path", "a.py"}, {"score", 0.5}}}}};
  REQUIRE(append("c-1", "  where is it?\nreally", answer));
  REQUIRE(append("c-1", "and then?", {{"response", "no"}}, "/other"));

  reopen();
  const auto loaded = load("c-1");

  REQUIRE(loaded);
  CHECK(loaded->summary.title == "where is it?");
  CHECK(loaded->summary.project_path == "/other");
  CHECK(loaded->summary.turns == 2);
  CHECK(loaded->summary.updated_at == "2026-11-27T10:00:00.000Z");
  REQUIRE(loaded->turns.size() == 2);
  CHECK(loaded->turns[0].question == "  where is it?\nreally");
  CHECK(loaded->turns[0].answer == answer);
  CHECK(loaded->turns[1].question == "and then?");
}

TEST_CASE_METHOD(StoreFixture, "conversations: the last used comes first; by project, by text, in pages") {
  REQUIRE(append("a", "Parse HEADERS", {{"response", "x"}}, "/one"));
  REQUIRE(append("b", "100% of it", {{"response", "x"}}, "/two"));
  REQUIRE(append("c", "something", {{"response", "x"}}, "/one"));
  REQUIRE(append("a", "again", {{"response", "x"}}, "/one"));

  CHECK(ids() == Ids{"a", "c", "b"});
  CHECK(ids({.project_path = "/one"}) == Ids{"a", "c"});
  CHECK(ids({.text = "headers"}) == Ids{"a"});
  CHECK(ids({.text = "0% o"}) == Ids{"b"});
  CHECK(ids({.text = "1_0"}).empty());
  CHECK(ids({.limit = 1, .offset = 1}) == Ids{"c"});
}

TEST_CASE_METHOD(StoreFixture, "conversations: nothing is made before the first turn, and the file is its owner's") {
  CHECK(ids().empty());
  CHECK(load("a").error().code == ErrorCode::not_found);
  CHECK_FALSE(std::filesystem::exists(file));

  REQUIRE(append("a", "q"));

  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  ::chmod(file.c_str(), 0644);
  reopen();
  REQUIRE(load("a"));
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(StoreFixture, "conversations: secrets are masked before they are written") {
  const std::string secret = std::string("gh") + "p_" + "q7Zk2mXvB9tLwR4yHsN8cJdF3gPaUe6K1oTi";

  REQUIRE(append("a", "is " + secret + " good?", {{"response", "x"}, {"steps", {{{"outcome", "saw " + secret}}}}}));
  REQUIRE(run_until_done(loop, store->rename({}, "a", "about " + secret)));

  CHECK_FALSE(all_bytes().contains(secret));
  CHECK(load("a")->summary.title == "about [masked: GitHub token]");
}

TEST_CASE_METHOD(StoreFixture, "conversations: what is removed is gone from the files") {
  const std::string marked(20'000, 'Q');
  REQUIRE(append("a", "keep this"));
  REQUIRE(append("b", "drop " + marked, {{"response", marked}}));
  REQUIRE(all_bytes().contains("QQQQQQQQ"));

  REQUIRE(run_until_done(loop, store->remove({}, "b")));

  CHECK_FALSE(all_bytes().contains("QQQQQQQQ"));
  CHECK(load("b").error().code == ErrorCode::not_found);
  CHECK(run_until_done(loop, store->remove({}, "b")).error().code == ErrorCode::not_found);
  CHECK(run_until_done(loop, store->rename({}, "b", "t")).error().code == ErrorCode::not_found);
  CHECK(ids() == Ids{"a"});
}

TEST_CASE_METHOD(StoreFixture, "conversations: of an answer that is too large the response is kept") {
  const std::string large(3 * 1024 * 1024, 'x');

  REQUIRE(append("a", "q", {{"response", large}, {"steps", {large}}}));

  const auto loaded = load("a");
  REQUIRE(loaded);
  CHECK(loaded->turns[0].answer.at("response").as_string().size() == 1024 * 1024);
  CHECK_FALSE(loaded->turns[0].answer.contains("steps"));
}

TEST_CASE_METHOD(StoreFixture, "conversations: a damaged, foreign or newer file is a clear error, and is left alone") {
  REQUIRE(append("a", "q"));
  store.reset();
  const auto check_refused = [&](const std::string& detail) {
    reopen();
    const auto refused = append("a", "q2");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK_THAT(refused.error().message,
               Catch::Contains(file.string()) && Catch::Contains(detail) && Catch::Contains("move it away"));
    CHECK_FALSE(load("a"));
    store.reset();
  };
  {
    auto database = SqliteDatabase::open(file, SqliteDatabase::Access::create);
    REQUIRE(database);
    REQUIRE(database->execute("PRAGMA user_version = 9"));
  }
  check_refused("its format is version 9");
  {
    auto database = SqliteDatabase::open(file, SqliteDatabase::Access::create);
    REQUIRE(database);
    REQUIRE(database->execute("PRAGMA application_id = 1"));
  }
  check_refused("it holds something else");

  for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + ending);
  const std::string garbage(8192, 'g');
  folder.write("conversations.db", garbage);
  check_refused("can't be used");
  CHECK(std::filesystem::file_size(file) == garbage.size());

  // Moved away, all begins anew.
  std::filesystem::rename(file, folder.path() / "old");
  reopen();
  CHECK(append("a", "q"));
}

TEST_CASE_METHOD(StoreFixture, "conversations: ids that could be paths or are too long are refused") {
  for (const std::string& id : {std::string(), std::string("a/b"), std::string("a b"), std::string(129, 'a')}) {
    CHECK(append(id, "q").error().code == ErrorCode::invalid_input);
  }
  CHECK(append(std::string(128, 'a'), "q"));
  CHECK(append("A.b_c-9", "q"));
}

TEST_CASE_METHOD(StoreFixture, "conversations: a writer killed at any moment leaves whole turns only") {
  REQUIRE(append("a", "0"));
  store.reset();

  const pid_t child = ::fork();
  if (child == 0) {
    EventLoop own{1};
    auto writer = open_conversation_store(own, folder.path());
    for (int i = 1;; ++i) {
      ConversationTurn turn{std::to_string(i), {{"response", std::string(5000, 'r')}}, "t"};
      static_cast<void>(run_until_done(own, writer->append({}, "a", "", std::move(turn))));
    }
  }
  std::uint64_t seen = 0;
  reopen();
  while (seen < 5) seen = load("a").value().summary.turns;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  reopen();
  const auto loaded = load("a");

  REQUIRE(loaded);
  CHECK(loaded->turns.size() >= seen);
  for (std::size_t i = 0; i < loaded->turns.size(); ++i) CHECK(loaded->turns[i].question == std::to_string(i));
  CHECK(append("a", "more"));
}
